"""The site is whole: nothing of it comes from elsewhere, and every link, anchor, formula and operation is there."""

import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from urllib.parse import unquote, urlsplit

import pytest

from service.app import create_app
from service.settings import ServiceSettings

DOCS = Path(__file__).parents[2] / "docs"
FETCHED = {
    "script": "src",
    "img": "src",
    "source": "src",
    "iframe": "src",
    "link": "href",
    "use": "href",
    "image": "href",
}
"""Elements that a browser fetches for without being asked, and the attribute that says what."""


def text_of(site, page):
    return (site / page / "index.html").read_text()


def test_every_document_is_a_page(site):
    names = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    assert names <= {path.parent.name for path in site.rglob("index.html")}
    assert not (site / "site" / "mkdocs.yml").exists()


def test_nothing_is_fetched_from_elsewhere(site, pages):
    for path, elements in pages.items():
        for tag, attributes in elements.found:
            if tag in FETCHED and attributes.get("rel") != "canonical":
                told = attributes.get(FETCHED[tag]) or ""
                assert not re.match(r"(https?:)?//", told), f"{path}: <{tag}> asks for {told}"
    for style in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']+", style.read_text()), style


def test_every_link_and_anchor_leads_somewhere(site, pages):
    anchors = {path: set(elements.values("id")) for path, elements in pages.items()}
    checked = 0
    for path, elements in pages.items():
        for href in elements.values("href"):
            parts = urlsplit(href)
            if parts.scheme or parts.netloc:
                continue
            target = (
                (site / unquote(parts.path.lstrip("/")))
                if href.startswith("/")
                else path.parent / unquote(parts.path)
            )
            target = path if not parts.path else target
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), f"{path}: {href}"
            if parts.fragment and target in anchors and parts.fragment != "__search":
                assert unquote(parts.fragment) in anchors[target], f"{path}: {href}"
                checked += 1
    assert checked > 100


def test_every_formula_is_mathml(site, pages):
    assert not [path for path in pages if "arithmatex" in path.read_text()]
    (how_it_works,) = (elements for path, elements in pages.items() if path.parent.name == "method")
    tags = [tag for tag, _ in how_it_works.found]
    source = (DOCS / "method.md").read_text()
    blocks = re.findall(r"\$\$.*?\$\$", source, re.DOTALL)
    inline = re.findall(r"\$[^$]+\$", re.sub(r"\$\$.*?\$\$", "", source, flags=re.DOTALL))
    assert tags.count("math") == len(blocks) + len(inline) > 20
    assert "merror" not in tags


def test_lists_and_tables_are_not_left_as_text(site, pages):
    """Markdown here wants an empty line before a list; without one its marks would stand in a paragraph."""
    for path in pages:
        for paragraph in re.findall(r"<p>(.*?)</p>", path.read_text(), re.DOTALL):
            assert not re.search(r"^(- |[1-9]\. |\| )", paragraph, re.MULTILINE), f"{path}: {paragraph[:200]}"


def test_documents_named_in_documents_are_links(pages):
    for path in pages:
        assert not re.search(r"<code>docs/[\w-]+\.md</code>", path.read_text()), path


def test_the_reference_has_every_operation_object_and_problem(site):
    page = text_of(site, "reference")
    document = create_app().openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f'id="{operation["operationId"]}"' in page
            assert f"{method.upper()} {path}" in page
            for parameter in operation.get("parameters", []):
                assert f"<code>{parameter['name']}</code>" in page
    for name in document["components"]["schemas"]:
        assert f'id="object-{name.lower()}"' in page
    for code in ("invalid-model", "unsolved", "store-full", "data-too-new"):
        assert f"<code>{code}</code>" in page


def test_every_setting_of_the_api_is_told_by_a_page(site):
    told = "".join(path.read_text() for path in site.rglob("index.html"))
    for field in ServiceSettings.model_fields:
        assert f"SADDLEPATH_{field.upper()}" in told


@pytest.fixture(scope="module")
def address(site):
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(
    which("chromium") is None, reason="chromium is not installed, in which the site is looked at"
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_asks_nobody_else_and_finds_what_is_searched_for(address, scheme):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        for name in ("", "method/", "architecture/", "reference/", "figures/"):
            page.goto(address + name, wait_until="load")
            too_wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert too_wide <= 0, f"{name} is wider than a phone"
            unloaded = page.evaluate("[...document.images].filter(it => !it.naturalWidth).map(it => it.src)")
            assert unloaded == []
        page.goto(address, wait_until="networkidle")
        page.click("label[for=__search]")
        page.locator("input[name=query]").press_sequentially("Blanchard")
        page.wait_for_selector(".md-search-result__link", timeout=60_000)
        browser.close()
    own = (address, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert complaints == []
