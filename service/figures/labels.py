"""What stands beside axes and lines: a variable by its symbol and in words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from solver.model.spec import Model, SymbolInfo

_NOTHING = SymbolInfo()
_TITLE_LENGTH = 100
_NAME_LENGTH = 24


def shortened(text: str, most: int = _TITLE_LENGTH) -> str:
    """``text`` on one line, without characters that cannot be seen, cut where it is long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def symbol_of(model: Model, name: str) -> str:
    """A variable as it is displayed."""
    return shortened(model.symbols.get(name, _NOTHING).symbol or name, _NAME_LENGTH) or name


def label_of(model: Model, name: str, width: int, lines: int = 2) -> str:
    """A variable's symbol and description, on at most so many lines of a width in characters."""
    words, symbol = model.symbols.get(name, _NOTHING).description, symbol_of(model, name)
    text = symbol if not words or words == symbol else f"{symbol}: {words}"
    wrapped = textwrap.wrap(shortened(text, width * lines), width, max_lines=lines, placeholder="…")
    return "\n".join(wrapped)


def values_of(model: Model, values: Mapping[str, float]) -> str:
    """States and their values, e.g. ``a = 0, k = 4.29``."""
    return ", ".join(f"{symbol_of(model, name)} = {short_number(value)}" for name, value in values.items())


def short_number(value: float) -> str:
    """A number as it is read in a legend."""
    return f"{value + 0.0:.4g}".replace("-", "−")
