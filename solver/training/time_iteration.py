"""Time iteration: today's decisions against tomorrow's policy as it was, over and over (Coleman 1990).

A sweep holds tomorrow's policy and fits the output layer to today's conditions, in a damped Gauss-Newton step or two: the
projection of the decisions that solve them. It is how the classical method works, on either family; what it shares with
the other algorithms are the residuals and the states, and nothing of how it goes from one policy to the next. Sweeps
converge from far away, and by themselves slowly, by the root of the economy; Anderson acceleration leaps over most of them.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from solver.numerics.anderson import Anderson
from solver.numerics.least_squares import gauss_newton
from solver.status import Status
from solver.training.monitor import Monitor
from solver.training.problem import TrainingProblem
from solver.training.stages import NEAR, balanced, evaluation

_TRIALS_PER_SWEEP = 2
_WINDOW = 10
_PATIENCE = 15
#: A leap is taken back where it leads to so many times the least loss so far.
_TOO_FAR = 4.0
_MOST_LEADING_SWEEPS = 100
_LEADING_PATIENCE = 10


class _Sweep(NamedTuple):
    """One sweep from given weights.

    Attributes:
        residuals: (m,) at the start, under the policy itself tomorrow.
        loss: mean squared residual there.
        left: mean squared residual of what is left, tomorrow's policy held.
        point: (n_output_weights,) the output layer that it leads to.
        visited: states at which residuals were evaluated.
    """

    residuals: np.ndarray
    loss: float
    left: float
    point: np.ndarray
    visited: int


def iterate_on_time(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    """Accelerated sweeps from weights (n_weights,) until the target, the budget or a stall; how it ended."""
    inner = vector[: -problem.compiled.n_output_weights]
    point, plain = vector[len(inner) :], None
    leaps, least = Anderson(_WINDOW), np.inf
    monitor.forget_stall()
    while monitor.end is None and not monitor.has_stalled(_PATIENCE):
        sweep = _sweep(problem, monitor, np.concatenate([inner, point]))
        if sweep is None or sweep.loss > _TOO_FAR * least:
            if plain is None or np.array_equal(point, plain):
                break
            monitor.reject(visited=len(problem.states(at_least=0)))
            leaps.forget()
            point = plain
            continue
        least = min(least, sweep.loss)
        vector = np.concatenate([inner, point])
        monitor.record("time-iteration", vector, sweep.loss, steps=1, visited=sweep.visited)
        plain = sweep.point
        point = leaps.next(point, plain - point, sweep.residuals)
    return monitor.outcome(Status.STALLED)


def lead_near(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> tuple[Status, np.ndarray]:
    """Plain sweeps until they are near enough for Gauss-Newton; how it ended, and with what weights (n_weights,)."""
    inner = vector[: -problem.compiled.n_output_weights]
    monitor.forget_stall()
    for _ in range(_MOST_LEADING_SWEEPS):
        sweep = _sweep(problem, monitor, vector)
        if sweep is None:
            break
        vector = np.concatenate([inner, sweep.point])
        monitor.record("time-iteration", vector, sweep.left, steps=1, visited=sweep.visited)
        if monitor.end is not None or monitor.best_error <= NEAR or monitor.has_stalled(_LEADING_PATIENCE):
            break
    return monitor.outcome(Status.STALLED), vector


def _sweep(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> _Sweep | None:
    """One sweep from weights (n_weights,); None where their residuals are not defined."""
    inner = vector[: -problem.compiled.n_output_weights]
    states = problem.states(at_least=0)
    tomorrow = problem.compiled.tensor(vector)
    evaluate = balanced(
        evaluation(problem, monitor, problem.compiled.today_jacobian, inner, states, tomorrow),
        problem.compiled.n_residuals,
    )
    at_start: list[np.ndarray] = []

    def noting_start(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residuals, jacobian = evaluate(point)
        if not at_start:
            at_start.append(residuals)
        return residuals, jacobian

    iterates = gauss_newton(noting_start, vector[len(inner) :])
    trials = list(itertools.islice(iterates, 1 + _TRIALS_PER_SWEEP))
    if not trials:
        return None
    point = [trial for trial in trials if trial.is_taken][-1].point
    return _Sweep(at_start[0], trials[0].loss, trials[-1].loss, point, len(trials) * len(states))
