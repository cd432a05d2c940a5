"""Policy functions: slices along one state, and a map over two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.evaluation import Evaluator
from service.figures.axes import LABEL_WIDTH, contours, domain_axis, grid, legend, map_axes, plain_range
from service.figures.effort import judged_states
from service.figures.labels import label_of, symbol_of
from service.figures.plane import Line, Plane, choose_plane
from service.figures.style import FAINT, INK, ramp
from service.figures.variables import choose_variables
from service.schemas.figures import MAX_POLICY_VARIABLES, PolicyFigureQuery

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE, _SMALLEST_SIDE = 101, 11
_FEW = 4
_ROW_IN = 1.9
_REST_IN = 1.0
_LEVELS = 7
_BLUR = 5


@dataclass(frozen=True)
class PolicyPicture:
    """Policy functions over a plane of states.

    Attributes:
        plane: the states.
        names: of the variables.
        lines: of states.
        along: by variable, (n_lines, POINTS).
        bounds: by bounded control, its lower and its upper bound, (n_lines, POINTS) each.
        maps: by variable, (side, side); None where no second state is free.
        binding: by bounded control, (side, side) whether a bound holds it; None likewise.
        steady: by variable, its steady state; none of multipliers that are no variables of the model.
    """

    plane: Plane
    names: list[str]
    lines: list[Line]
    along: Mapping[str, np.ndarray]
    bounds: Mapping[str, tuple[np.ndarray, np.ndarray]]
    maps: Mapping[str, np.ndarray] | None
    binding: Mapping[str, np.ndarray]
    steady: Mapping[str, float]

    @property
    def title(self) -> str:
        """What is seen."""
        return f"{self.plane.model.title}: the policy"

    @property
    def notes(self) -> tuple[str, ...]:
        """How to read it."""
        marks = ["grey: beyond the domain", "dotted: steady state"]
        if self.bounds:
            marks.append("thin dashes: a bound")
        return (*filter(None, [self.plane.held()]), "; ".join(marks))

    @property
    def height_in(self) -> float:
        """Of the figure."""
        rows = len(self.names) if self.maps is not None else -(-len(self.names) // 2)
        return _REST_IN + _ROW_IN * max(rows, 1)

    def draw(self, figure: Figure) -> None:
        """A row for each variable: slices and a map; without a second state two slices a row."""
        if self.maps is None:
            axes = grid(figure, len(self.names), min(2, len(self.names)))
            for name, one in zip(self.names, axes, strict=True):
                self._draw_slices(one, name)
        else:
            axes = grid(figure, 2 * len(self.names), 2)
            for place, name in enumerate(self.names):
                self._draw_slices(axes[2 * place], name)
                self._draw_map(figure, axes[2 * place + 1], name)
        legend(figure, axes[0], 5)

    def _draw_slices(self, axes: Axes, name: str) -> None:
        plane = self.plane
        domain_axis(axes, plane, plane.along)
        for line, values, colour in zip(self.lines, self.along[name], ramp(len(self.lines)), strict=True):
            axes.plot(line.states[:, self._column], values, color=colour, label=line.label)
        shown = self.along[name]
        if plane.is_through_steady_state and len(plane.regimes) < 2 and name in self.steady:
            axes.plot(plane.steady[plane.along], self.steady[name], "o", color=INK, markersize=3.5)
            shown = np.append(shown, self.steady[name])
        axes.set_ylim(*plain_range(shown, 0.06))
        for bound in self.bounds.get(name, ()):
            is_same = np.ptp(bound, axis=0).max() == 0 if np.isfinite(bound).all() else False
            for line, values, colour in zip(self.lines, bound, ramp(len(self.lines)), strict=True):
                axes.plot(
                    line.states[:, self._column],
                    values,
                    color=FAINT if is_same else colour,
                    linewidth=0.8,
                    linestyle=(0, (4, 3)),
                    zorder=1,
                )
                if is_same:
                    break
        axes.set_ylabel(label_of(plane.model, name, LABEL_WIDTH, 3))

    def _draw_map(self, figure: Figure, axes: Axes, name: str) -> None:
        from matplotlib.ticker import MaxNLocator
        from scipy.ndimage import uniform_filter

        assert self.maps is not None
        values = self.maps[name]
        low, high = plain_range(values)
        image = map_axes(axes, self.plane, values, (low, high))
        levels = MaxNLocator(_LEVELS).tick_values(low, high)
        contours(axes, self.plane, values, levels, colors="white", linewidths=0.5)
        if name in self.binding:
            style = {"colors": "white", "linewidths": 1.2, "linestyles": "dashed"}
            # Blurred, so that the edge of the cells does not show as steps.
            share = uniform_filter(self.binding[name].astype(float), _BLUR)
            contours(axes, self.plane, share, [0.5], **style)
        figure.colorbar(image, ax=axes, label=symbol_of(self.plane.model, name))

    @property
    def _column(self) -> int:
        return list(self.plane.point).index(self.plane.along)


def collect_policy(
    evaluator: Evaluator, asked: PolicyFigureQuery, given: Mapping[str, float]
) -> PolicyPicture:
    """The numbers of the figure.

    Raises:
        RequestError: variables or axes that there are not.
        StateError: given states at which the economy is not defined.
    """
    known = (*evaluator.control_names, *evaluator.definition_names)
    names = choose_variables(asked.variables, known, evaluator.control_names, MAX_POLICY_VARIABLES, _FEW)
    plane = choose_plane(evaluator, asked.along, asked.across, given)
    lines = plane.lines()
    states = np.concatenate([line.states for line in lines])
    found, bounds = evaluator.tabulate(states, names), evaluator.bounds(states)
    maps: dict[str, np.ndarray] | None = None
    binding: dict[str, np.ndarray] = {}
    if plane.across is not None:
        maps, binding = _over_map(evaluator, plane, names)
    return PolicyPicture(
        plane,
        names,
        lines,
        {name: found[name].reshape(len(lines), -1) for name in names},
        {
            name: (low.reshape(len(lines), -1), high.reshape(len(lines), -1))
            for name, (low, high) in bounds.items()
            if name in names
        },
        maps,
        binding,
        {name: value for name, value in evaluator.policy.calibration.steady_state.items() if name in names},
    )


def _over_map(
    evaluator: Evaluator, plane: Plane, names: list[str]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The variables over the plane, and where a bound holds them."""
    is_cheap = {*names} <= {*evaluator.control_names, *evaluator.policy.model.definitions}
    side = _SIDE if is_cheap else max(_SMALLEST_SIDE, min(_SIDE, int(np.sqrt(judged_states(evaluator)))))
    square = plane.square(side)
    table = {name: values.reshape(side, side) for name, values in evaluator.tabulate(square, names).items()}
    bounds = {name: pair for name, pair in evaluator.bounds(square).items() if name in names}
    binding = {
        name: (table[name] <= lower.reshape(side, side)) | (table[name] >= upper.reshape(side, side))
        for name, (lower, upper) in bounds.items()
    }
    return table, binding
