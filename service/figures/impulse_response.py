"""Impulse responses: the mean difference that a shock makes, with two standard errors around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.evaluation import Evaluator
from service.figures.axes import plain_range
from service.figures.labels import short_number, symbol_of, values_of
from service.figures.paths import height_of, panels
from service.figures.style import FAINT, INK, MAIN
from service.figures.variables import choose_variables, path_variables
from service.impulses import response_of
from service.schemas.figures import MAX_PATH_VARIABLES, ImpulseFigureQuery
from solver.model.spec import Model
from solver.model.state_space import REGIME

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FEW = 6
_MARKED = 60


@dataclass(frozen=True)
class ResponsePicture:
    """The responses of some variables.

    Attributes:
        model: whose variables they are.
        notes: which impulse, met where.
        response: by variable, (periods,) means of the differences; NaN where no path is left.
        error: by variable, (periods,) their standard errors; NaN of a single path.
        size: by variable, the largest that it is without the impulse.
    """

    model: Model
    notes: tuple[str, ...]
    response: Mapping[str, np.ndarray]
    error: Mapping[str, np.ndarray]
    size: Mapping[str, float]

    @property
    def title(self) -> str:
        """What is seen."""
        return f"{self.model.title}: impulse response"

    @property
    def height_in(self) -> float:
        """Of the figure."""
        return height_of(len(self.response))

    def draw(self, figure: Figure) -> None:
        """An axis for each variable, with a line where nothing changes."""
        axes = panels(figure, self.model, list(self.response))
        for one, (name, values) in zip(axes, self.response.items(), strict=True):
            periods, room = np.arange(len(values)), 2 * np.nan_to_num(self.error[name])
            one.fill_between(periods, values - room, values + room, color=FAINT, alpha=0.35, linewidth=0)
            mark = "o" if len(values) <= _MARKED else ""
            one.plot(periods, values, color=MAIN, marker=mark, markersize=1.8)
            one.axhline(0.0, color=INK, linewidth=0.6, linestyle=":")
            shown = np.concatenate([values - room, values + room, [0.0]])
            one.set_ylim(*plain_range(shown, 0.06, self.size[name]))
            one.set_xlim(0, max(len(values) - 1, 1))


def collect_response(
    evaluator: Evaluator, asked: ImpulseFigureQuery, given: Mapping[str, float]
) -> ResponsePicture:
    """The numbers of the figure.

    Raises:
        RequestError: an impulse that this model cannot have, variables that there are not, or too much to simulate.
        StateError: faults of the states of departure.
    """
    model = evaluator.policy.model
    known, preferred = path_variables(model, [name for name in evaluator.state_names if name != REGIME])
    names = choose_variables(asked.variables, known, preferred, MAX_PATH_VARIABLES, _FEW)
    found = response_of(evaluator, asked, given)
    if asked.shock == REGIME:
        impulse = f"a change to {REGIME} {asked.to}"
    else:
        size = f"{short_number(asked.size)} standard deviation{'' if asked.size in (1, -1) else 's'}"
        met = values_of(model, found["impulse"])
        impulse = f"an innovation of {symbol_of(model, asked.shock)} of {size} ({met})"
    where = (
        values_of(model, given)
        if given
        else (asked.departure or "ergodic").replace("ergodic", "the long run")
    )
    return ResponsePicture(
        model,
        (
            f"{impulse}, from {where.replace('_', ' ')}",
            f"means over {asked.paths - found['lost']} paths of the difference to no impulse; grey: two standard errors",
        ),
        {name: np.array(found["response"][name]) for name in names},
        {name: np.array(found["standard_error"][name]) for name in names},
        {name: float(np.nan_to_num(np.abs(found["baseline"][name])).max()) for name in names},
    )
