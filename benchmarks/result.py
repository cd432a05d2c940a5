"""What a benchmark leaves: lines of the table, and every figure behind them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        what: what was measured.
        target: what was asked for; empty for a figure that nothing was asked of.
        measured: the figure with its unit.
        is_met: whether the figure meets the target; None without a target.
    """

    what: str
    target: str
    measured: str
    is_met: bool | None


@dataclass(frozen=True)
class Result:
    """The outcome of one benchmark.

    Attributes:
        lines: its part of the table.
        figures: everything that was measured, as JSON values.
        notes: text to print below the table.
    """

    lines: tuple[Line, ...]
    figures: dict[str, Any]
    notes: tuple[str, ...] = field(default=())

    def write(self, name: str, machine: dict[str, Any]) -> None:
        """Keep the result of the benchmark ``name``, with the machine that it was measured on."""
        RESULTS.mkdir(exist_ok=True)
        content = {"benchmark": name, "machine": machine, **asdict(self)}
        (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1, default=_plain) + "\n")


def read_result(name: str) -> Result:
    """The result that was kept last."""
    content = json.loads((RESULTS / f"{name}.json").read_text())
    lines = tuple(Line(**line) for line in content["lines"])
    return Result(lines, content["figures"], tuple(content["notes"]))


def at_most(what: str, value: float, limit: float, unit: str = "") -> Line:
    """A line that is met by a figure up to ``limit``."""
    return Line(what, f"≤ {limit:g}{unit}", f"{value:.3g}{unit}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str = "") -> Line:
    """A line that is met by a figure from ``limit`` on."""
    return Line(what, f"≥ {limit:g}{unit}", f"{value:.3g}{unit}", value >= limit)


def told(what: str, measured: str) -> Line:
    """A line for information."""
    return Line(what, "", measured, None)


def _plain(value: Any) -> Any:
    """A NumPy number or truth value as JSON has them."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no figure")
