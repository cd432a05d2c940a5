"""Faults of a model file, each with its line and a caret under the column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

from saddlepath.errors import Fault


def with_carets(file: Path, faults: Sequence[Fault]) -> str:
    """Every fault as compilers tell it.

    Args:
        file: the model file.
        faults: as the service tells them.
    """
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    told = "\n".join(_one(str(file), lines, fault) for fault in faults)
    return f"{told}\n{len(faults)} {'fault' if len(faults) == 1 else 'faults'} in {file}"


def _one(name: str, lines: Sequence[str], fault: Fault) -> str:
    if fault.line is None or not 0 < fault.line <= len(lines):
        where = f" ({fault.pointer})" if fault.pointer else ""
        return f"{name}: {fault.message}{where}"
    column = f":{fault.column}" if fault.column is not None else ""
    margin = f"{fault.line:5} | "
    line = lines[fault.line - 1]
    told = [f"{name}:{fault.line}{column}: {fault.message}", f"{margin}{line}"]
    if fault.column is not None:
        told.append(f"{' ' * (len(margin) - 2)}| {_blank(line[: fault.column - 1])}^")
    return "\n".join(told)


def _blank(text: str) -> str:
    """As wide as ``text``, and with its tabs."""
    return "".join("\t" if character == "\t" else " " * cell_len(character) for character in text)
