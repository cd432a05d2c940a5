"""The stages of least squares: each a phase of training with its own unknowns."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from solver.model.state_space import problem_size
from solver.numerics.least_squares import Evaluate, Iterate, gauss_newton, levenberg_marquardt
from solver.numerics.sampling import uniform_box
from solver.status import Status
from solver.training.hinges import ROUNDS as HINGE_ROUNDS
from solver.training.hinges import lay_hinges
from solver.training.monitor import Monitor
from solver.training.placement import ROUNDS, place_units
from solver.training.problem import TrainingProblem

#: Records of Gauss-Newton without an improvement that are a stall.
PATIENCE = 3
_LEVENBERG_MARQUARDT_PATIENCE = 25
_CANDIDATES = 1500
#: Held-out error from which Gauss-Newton is trusted to go on by itself.
NEAR = 0.05


def fit_output_layer(
    problem: TrainingProblem,
    monitor: Monitor,
    vector: np.ndarray,
    states: np.ndarray | None = None,
    *,
    rounds_left: int | None = None,
    patience: int = PATIENCE,
) -> tuple[Status, np.ndarray]:
    """Gauss-Newton on the output layer; how it ended, and the weights (n_weights,) that it ended with.

    Args:
        problem: what is trained.
        monitor: measures, and says when to stop.
        vector: (n_weights,) weights to start from.
        states: (n, n_columns) training states; by default the problem's own.
        rounds_left: rounds of it that follow a stall; None where other stages do.
        patience: records without an improvement that are a stall.
    """
    inner = vector[: -problem.compiled.n_output_weights]
    states = problem.states(at_least=0) if states is None else states
    evaluate = evaluation(problem, monitor, problem.compiled.output_jacobian, inner, states)
    iterates = gauss_newton(balanced(evaluate, problem.compiled.n_residuals), vector[len(inner) :])
    return _follow(monitor, "gauss-newton", iterates, vector, len(states), patience, rounds_left)


def place_and_fit(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    """Rounds of placing units where errors are large and fitting the output layer again, from given weights."""
    status = Status.STALLED
    rng = np.random.default_rng([problem.settings.seed, 3])
    space, frame = problem.compiled.rule.space, problem.numbers.setting.frame
    states = problem.states(at_least=0)
    shape = problem.compiled.family.shapes[0]
    n_hidden = shape[0] * shape[1]
    for number in range(len(ROUNDS)):
        box = uniform_box(rng, problem.lower, problem.upper, _CANDIDATES)
        candidates = space.with_regimes(rng, box)
        errors = problem.errors_at(vector, candidates)
        hidden = vector[:n_hidden].reshape(shape)
        value = functools.partial(problem.controls_at, vector)
        placement = place_units(rng, hidden, frame.scaled(box), errors, value, number, len(states) // 2)
        near = np.clip(frame.center + frame.half_width * placement.states, problem.lower, problem.upper)
        states = np.concatenate([states, space.with_regimes(rng, near)])
        start = np.concatenate([placement.hidden.ravel(), vector[n_hidden:]])
        rounds_left = len(ROUNDS) - 1 - number
        status, vector = fit_output_layer(problem, monitor, start, states, rounds_left=rounds_left)
        if monitor.end is not None or status is not Status.STALLED:
            break
    return status


def follow_kinks(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    """Rounds of laying hinges along the policy's kinks and fitting the output layer again, from given weights."""
    status = Status.STALLED
    for number in range(HINGE_ROUNDS):
        start = lay_hinges(problem, vector)
        rounds_left = HINGE_ROUNDS - 1 - number
        status, vector = fit_output_layer(problem, monitor, start, rounds_left=rounds_left, patience=1)
        if monitor.end is not None or status is not Status.STALLED:
            break
    return status


def fit_all_weights(
    problem: TrainingProblem, monitor: Monitor, vector: np.ndarray
) -> tuple[Status, np.ndarray]:
    """Levenberg-Marquardt on all weights; how it ended, and the weights (n_weights,) that it ended with."""
    most = problem.settings.method.most_states(problem_size(problem.compiled.model))
    states = problem.states(at_least=min(2 * len(vector), most))
    evaluate = evaluation(problem, monitor, problem.compiled.full_jacobian, vector[:0], states)
    iterates = levenberg_marquardt(balanced(evaluate, problem.compiled.n_residuals), vector)
    patience = _LEVENBERG_MARQUARDT_PATIENCE
    return _follow(monitor, "levenberg-marquardt", iterates, vector, len(states), patience, rounds_left=0)


def evaluation(
    problem: TrainingProblem,
    monitor: Monitor,
    graph: Any,
    fixed: np.ndarray,
    states: np.ndarray,
    *further: Any,
) -> Evaluate:
    """Residuals and Jacobian at the states, as a function of the weights that follow the fixed ones.

    They are float64, of values that the graph computes in its own type: steps are those of float64 in any case.
    ``further`` are the graph's own arguments behind the states.
    """
    with monitor.off_the_clock():
        # A graph looks for its trace again at every call, which is a quarter of what a small call takes.
        trace = graph.get_concrete_function()
    tensor, tensors = problem.compiled.tensor, problem.tensors
    at = tensor(states)

    def evaluate(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residuals, jacobian = trace(tensors, tensor(np.concatenate([fixed, point])), at, *further)
        return np.asarray(residuals, float), np.asarray(jacobian, float)

    return evaluate


def balanced(evaluate: Evaluate, n_equations: int) -> Evaluate:
    """The same residuals, each equation in units in which its Jacobian at the start is as large as the others'.

    Rows come equation by equation. So none drowns the others, whatever the units they are written in.
    """
    if n_equations == 1:
        return evaluate
    units: list[np.ndarray] = []

    def in_units(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residuals, jacobian = evaluate(point)
        if not units:
            sizes = np.sqrt([np.mean(rows**2) for rows in np.split(jacobian, n_equations)])
            is_usable = np.isfinite(sizes) & (sizes > 0)
            typical = np.sqrt(np.mean(sizes[is_usable] ** 2)) if is_usable.any() else 1.0
            unit = np.where(is_usable, typical / np.where(is_usable, sizes, 1.0), 1.0)
            units.append(np.repeat(unit, len(residuals) // n_equations))
        return residuals * units[0], jacobian * units[0][:, None]

    return in_units


def _follow(
    monitor: Monitor,
    phase: str,
    iterates: Iterator[Iterate],
    vector: np.ndarray,
    n_states: int,
    patience: int,
    rounds_left: int | None,
) -> tuple[Status, np.ndarray]:
    """Take iterates until the monitor says stop, the phase stalls or no decrease is left.

    Iterates are the last of the weights (n_weights,) that the phase starts from. A phase that starts where the residuals
    are not defined ends there: what earlier phases found stands.
    """
    monitor.forget_stall(None if rounds_left is None else patience, rounds_left or 0)
    with monitor.off_the_clock():
        iterate = next(iterates, None)
    is_first = True
    while iterate is not None:
        if iterate.is_taken:
            vector = np.concatenate([vector[: len(vector) - len(iterate.point)], iterate.point])
            monitor.record(phase, vector, iterate.loss, steps=0 if is_first else 1, visited=n_states)
        else:
            monitor.reject(visited=n_states)
        if monitor.end is not None or monitor.has_stalled(patience):
            break
        is_first, iterate = False, next(iterates, None)
    return monitor.outcome(Status.STALLED), vector
