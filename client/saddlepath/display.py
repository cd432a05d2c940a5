"""How results are shown: a small table of text, and the same for notebooks."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 100
MOST = 12


def number(value: float | None) -> str:
    """A number with four digits, for people; ``-`` where there is none."""
    return "-" if value is None else f"{value:.4g}"


def named(values: Mapping[str, float | None]) -> str:
    """Numbers with their names, on one line; of many, the first dozen."""
    text = "  ".join(f"{name} {number(value)}" for name, value in list(values.items())[:MOST])
    return text if len(values) <= MOST else f"{text}  … ({len(values)} in all)"


def error(log10: float | None) -> str:
    """An Euler error, e.g. ``10^-6.1``."""
    return "undefined" if log10 is None else f"10^{log10:.1f}"


def table_of(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Two columns below a title; what is long goes on below itself."""
    width = max((len(label) for label, _ in rows), default=0)
    lines = [title]
    for label, text in rows:
        first = f"  {label:{width}}  "
        lines += textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first)) or [
            first
        ]
    return "\n".join(lines)


class HtmlTable(ABC):
    """What is shown as a table in a notebook."""

    @abstractmethod
    def title(self) -> str:
        """The headline."""

    @abstractmethod
    def rows(self) -> list[tuple[str, str]]:
        """Label and text of each line."""

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(text)}</td></tr>'
            for label, text in self.rows()
        )
        return (
            f'<table><caption style="text-align:left"><b>{escape(self.title())}</b></caption>{cells}</table>'
        )
