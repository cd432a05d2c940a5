"""The documents, built as a site as `make docs` does."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Elements(HTMLParser):
    """The elements of a page.

    Attributes:
        found: (tag, attributes) of each, in order.
    """

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def values(self, name):
        """What an attribute is, wherever it is."""
        return [attributes[name] for _, attributes in self.found if attributes.get(name)]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The directory of the built site."""
    directory = tmp_path_factory.mktemp("docs") / "site"
    command = ["build", "--strict", "--config-file", "docs/site/mkdocs.yml", "--site-dir", str(directory)]
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


@pytest.fixture(scope="session")
def pages(site):
    """The elements of each page, by its place."""
    return {path: Elements(path.read_text()) for path in sorted(site.rglob("*.html"))}
