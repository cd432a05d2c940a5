"""Training: how error and loss fell, against seconds and against the states that it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from service.errors import NoHistoryError
from service.evaluation import Evaluator
from service.figures.axes import legend, plain_range
from service.figures.style import FAINT, ramp
from worker.artifacts import Artifact

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHT_IN = 4.6
_MAX_PHASES = 7
#: Last over median from which on an axis is logarithmic: most reports came early.
_WIDE = 10.0


@dataclass(frozen=True)
class TrainingPicture:
    """The reports of training, in order; what was not finite is NaN.

    Attributes:
        title: what is seen.
        target: largest Euler error that was asked for.
        steps: that were taken.
        phases: (n,) names of the stages.
        seconds: (n,) since the solve began.
        states: (n,) visited so far.
        error: (n,) log10 of the largest Euler error at the held-out states.
        loss: (n,) what was minimised.
    """

    title: str
    target: float
    steps: int
    phases: tuple[str, ...]
    seconds: np.ndarray
    states: np.ndarray
    error: np.ndarray
    loss: np.ndarray

    @property
    def notes(self) -> tuple[str, ...]:
        """How to read it."""
        return (
            f"{self.steps:,} steps, {self.states[-1]:,.0f} states visited, {self.seconds[-1]:.3g} seconds",
        )

    @property
    def height_in(self) -> float:
        """Of the figure."""
        return _HEIGHT_IN

    def draw(self, figure: Figure) -> None:
        """The error above, the loss below; against seconds to the left, against states to the right."""
        axes = figure.subplots(2, 2, sharex="col", sharey="row")
        is_positive = bool(np.all(self.loss[np.isfinite(self.loss)] > 0))
        loss = np.log10(self.loss) if is_positive else self.loss
        rows = (
            (self.error, "log₁₀ largest Euler error\nat held-out states"),
            (loss, "log₁₀ loss" if is_positive else "loss"),
        )
        columns = ((self.seconds, "seconds"), (self.states, "states visited"))
        for row, (values, label) in zip(axes, rows, strict=True):
            row[0].set_ylabel(label)
            for one, (places, _) in zip(row, columns, strict=True):
                self._draw_one(one, places, values)
        level = float(np.log10(self.target))
        for one in axes[0]:
            one.axhline(level, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), label="target")
        axes[0, 0].set_ylim(*plain_range(np.append(self.error, level), 0.06))
        axes[1, 0].set_ylim(*plain_range(loss, 0.06))
        for one, (places, label) in zip(axes[1], columns, strict=True):
            _scale(one, places)
            one.set_xlabel(label)
        legend(figure, axes[0, 0])

    def _draw_one(self, axes: Axes, places: np.ndarray, values: np.ndarray) -> None:
        names = list(dict.fromkeys(self.phases))
        colours = dict(zip(names, ramp(min(len(names), _MAX_PHASES)), strict=False))
        marker, size = ("o", 3.0) if len(values) <= 60 else ("", 0.0)
        axes.plot(places, values, color=FAINT, linewidth=0.6, zorder=1)
        for name in names:
            is_own = np.array([phase == name for phase in self.phases])
            axes.plot(
                places,
                np.where(is_own, values, np.nan),
                color=colours.get(name, FAINT),
                marker=marker,
                markersize=size,
                label=name,
            )


def collect_training(evaluator: Evaluator, artifact: Artifact) -> TrainingPicture:
    """The numbers of the figure.

    Raises:
        NoHistoryError: the solution was stored without the reports of its training.
    """
    history: Sequence[Mapping[str, Any]] = artifact.read_manifest().get("history", ())
    if not history:
        raise NoHistoryError(
            "the solution was stored without the reports of its training; solve it again (DELETE it, and post its request) "
            "to have them"
        )

    def column(name: str) -> np.ndarray:
        return np.array([np.nan if one[name] is None else one[name] for one in history], dtype=float)

    return TrainingPicture(
        f"{evaluator.policy.model.title}: training",
        evaluator.target,
        int(history[-1]["step"]),
        tuple(str(one["phase"]) for one in history),
        column("elapsed_s"),
        column("states_visited"),
        column("euler_error_max_log10"),
        column("loss"),
    )


def _scale(axes: Axes, places: np.ndarray) -> None:
    """Makes a horizontal axis logarithmic where most is at its beginning, in plain numbers."""
    if places.min() > 0 and places.max() > _WIDE * np.median(places):
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter("")
    else:
        axes.locator_params("x", nbins=6)
    axes.xaxis.set_major_formatter("{x:,g}")
