"""Euler errors over the domain: along one state, over two, and at states drawn from all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.errors import RequestError
from service.evaluation import Evaluator
from service.figures.axes import domain_axis, legend, map_axes, plain_range
from service.figures.effort import judged_states
from service.figures.plane import POINTS, Line, Plane, choose_plane
from service.figures.style import FAINT, MAIN, ramp
from service.schemas.figures import ErrorsFigureQuery
from solver.errors import Fault
from solver.numerics.sampling import uniform_box

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Of the states that are judged: those of the map and those that are drawn; the rest is along lines.
_OF_MAP, _OF_DRAWN = 0.45, 0.25
_LARGEST_SIDE, _MOST_DRAWN = 61, 2000
_FEWEST = 400
_STREAM = 6
#: What is smaller is rounding; an error is zero where a bound is met.
_SMALLEST = 1e-17
#: Orders of magnitude below the largest error that axes show.
_DECADES = 6
_HEIGHT_IN = 4.6


@dataclass(frozen=True)
class ErrorsPicture:
    """Logarithms (base 10) of the largest Euler error at some states; NaN where it is not defined.

    Attributes:
        plane: of the states along lines and over the map.
        units: what the errors are relative to.
        target: the largest error that was asked for.
        lines: of states.
        places: (n,) where on the horizontal axis the lines are looked at.
        along: (n_lines, n).
        map: (side, side); None where no second state is free.
        drawn: (n_drawn,) at states from the whole domain, ascending, those that are not defined left out.
        n_undefined: how many were left out.
    """

    plane: Plane
    units: str
    target: float
    lines: list[Line]
    places: np.ndarray
    along: np.ndarray
    map: np.ndarray | None
    drawn: np.ndarray
    n_undefined: int

    @property
    def title(self) -> str:
        """What is seen."""
        return f"{self.plane.model.title}: Euler errors"

    @property
    def notes(self) -> tuple[str, ...]:
        """How to read it."""
        measure = "in units of consumption" if self.units == "consumption" else "residuals as written"
        marks = f"largest error of all equations, {measure}; grey: beyond the domain; dotted: steady state"
        if not self.drawn.size:
            marks += "; nowhere defined"
        return (*filter(None, [self.plane.held()]), marks)

    @property
    def height_in(self) -> float:
        """Of the figure."""
        return _HEIGHT_IN

    def draw(self, figure: Figure) -> None:
        """Lines and the map above, how the errors are distributed below."""
        spaces = figure.add_gridspec(2, 2, height_ratios=(3, 2))
        upper = figure.add_subplot(spaces[0, 0] if self.map is not None else spaces[0, :])
        self._draw_lines(upper)
        if self.map is not None:
            axes = figure.add_subplot(spaces[0, 1])
            low, high = _shown(self.map)
            image = map_axes(axes, self.plane, np.maximum(self.map, low), (low, high))
            figure.colorbar(image, ax=axes, label="log₁₀ Euler error")
        self._draw_distribution(figure.add_subplot(spaces[1, :]))
        legend(figure, upper, 3)

    def _draw_lines(self, axes: Axes) -> None:
        domain_axis(axes, self.plane, self.plane.along)
        for line, values, colour in zip(self.lines, self.along, ramp(len(self.lines)), strict=True):
            axes.plot(self.places, values, color=colour, linewidth=1.0, label=line.label)
        level = np.log10(self.target)
        axes.axhline(level, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), label="target")
        axes.set_ylim(*_shown(self.along, level))
        axes.set_ylabel("log₁₀ Euler error")

    def _draw_distribution(self, axes: Axes) -> None:
        count = len(self.drawn)
        lost = f", {self.n_undefined} of them undefined" if self.n_undefined else ""
        label = f"log₁₀ Euler error at {count + self.n_undefined} states drawn from the domain{lost}"
        axes.set_ylabel("share of states\nbelow it")
        axes.set_ylim(0, 1.02)
        if count:
            axes.plot(self.drawn, (np.arange(count) + 1) / count, color=MAIN, drawstyle="steps-post")
            mean, largest = float(np.log10(np.mean(10.0**self.drawn))), float(self.drawn[-1])
            label += f"; dotted: mean {mean:.2f}, largest {largest:.2f}".replace("-", "−")
            for value in (mean, largest):
                axes.axvline(value, color=MAIN, linewidth=0.6, linestyle=":")
        level = np.log10(self.target)
        axes.axvline(level, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set_xlim(*_shown(self.drawn, level))
        axes.set_xlabel(label)


def _shown(values: np.ndarray, *levels: float) -> tuple[float, float]:
    """The ends of an axis of errors and levels: errors of zero, and of isolated states, would take most of it."""
    finite = values[np.isfinite(values)]
    if finite.size:
        finite = np.maximum(finite, finite.max() - _DECADES)
    return plain_range(np.append(finite, levels), 0.06)


def collect_errors(
    evaluator: Evaluator, asked: ErrorsFigureQuery, given: Mapping[str, float]
) -> ErrorsPicture:
    """The numbers of the figure, by the measure of the certificate; of costly expectations at fewer states.

    Raises:
        RequestError: axes that there are not.
        StateError: given states at which the economy is not defined.
    """
    plane, judge, policy = (
        choose_plane(evaluator, asked.along, asked.across, given),
        evaluator.judge,
        evaluator.policy,
    )

    def measured(states: np.ndarray) -> np.ndarray:
        return np.asarray(np.log10(np.maximum(judge.errors(policy.evaluate, states).largest(), _SMALLEST)))

    states = judged_states(evaluator)
    if states < _FEWEST:
        message = (
            f"judging a state takes {judge.n_cases} cases of the next period of this policy, too many for a figure, which "
            "judges hundreds of states; the certificate has its errors"
        )
        raise RequestError([Fault((), message)])
    lines = plane.lines()
    step = -(-len(lines) * POINTS // int((1 - _OF_MAP - _OF_DRAWN) * states))
    at = [line.states[::step] for line in lines]
    side = min(int(np.sqrt(_OF_MAP * states)), _LARGEST_SIDE)
    count = min(int(_OF_DRAWN * states), _MOST_DRAWN)
    calibration, rng = policy.calibration, np.random.default_rng([_STREAM])
    box = policy.space.with_regimes(rng, uniform_box(rng, calibration.lower(), calibration.upper(), count))
    drawn = measured(box)
    column = list(plane.point).index(plane.along)
    return ErrorsPicture(
        plane,
        judge.units,
        evaluator.target,
        lines,
        at[0][:, column],
        measured(np.concatenate(at)).reshape(len(lines), -1),
        None if plane.across is None else measured(plane.square(side)).reshape(side, side),
        np.sort(drawn[np.isfinite(drawn)]),
        int((~np.isfinite(drawn)).sum()),
    )
