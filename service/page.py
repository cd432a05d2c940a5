"""The page at ``/``: static files that are read once, and the headers under which a browser runs them.

A file is found by its name in a table and never by a path, so that a request can reach nothing else. Names do not change
with content, as there is no build step; a browser asks again each time and is answered 304 by the entity tag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

FOLDER = "/page/"
"""What comes before a file's name in a path."""
INDEX = "index.html"
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
#: Nothing from elsewhere, nothing inline, and no text that is read as markup.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class PageFile:
    """One static file."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Page:
    """The page's files by their names, which have slashes where they lie in folders."""

    files: Mapping[str, PageFile]

    @property
    def paths(self) -> frozenset[str]:
        """The paths at which they are served."""
        return frozenset({"/", *(FOLDER + name for name in self.files)})


def read_page() -> Page:
    """Reads the files that lie in ``service/web``; what a browser has no use for is left out."""
    return Page(dict(_read(files("service") / "web", "")))


def _read(folder: Traversable, prefix: str) -> Iterator[tuple[str, PageFile]]:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            yield from _read(entry, name + "/")
            continue
        media_type = _MEDIA_TYPES.get("." + entry.name.rpartition(".")[2])
        if media_type is not None:
            yield name, PageFile(entry.read_bytes(), media_type)
