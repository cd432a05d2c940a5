"""A document that is named as it lies in the repository, `docs/keys.md`, is a link on the site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

_NAMED = re.compile(r"(?<!`)`docs/(?P<page>[\w-]+\.md)`(?!`)")


def on_page_markdown(markdown: str, config: MkDocsConfig, **_: Any) -> str:
    """Links each to its page, by its title."""
    return _NAMED.sub(lambda found: _link(Path(config.docs_dir), found["page"]), markdown)


def _link(directory: Path, page: str) -> str:
    path = directory / page
    title = path.read_text().splitlines()[0].lstrip("# ") if path.exists() else page
    return f"[{title}]({page})"
