"""What is printed: tables for people, JSON for pipelines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from saddlepath.display import HtmlTable
from saddlepath.plain import plain

PIPE_WIDTH = 200
COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "failed": "red", "cancelled": "yellow"}


def console() -> Console:
    """Where answers go. A pipe has no width of its own: nothing is cut there."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def tell(text: str) -> None:
    """Says something that is no answer."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(text))


def print_json(value: Any) -> None:
    """Prints a value as JSON; what is not finite is null."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, allow_nan=False) + "\n")


def print_result(result: HtmlTable) -> None:
    """Prints a result as the table that it is."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    for label, text in result.rows():
        table.add_row(Text(label, style=COLOURS.get(label.split()[0], "bold")), Text(text))
    title, _, verdict = result.title().rpartition(": ")
    out = console()
    out.print(Text.assemble(f"{title}: ", (verdict, f"bold {COLOURS.get(verdict, '')}".strip())))
    out.print(table)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints rows; numbers are set to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    drawn = [[_cell(value) for value in row] for row in rows]
    for place, name in enumerate(columns):
        is_text = any(cell.justify is None for cell in (row[place] for row in drawn))
        table.add_column(name, justify="left" if is_text else "right", overflow="fold")
    for row in drawn:
        table.add_row(*row)
    console().print(table)


def print_columns(columns: Mapping[str, Any]) -> None:
    """Prints columns of equal length."""
    arrays = [np.atleast_1d(np.asarray(column)) for column in columns.values()]
    print_table(list(columns), zip(*(array.tolist() for array in arrays), strict=True))


def _cell(value: Any) -> Text:
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if value is None or value != value:
        return Text("-", justify="right")
    if isinstance(value, int | float):
        return Text(f"{value:.6g}", justify="right")
    return Text(str(value), style=COLOURS.get(str(value), ""))
