"""What a benchmark reports: rows of a table, each a target with the figure measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured, with its unit.
        target: as a sentence, e.g. ``"≤ 0.10 s"``; empty for a figure without one.
        measured: the figure as it is shown.
        is_met: whether the target is met; None where there is none.
    """

    what: str
    target: str
    measured: str
    is_met: bool | None = None


def print_table(title: str, rows: list[Row]) -> None:
    """Print rows as a Markdown table."""
    print(f"\n### {title}\n")
    print("| what | target | measured | met |\n| --- | --- | --- | --- |")
    for row in rows:
        met = "" if row.is_met is None else "yes" if row.is_met else "**no**"
        print(f"| {row.what} | {row.target} | {row.measured} | {met} |")
