"""Small multiples of variables over time, which simulations and impulse responses share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from service.figures.axes import grid
from service.figures.labels import label_of
from solver.model.spec import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
_ROW_IN, _REST_IN = 1.55, 1.0
_LABEL_WIDTH = 22


def height_of(count: int) -> float:
    """Of a figure of so many variables, in inches."""
    return _REST_IN + _ROW_IN * -(-count // _COLUMNS)


def panels(figure: Figure, model: Model, names: Sequence[str]) -> list[Axes]:
    """Axes for each variable, named; periods below the lowest of each column."""
    columns = min(_COLUMNS, len(names))
    axes = grid(figure, len(names), columns)
    for place, (one, name) in enumerate(zip(axes, names, strict=True)):
        one.set_ylabel(label_of(model, name, _LABEL_WIDTH, 3))
        if place + columns >= len(names):
            one.set_xlabel("period")
    return axes
