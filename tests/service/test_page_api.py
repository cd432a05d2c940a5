"""The page's files: their headers and tags, that nothing else is served, and that nothing of them comes from elsewhere."""

import re
from importlib.resources import files

import pytest

from service.page import read_page

PAGE = read_page()
PATHS = sorted(PAGE.paths)
DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}


@pytest.mark.parametrize("path", PATHS)
def test_every_file_is_served_under_the_strict_policy(api, path):
    answer = api.get(path)
    assert answer.status_code == 200
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy == DIRECTIVES
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    media_types = {
        "js": "text/javascript",
        "css": "text/css",
        "svg": "image/svg+xml",
        "yaml": "application/yaml",
    }
    expected = media_types.get(path.rpartition(".")[2], "text/html")
    assert answer.headers["content-type"].split(";")[0] == expected


@pytest.mark.parametrize("path", ["/", "/page/page.js", "/page/vendor/uPlot/uPlot.esm.js"])
def test_a_file_is_asked_for_again_and_not_sent_again(api, path):
    answer = api.get(path)
    assert answer.headers["cache-control"] == "no-cache"
    again = api.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == answer.headers["content-security-policy"]
    assert api.get(path, headers={"If-None-Match": '"other"'}).content == answer.content
    head = api.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.content))


def test_a_query_as_sharers_add_one_changes_nothing(api):
    assert api.get("/?utm_source=letter&utm_source=again").content == api.get("/").content


@pytest.mark.parametrize(
    "path",
    [
        "/page",
        "/page/",
        "/page/nothing.js",
        "/page/vendor",
        "/page/vendor/README.md",
        "/page/vendor/uPlot/LICENSE",
        "/page//page.js",
        "/page/../page.py",
        "/page/..%2fpage.py",
        "/page/%2e%2e/page.py",
        "/page/%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/page/..%5cpage.py",
        "/page/%252e%252e/page.py",
        "/page/%2fetc%2fpasswd",
        "/page/page.js%00",
        "/page/page.js%00.css",
        "/page/PAGE.JS",
        "/page/page.js/",
        "/page/%ff",
        "/index.html",
        "/docs",
        "/redoc",
    ],
)
def test_nothing_else_is_served(api, path):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_file_can_only_be_read(api):
    for path in ("/", "/page/page.js"):
        answer = api.post(path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_the_page_asks_for_no_key_where_all_else_does(api, make_key):
    make_key()
    assert all(api.get(path).status_code == 200 for path in PATHS)
    assert api.get("/page/nothing.js").status_code == 401
    assert api.get("/v1/models").status_code == 401


def own_files():
    return {
        name: file.content.decode() for name, file in PAGE.files.items() if not name.startswith("vendor/")
    }


def test_nothing_is_inline_and_nothing_comes_from_elsewhere():
    html = PAGE.files["index.html"].content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
    assert re.findall(r"<script(?![^>]*\ssrc=)", html) == []
    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert addresses and all(address.startswith(("/page/", "#")) for address in addresses)
    for address in addresses:
        assert address.startswith("#") or address in PAGE.paths
    for name, text in own_files().items():
        assert not re.search(
            r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text.replace("http://www.w3.org/2000/svg", "")
        ), name


MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function"


def test_text_never_becomes_markup():
    for name, text in own_files().items():
        if name.endswith(".js"):
            assert re.findall(MARKUP, text) == [], name


def test_every_module_that_is_imported_is_there():
    for name, text in own_files().items():
        folder = name.rpartition("/")[0]
        for target in re.findall(r'^import .*?"(\.[^"]+)";', text, re.MULTILINE | re.DOTALL):
            parts = folder.split("/") if folder else []
            for part in target.split("/"):
                if part == "..":
                    parts.pop()
                elif part != ".":
                    parts.append(part)
            assert "/".join(parts) in PAGE.files, (name, target)


def test_what_is_vendored_has_its_licence_and_its_version():
    vendor = files("service") / "web" / "vendor"
    assert "The MIT License" in (vendor / "uPlot" / "LICENSE").read_text()
    version = re.search(r"\(v([\d.]+)\)", (vendor / "uPlot" / "uPlot.esm.js").read_text())[1]
    assert f"| uPlot | {version} |" in (vendor / "README.md").read_text()


def test_the_example_is_a_model_without_a_warning(api):
    answer = api.post(
        "/v1/models?validate_only=true",
        content=PAGE.files["example.yaml"].content,
        headers={"Content-Type": "application/yaml"},
    )
    assert answer.status_code == 200, answer.text
    assert {check["verdict"] for check in answer.json()["checks"]} == {"pass"}
