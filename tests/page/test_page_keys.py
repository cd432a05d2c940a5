"""A server that asks for a key: the page asks its reader, keeps it for the tab, and sends it in one header only."""

import http.client
import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def keyed(empty_stack):
    """A stack and a key of its own."""
    running = empty_stack()
    command = [
        sys.executable,
        "-m",
        "service.cli",
        "keys",
        "create",
        "--name",
        "reader",
        "--data",
        str(running.data),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ)
    assert done.returncode == 0, done.stderr
    key = re.search(r"sp_\S+", done.stdout)[0]
    return running.url, key


def test_a_key_is_asked_for_kept_in_the_tab_and_sent_in_a_header(open_page, keyed):
    url, key = keyed
    page = open_page(url + "/", allowed=(401,))
    sent = []
    page.on("request", lambda asked: sent.append(asked))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("no key was sent")
    field, asked_before = dialog.get_by_label("Key", exact=True), len(sent)
    field.fill("sp_schlüssel")  # no header can have it
    dialog.get_by_role("button", name="Use it").click()
    assert field.evaluate("(field) => field.validity.patternMismatch") and len(sent) == asked_before
    field.fill(" sp_wrong ")
    dialog.get_by_role("button", name="Use it").click()
    expect(dialog).to_contain_text("not known here")
    dialog.get_by_label("Key", exact=True).fill(key)
    dialog.get_by_role("button", name="Use it").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Solve", exact=True).click()
    page.get_by_role("tab", name="Policy").wait_for()
    page.get_by_role("tab", name="Training").click()
    with page.expect_download():
        page.get_by_role("button", name="NumPy (npz)").click()
    page.get_by_role("tab", name="Code").click()
    expect(page.get_by_label("curl code", exact=True)).to_contain_text("$SADDLEPATH_API_KEY")
    assert key not in page.content()
    paths = [urlsplit(asked.url).path for asked in sent]
    assert any(path.endswith("/events") for path in paths)
    assert all(key not in asked.url for asked in sent)
    last = [asked for asked in sent if urlsplit(asked.url).path.startswith("/v1/")][-1]
    assert last.headers["authorization"] == f"Bearer {key}"
    kept = page.evaluate(
        "() => [JSON.stringify(localStorage), document.cookie, location.href, Object.values(sessionStorage)]"
    )
    assert key not in "".join(kept[:3]) and key in kept[3]
    page.reload()
    expect(page.get_by_role("tab", name="Code")).to_be_visible()
    page.get_by_role("button", name="Key: set").click()
    dialog.get_by_role("button", name="Forget it").click()
    expect(dialog).to_contain_text("no key was sent")
    assert page.evaluate("() => Object.values(sessionStorage)") == []


@pytest.mark.parametrize(
    "target",
    ["/page/../page.py", "/page/..%2fpage.py", "/page/./page.js", "/page//etc/passwd", "/page/\\..\\page.py"],
)
def test_a_path_as_no_client_writes_it_leads_nowhere(page_stack, target):
    address = urlsplit(page_stack.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    connection.putrequest("GET", target, skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    connection.close()
