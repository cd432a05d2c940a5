"""The one owner of a run's history: measures every step, keeps the best weights, and says when to stop and what to expect.

Steps are judged by the Euler error at held-out states, not by the loss that they minimise. Training goes on to half
the target, so that the certificate's fresh states meet it too.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from solver.progress import OnProgress, Progress, ShouldStop
from solver.status import Status
from solver.training.forecast import IMPROVEMENT, Bounds, foresee

_MARGIN = 0.5
_NOTICEABLE = 0.99


class Rounds(NamedTuple):
    """What follows the stall of a stage: rounds of the same.

    Attributes:
        left: number of them.
        between: what passes before the first report of each, in steps of the stage, until it has been seen.
        end_within_target: whether none follows once the target is met.
    """

    left: int = 0
    between: float = 0.0
    end_within_target: bool = False


NO_ROUNDS = Rounds()


@dataclass
class Monitor:
    """Watches one run.

    Attributes:
        held_out_error: largest Euler error at the held-out states of a weight vector; NaN while undefined.
        target: largest held-out error that counts as solved.
        max_steps: budget of steps over all phases.
        max_seconds: budget of seconds since ``started_s``, without those spent :meth:`off_the_clock`.
        started_s: when the solve began, on the monotonic clock.
        on_progress: told of every report.
        should_stop: asked at every step and at every step that was tried in vain.
    """

    held_out_error: Callable[[np.ndarray], float]
    target: float
    max_steps: int
    max_seconds: float
    started_s: float
    on_progress: OnProgress | None = None
    should_stop: ShouldStop | None = None

    history: list[Progress] = field(default_factory=list)
    best: np.ndarray | None = None
    best_error: float = np.inf
    step: int = 0
    states_visited: int = 0
    end: Status | None = None
    _off_the_clock_s: float = 0.0
    _setup_s: float = 0.0
    _stage_began_s: float | None = None
    _stage_began: int = 0
    _patience: int | None = None
    _rounds: Rounds = NO_ROUNDS
    _between_s: float | None = None
    _worth: float = IMPROVEMENT
    _records_since_better: int = 0
    _error_to_beat: float = np.inf
    _loss_to_beat: float = np.inf

    def record(self, phase: str, vector: np.ndarray, loss: float, *, steps: int, visited: int) -> None:
        """Measure the weights after some more steps and set ``end`` when training must stop.

        Args:
            phase: the stage of training.
            vector: (n_weights,) all weights.
            loss: what training minimises, at the training states.
            steps: steps taken since the last record.
            visited: training states visited since the last record.
        """
        self.step += steps
        self.states_visited += visited
        error = self.held_out_error(vector)
        if error < self.best_error:
            self.best, self.best_error = vector, error
        self._watch_improvement(loss, error)
        self._report(phase, loss, error)
        self.end = self._decide(error)

    def reject(self, visited: int) -> None:
        """Count a step that was tried and not taken, and set ``end`` when training must stop all the same.

        Args:
            visited: training states visited by it.
        """
        self.states_visited += visited
        self.end = self._interruption()

    def is_over(self) -> bool:
        """Whether training must stop in the middle of a step; sets ``end`` where it must."""
        self.end = self.end or self._interruption()
        return self.end is not None

    def judge_again(self) -> None:
        """Measure the best weights at held-out states that are others by now, and set ``end`` by what is left to spend."""
        if self.best is not None:
            error = self.held_out_error(self.best)
            self.best_error = error if np.isfinite(error) else np.inf
        self.end = self._exhaustion()

    @contextmanager
    def off_the_clock(self) -> Iterator[None]:
        """Time that is not charged to the budget: the first use of a graph, which a cold process has to trace.

        With it goes the evaluation of the start, so that a budget lasts as long in a cold process as in a warm one.
        """
        before_s = time.monotonic()
        yield
        self._off_the_clock_s += time.monotonic() - before_s

    def has_stalled(self, patience: int) -> bool:
        """Whether neither loss nor held-out error has fallen by what is worth it over the last ``patience`` records."""
        return self._records_since_better >= patience

    def has_levelled_off(self, least_steps: int) -> bool:
        """Whether the last three quarters of all steps, and no fewer than ``least_steps`` in all, have brought nothing.

        For the noisy losses of random batches: one record says little, so that the best held-out error is compared with the
        best of the first quarter, and the mean loss with that of the second eighth; one of them must have fallen by a
        hundredth. Patience that grows with the run leaves slow progress its time, at any rate of learning.
        """
        if self.step < least_steps:
            return False
        steps = [report.step for report in self.history]
        eighth, quarter = (bisect_right(steps, share * self.step) for share in (1 / 8, 1 / 4))
        losses = [report.loss for report in self.history]
        errors = [
            np.inf if report.euler_error_max_log10 is None else report.euler_error_max_log10
            for report in self.history
        ]
        before = np.mean(losses[eighth:quarter] or np.inf)
        # A loss that is no sum of squares may be negative: by a hundredth lower is then farther from zero.
        enough = _NOTICEABLE * before if before >= 0 else before / _NOTICEABLE
        has_better_loss = np.mean(losses[quarter:]) < enough
        has_better_error = min(errors[quarter:]) < min(errors[:quarter], default=np.inf) + np.log10(
            _NOTICEABLE
        )
        return not (has_better_loss or has_better_error)

    def forget_stall(
        self, patience: int | None = None, rounds: Rounds = NO_ROUNDS, worth: float = IMPROVEMENT
    ) -> None:
        """Give the next stage, whose loss is another sample's, its full patience.

        Args:
            patience: records without an improvement that end the run; None where such a stall would not end it.
            rounds: what follows its stall.
            worth: the share of loss or held-out error that a record has to bring them down to, to be no step of a stall.
        """
        self._records_since_better, self._loss_to_beat = 0, np.inf
        now_s = time.monotonic()
        if rounds.left != self._rounds.left - 1:
            self._between_s = None
        elif len(self.history) > self._stage_began:
            self._between_s = now_s - self.started_s - self.history[-1].elapsed_s
        self._stage_began_s, self._stage_began = now_s, len(self.history)
        self._patience, self._rounds, self._worth = patience, rounds, worth

    def start_over(self) -> None:
        """Forget the weights that were found so far; the history and what is left of the budget go on."""
        self.best, self.best_error, self.end = None, np.inf, None
        self._error_to_beat = np.inf
        self._stage_began = len(self.history)
        self.forget_stall()

    def outcome(self, otherwise: Status) -> Status:
        """The status of a run that is over; ``otherwise`` where nothing but a lack of progress ended it.

        Where no weights gave a defined policy, there is more to say than that training ended.
        """
        if self.best is not None and self.best_error <= self.target and self.end is not Status.CANCELLED:
            return Status.CONVERGED
        status = self.end or otherwise
        if status is Status.OUT_OF_TIME and not self.history:  # the first evaluation was not waited for
            return status
        if self.best is None and status not in (Status.CANCELLED, Status.DIVERGED):
            return Status.NON_FINITE
        return status

    def told(self, status: Status) -> tuple[Progress, ...]:
        """The history of a run that ended with that status, whose last report foresaw that at best."""
        return (
            *self.history[:-1],
            *(replace(last, eta_s=0.0, forecast=status) for last in self.history[-1:]),
        )

    def _watch_improvement(self, loss: float, error: float) -> None:
        self._records_since_better += 1
        if loss < self._worth * self._loss_to_beat:
            self._loss_to_beat, self._records_since_better = loss, 0
        if error < self._worth * self._error_to_beat:
            self._error_to_beat, self._records_since_better = error, 0

    def _decide(self, error: float) -> Status | None:
        if error <= _MARGIN * self.target:
            return Status.CONVERGED
        return self._exhaustion()

    def _exhaustion(self) -> Status | None:
        return self._interruption() or (Status.OUT_OF_STEPS if self.step >= self.max_steps else None)

    def _interruption(self) -> Status | None:
        if self.should_stop is not None and self.should_stop():
            return Status.CANCELLED
        return Status.OUT_OF_TIME if self._seconds_left() < 0 else None

    def _seconds_left(self) -> float:
        return self.max_seconds - (time.monotonic() - self.started_s - self._off_the_clock_s)

    def _report(self, phase: str, loss: float, error: float) -> None:
        told = Progress(
            phase=phase,
            step=self.step,
            loss=loss,
            euler_error_max_log10=float(np.log10(error)) if 0 < error < np.inf else None,
            states_visited=self.states_visited,
            elapsed_s=time.monotonic() - self.started_s,
        )
        if self.history and self.history[-1].phase != phase:
            self._stage_began = len(self.history)
        seconds_left = self._seconds_left()
        if len(self.history) == self._stage_began:
            # The start is evaluated and judged, as every step is; that this is off the clock matters to the budget alone.
            began_s = self.started_s if self._stage_began_s is None else self._stage_began_s
            self._setup_s = time.monotonic() - began_s
        is_met = self.best_error <= self.target
        bounds = Bounds(
            goal=_MARGIN * self.target,
            target=self.target,
            steps_left=self.max_steps - self.step,
            seconds_left=seconds_left,
            setup_s=self._setup_s,
            patience=self._patience,
            impatience=self._records_since_better,
            rounds_left=0 if is_met and self._rounds.end_within_target else self._rounds.left,
            between=self._rounds.between,
            between_s=None if self._between_s is None else self._between_s + self._setup_s,
            worth=self._worth,
            is_met=is_met,
        )
        forecast = foresee([*self.history[self._stage_began :], told], bounds)
        progress = replace(told, eta_s=forecast.eta_s, forecast=forecast.status)
        self.history.append(progress)
        if self.on_progress is not None:
            self.on_progress(progress)
