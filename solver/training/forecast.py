"""How a run will end, and when: a forecast from its reports, which informs and never decides.

The error is followed report by report in the present stage, n = 0, 1, …. While a Gauss-Newton step gains much, each gains
up to twice as many digits as the one before (quadratic convergence doubles them). All else is taken to follow a power law,
as random batches, kinks and damped steps do: ``log10 error = a - b log10(n + 6)``, b the median slope of all pairs of the
stage's last half (Theil 1950, Sen 1968), and a the lowest there, since a run ends at the first report that is good enough.
The soonest of the goal, the ends of the budget and a stall is the end. Rounds that follow a stall take their patience, and
each the time that passed before the last one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solver.progress import Progress
from solver.status import Status

#: A stall is where neither loss nor error has fallen to this share of what it was, over the patience of the stage; or to
#: less, where a stage is followed by a better one.
IMPROVEMENT = 0.9
#: What the power law adds to n, without which the first few reports would look too steep.
_BEFORE = 6
_MOST_POINTS = 24
#: Reports of a round that tell nothing of how long it goes on: its first step brings most.
_FEW = 2
#: Digits that a Gauss-Newton step has to gain to be one of few, and what the first is taken to gain.
_LEAST_GAIN, _FIRST_GAIN = 0.7, 1.0
_LARGEST_RATIO = 2.0
_SUPERLINEAR = "gauss-newton"
#: Stages that only lead near: another decides how the run ends.
_LEADING = ("time-iteration", "policy-iteration")
#: What is longer than 10 to this is never.
_LARGEST_EXPONENT = 300.0


@dataclass(frozen=True)
class Bounds:
    """What ends a run.

    Attributes:
        goal: held-out error at which training stops.
        target: held-out error that is good enough wherever it stops.
        steps_left: of the budget.
        seconds_left: of the budget.
        setup_s: seconds of the stage until its first report, about what a Gauss-Newton step takes.
        patience: reports without an improvement that end a stage; None where that would not end the run.
        impatience: how many of the last reports brought none.
        rounds_left: rounds that follow a stall, taken to be of the same patience.
        between: what passes from the end of the stage, or of a round, to the first report of the next round, in reports.
        between_s: the same in seconds, as it was before the stage; None where that is no such round.
        worth: the share that loss or error has to fall to.
        is_met: whether an earlier stage has met the target.
    """

    goal: float
    target: float
    steps_left: int
    seconds_left: float
    setup_s: float
    patience: int | None = None
    impatience: int = 0
    rounds_left: int = 0
    between: float = 0.0
    between_s: float | None = None
    worth: float = IMPROVEMENT
    is_met: bool = False


@dataclass(frozen=True)
class Forecast:
    """The expected end of training.

    Attributes:
        eta_s: seconds from now; None where nothing tells yet.
        status: as what it ends; None likewise.
    """

    eta_s: float | None
    status: Status | None


def foresee(stage: Sequence[Progress], bounds: Bounds) -> Forecast:
    """The end of a run whose present stage has made these reports, the last of them just now.

    At the first report of a stage there is no pace yet, except that of Gauss-Newton's first steps; and of a stage that only
    leads near to a solution nothing is told.
    """
    seconds, steps = _pace(stage, bounds.setup_s)
    error = _Curve.of_errors(stage, is_round=bounds.between_s is not None)
    patience, until_stall = bounds.patience or 0, _reports_until_stall(stage, error, bounds)
    between_s = bounds.between * seconds if bounds.between_s is None else bounds.between_s

    def after_s(reports: float) -> float:
        """Seconds until so many reports have come, those between rounds among them; infinite while there is no pace."""
        if reports == 0:
            return 0.0
        if seconds == 0 or reports == math.inf:
            return math.inf
        later = max(0.0, reports - until_stall)
        rounds = min(bounds.rounds_left, math.ceil(later / patience)) if patience else 0
        return reports * seconds + rounds * between_s

    ends = {
        Status.CONVERGED: after_s(error.reports_until(bounds.goal)),
        Status.OUT_OF_STEPS: after_s(float(np.ceil(_reports_for(bounds.steps_left, steps)))),
        Status.OUT_OF_TIME: max(0.0, bounds.seconds_left),
        Status.STALLED: after_s(until_stall + bounds.rounds_left * patience),
    }
    status = min(ends, key=lambda one: ends[one])
    eta_s = ends[status]
    if eta_s > 0 and (seconds == 0 or stage[-1].phase in _LEADING):
        return Forecast(None, None)
    # What is within the target by then has met it, whatever ends the run before the goal.
    is_met = bounds.is_met or after_s(error.reports_until(bounds.target)) <= eta_s
    return Forecast(eta_s, Status.CONVERGED if is_met else status)


def _pace(stage: Sequence[Progress], setup_s: float) -> tuple[float, float]:
    """Seconds and steps from report to report over the stage's last half; zeros while unknown."""
    last = len(stage) - 1
    if last == 0:
        return (setup_s, 1.0) if stage[0].phase == _SUPERLINEAR else (0.0, 0.0)
    first = min(last // 2, last - 1)
    seconds = stage[last].elapsed_s - stage[first].elapsed_s
    steps = stage[last].step - stage[first].step
    return seconds / (last - first), steps / (last - first)


def _reports_for(left: float, each: float) -> float:
    """Reports until nothing is left of a budget; infinite where reports take none of it."""
    if left <= 0:
        return 0.0
    return left / each if each > 0 else math.inf


def _reports_until_stall(stage: Sequence[Progress], error: _Curve, bounds: Bounds) -> float:
    """Reports until neither error nor loss will have fallen by what is worth it over the patience; infinite without one."""
    patience = bounds.patience
    if patience is None:
        return math.inf
    reports = float(patience - bounds.impatience)
    if bounds.between_s is not None and len(stage) <= _FEW:
        return max(0.0, reports)
    slope = max(error.power_law[0], _Curve.of_losses(stage).power_law[0])
    if slope > 0:
        # From this n on a fall of b log10((n + patience + 6) / (n + 6)) is not worth it.
        ratio = 10 ** min(-math.log10(bounds.worth) / slope, _LARGEST_EXPONENT)
        reports = max(reports, patience / (ratio - 1) - _BEFORE - (len(stage) - 1) + patience)
    return max(0.0, reports)


@dataclass(frozen=True)
class _Curve:
    """log10 of the errors, or losses, of a stage where they are defined, (n,).

    Attributes:
        values: in order.
        is_superlinear: whether large gains are followed by larger ones.
    """

    values: np.ndarray
    is_superlinear: bool

    @classmethod
    def of_errors(cls, stage: Sequence[Progress], *, is_round: bool) -> _Curve:
        """The largest errors at the held-out states; those of a round, at kinks, gain no digits by the double."""
        values = [report.euler_error_max_log10 for report in stage]
        return cls._through(values, is_superlinear=stage[-1].phase == _SUPERLINEAR and not is_round)

    @classmethod
    def of_losses(cls, stage: Sequence[Progress]) -> _Curve:
        """What training minimises, where it is positive."""
        values = [math.log10(report.loss) if 0 < report.loss < math.inf else None for report in stage]
        return cls._through(values, is_superlinear=False)

    @classmethod
    def _through(cls, values: Sequence[float | None], *, is_superlinear: bool) -> _Curve:
        known = np.array([value for value in values if value is not None])
        return cls(known, is_superlinear)

    @cached_property
    def power_law(self) -> tuple[float, float]:
        """Slope b and intercept a through the last half of the values, but no fewer than three; of less than two, level."""
        values = self.values
        last = len(values) - 1
        if last < 1:
            return 0.0, math.inf
        first = max(0, min(last // 2, last - 2))
        places = np.unique(np.linspace(first, last, min(_MOST_POINTS, last - first + 1)).astype(int))
        x, y = np.log10(places + _BEFORE), values[places]
        i, j = np.triu_indices(len(places), 1)
        slope = float(np.median((y[i] - y[j]) / (x[j] - x[i])))
        return slope, float((y + slope * x).min())

    def reports_until(self, level: float) -> float:
        """Reports from the last one on until the first at most ``level``; infinite where the curve does not fall."""
        if len(self.values) == 0:
            return math.inf
        gap = float(self.values.min() - math.log10(level))
        if gap <= 0:
            return 0.0
        gain = _FIRST_GAIN / _LARGEST_RATIO if len(self.values) == 1 else self.values[-2] - self.values[-1]
        if self.is_superlinear and (len(self.values) == 1 or gain >= _LEAST_GAIN):
            before = self.values[-3] - self.values[-2] if len(self.values) > 2 else 0.0
            ratio = float(np.clip(gain / before, 1.0, _LARGEST_RATIO)) if before > 0 else _LARGEST_RATIO
            return _steps_for(gap, float(gain), ratio)
        slope, intercept = self.power_law
        if slope <= 0:
            return math.inf
        exponent = min((intercept - math.log10(level)) / slope, _LARGEST_EXPONENT)
        return max(1.0, float(np.ceil(10**exponent)) - _BEFORE - (len(self.values) - 1))


def _steps_for(gap: float, gain: float, ratio: float) -> float:
    """Steps that close the gap where each gains so much more than the one before it."""
    steps = 0
    while gap > 0:
        gain *= ratio
        gap -= gain
        steps += 1
    return float(steps)
