"""The page in a real Chromium on a real stack. Whatever a test does, it must not make the browser complain."""

import json
import shutil
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.integration.conftest import RunningStack, starting_stacks

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_MS = 120_000
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


class Server:
    """A running stack, asked beside the page."""

    def __init__(self, url, key=None):
        self.url = url
        self.headers = {"Content-Type": "application/json"}
        if key is not None:
            self.headers["Authorization"] = f"Bearer {key}"

    def ask(self, path, body=None, **headers):
        """The JSON that is answered."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers={**self.headers, **headers})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def solve(self, model, **request):
        """A solution that is over."""
        solution = self.ask("/v1/solutions", {"model": model, **request}, Prefer="wait=60")
        while solution["status"] in ("queued", "running"):
            solution = self.ask(f"/v1/solutions/{solution['id']}?wait=60")
        assert solution["status"] == "succeeded", solution
        return solution

    def fail(self, seed=0):
        """A solution that has failed: its steps are too large for any policy to be left."""
        training = {"algorithm": "adam", "steps": 500, "learning_rate": 10.0}
        method = {"policy": {"hidden": [16]}, "training": training}
        asked = self.ask("/v1/solutions", {"model": "neoclassical", "method": method, "seed": seed})
        failed = self.ask(f"/v1/solutions/{asked['id']}?wait=60")
        assert failed["status"] == "failed", failed
        return failed

    def policy(self, solution_id, states):
        """Controls and definitions at states, by columns."""
        answer = self.ask(f"/v1/solutions/{solution_id}/policy", {"states": states})
        return answer["controls"] | answer["definitions"]


@pytest.fixture(scope="module")
def browser():
    """A browser; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the PATH (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_stack(tmp_path_factory):
    """A stack that the tests of the page share."""
    running = RunningStack(tmp_path_factory.mktemp("page") / "data")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def empty_stack(tmp_path_factory):
    """Starts stacks on which nothing has been solved."""
    yield from starting_stacks(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def server(page_stack):
    return Server(page_stack.url)


@pytest.fixture
def open_page(browser, request):
    """Opens pages: ``open_page(url, colour_scheme=…, viewport=…, allowed=…)``.

    In the end nothing may have been complained of: no error of a script, no violation of the policy, no request to another
    origin; statuses of refusals only where they are ``allowed``.
    """
    opened = []

    def open_one(url, *, allowed=(), viewport=WIDE, **options):
        context = browser.new_context(viewport=viewport, **options)
        context.set_default_timeout(PATIENCE_MS)
        page, complaints = context.new_page(), []
        origin = "/".join(url.split("/")[:3])

        def note(message):
            refusal = message.text.startswith("Failed to load resource") and any(
                f"status of {status}" in message.text for status in allowed
            )
            if message.type in ("error", "warning") and not refusal:
                complaints.append(message.text)

        def note_request(asked):
            if not asked.url.startswith((origin + "/", "blob:", "data:")):
                complaints.append(f"asked for {asked.url}")

        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", note_request)
        opened.append((context, complaints))
        page.goto(url)
        return page

    expect.set_options(timeout=PATIENCE_MS)
    yield open_one
    complained = [complaint for _, complaints in opened for complaint in complaints]
    for context, _ in opened:
        context.close()
    assert complained == []


def number(text):
    """A number as the page shows it: with the minus of typography, and powers of ten as superscripts."""
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    text = text.strip().replace("\u2212", "-")
    if "10" in text and any(character in text for character in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"):
        mantissa, exponent = text.rsplit("10", 1)
        factor = mantissa.rstrip("·") or "1"
        return float("-1" if factor == "-" else factor) * 10.0 ** int(exponent.translate(digits))
    return float(text)
