"""Training: from a model, a calibration and a linear rule to the weights of its policy.

The default is staged. The output layer comes first, by Gauss-Newton: with random inner weights the policy is linear in
what is trained, and a handful of steps reaches what first-order methods never do. All weights follow, by
Levenberg-Marquardt, only where the target is not met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from solver.model.state_space import problem_size
from solver.numerics.least_squares import Evaluate, Iterate, gauss_newton, levenberg_marquardt
from solver.numerics.sampling import edge_weighted_box
from solver.settings import MAX_LEAST_SQUARES_WEIGHTS, SolveSettings
from solver.status import Status
from solver.training.compiled import CompiledObjective, Numbers, compiled_descent
from solver.training.monitor import Monitor

_GAUSS_NEWTON_PATIENCE = 3
_LEVENBERG_MARQUARDT_PATIENCE = 25
_DESCENT_PATIENCE = 4_000
_WORK_PER_REPORT = 40_000_000


@dataclass(frozen=True)
class TrainingProblem:
    """What is trained.

    Attributes:
        compiled: the residuals' graphs.
        numbers: what the graphs know of the calibration.
        lower: (n_continuous,) lower ends of the domain.
        upper: (n_continuous,) upper ends of the domain.
        settings: resolved.
    """

    compiled: CompiledObjective
    numbers: Numbers
    lower: np.ndarray
    upper: np.ndarray
    settings: SolveSettings

    @cached_property
    def tensors(self) -> Any:
        """What the graphs know of the calibration, converted once."""
        return tf.nest.map_structure(lambda array: tf.constant(array, tf.float64), self.numbers)

    def initial_weights(self) -> np.ndarray:
        """(n_weights,) random inner layers and a zero output layer: the linear rule itself."""
        weights = self.compiled.family.initial_weights(np.random.default_rng([self.settings.seed, 1]))
        return np.concatenate([weight.ravel() for weight in weights])

    def states(self, at_least: int) -> np.ndarray:
        """Training states, (n, n_columns)."""
        rng = np.random.default_rng([self.settings.seed, 2])
        count = max(self.settings.method.sampling.states or 0, at_least)
        box = edge_weighted_box(rng, self.lower, self.upper, count)
        return self.compiled.rule.space.with_regimes(rng, box)


def train(problem: TrainingProblem, monitor: Monitor) -> Status:
    """Train until the target, the budget, a stall or a cancellation; the best weights are ``monitor.best``."""
    training = problem.settings.method.training
    vector = problem.initial_weights()
    if len(vector) == 0:
        monitor.record("linear rule", vector, float("nan"), steps=0, visited=0)
        return monitor.outcome(Status.LINEAR)
    if not training.is_least_squares:
        return _descend(problem, monitor, vector)
    status = Status.NON_FINITE
    has_inner_weights = len(problem.compiled.family.shapes) > 1 and len(vector) <= MAX_LEAST_SQUARES_WEIGHTS
    if training.algorithm in ("staged", "gauss_newton"):
        status = _fit_output_layer(problem, monitor, vector)
        vector = vector if monitor.best is None else monitor.best
    goes_on = training.algorithm == "staged" and status is Status.STALLED and has_inner_weights
    if training.algorithm == "levenberg_marquardt" or goes_on:
        status = _fit_all_weights(problem, monitor, vector)
    return status


def _fit_output_layer(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    inner = vector[: -problem.compiled.n_output_weights]
    states = problem.states(at_least=0)
    evaluate = _evaluation(problem, monitor, problem.compiled.output_jacobian, inner, states)
    iterates = gauss_newton(_balanced(evaluate, problem.compiled.n_residuals), vector[len(inner) :])
    return _follow(monitor, "gauss-newton", iterates, inner, len(states), patience=_GAUSS_NEWTON_PATIENCE)


def _fit_all_weights(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    most = problem.settings.method.most_states(problem_size(problem.compiled.model))
    states = problem.states(at_least=min(2 * len(vector), most))
    fixed = vector[:0]
    evaluate = _evaluation(problem, monitor, problem.compiled.full_jacobian, fixed, states)
    iterates = levenberg_marquardt(_balanced(evaluate, problem.compiled.n_residuals), vector)
    patience = _LEVENBERG_MARQUARDT_PATIENCE
    return _follow(monitor, "levenberg-marquardt", iterates, fixed, len(states), patience=patience)


def _evaluation(
    problem: TrainingProblem, monitor: Monitor, graph: Any, fixed: np.ndarray, states: np.ndarray
) -> Evaluate:
    """Residuals and Jacobian at the states, as a function of the weights that follow the fixed ones."""
    with monitor.off_the_clock():
        # A graph looks for its trace again at every call, which is a quarter of what a small call takes.
        trace = graph.get_concrete_function()
    tensors, at = problem.tensors, tf.constant(states)

    def evaluate(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residuals, jacobian = trace(tensors, tf.constant(np.concatenate([fixed, point])), at)
        return residuals.numpy(), jacobian.numpy()

    return evaluate


def _balanced(evaluate: Evaluate, n_equations: int) -> Evaluate:
    """The same residuals, each equation in units in which its Jacobian at the start is as large as the others'.

    Rows come equation by equation. So none drowns the others, whatever the units they are written in.
    """
    if n_equations == 1:
        return evaluate
    units: list[np.ndarray] = []

    def balanced(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residuals, jacobian = evaluate(point)
        if not units:
            sizes = np.sqrt([np.mean(rows**2) for rows in np.split(jacobian, n_equations)])
            is_usable = np.isfinite(sizes) & (sizes > 0)
            typical = np.sqrt(np.mean(sizes[is_usable] ** 2)) if is_usable.any() else 1.0
            unit = np.where(is_usable, typical / np.where(is_usable, sizes, 1.0), 1.0)
            units.append(np.repeat(unit, len(residuals) // n_equations))
        return residuals * units[0], jacobian * units[0][:, None]

    return balanced


def _follow(
    monitor: Monitor,
    phase: str,
    iterates: Iterator[Iterate],
    fixed: np.ndarray,
    n_states: int,
    patience: int,
) -> Status:
    """Take iterates until the monitor says stop, the phase stalls or no decrease is left."""
    monitor.forget_stall()
    with monitor.off_the_clock():
        start = next(iterates, None)
    if start is None:
        return monitor.outcome(Status.NON_FINITE)
    monitor.record(phase, np.concatenate([fixed, start.point]), start.loss, steps=0, visited=n_states)
    while monitor.end is None and not monitor.has_stalled(patience):
        iterate = next(iterates, None)
        if iterate is None:
            break
        if iterate.is_taken:
            point = np.concatenate([fixed, iterate.point])
            monitor.record(phase, point, iterate.loss, steps=1, visited=n_states)
        else:
            monitor.reject(visited=n_states)
    return monitor.outcome(Status.STALLED)


def _descend(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    """First-order steps until they bring nothing, reported after the first and then about every tenth of a second.

    The number of steps between reports follows from the sizes and never from the clock, so that the same job keeps the
    same best weights. The first step's loss is that of the start: where it is not finite, training had nothing to start
    from.
    """
    training = problem.settings.method.training
    assert training.steps is not None
    is_full_batch = training.batch_size == "full"
    states = problem.states(at_least=0)
    batch_size = len(states) if is_full_batch else int(training.batch_size or 0)
    graph = compiled_descent(problem.compiled, training.algorithm, is_full_batch)
    chosen = np.array([training.learning_rate, training.annealing, training.momentum or 0.0])
    slots: Any = np.zeros((2, len(vector)))
    point: Any = vector
    chunk = int(np.clip(_WORK_PER_REPORT // (batch_size * len(vector)), 1, 250))

    def advance(steps: int) -> tuple[Any, Any, Any]:
        seed, step = problem.settings.seed, monitor.step
        outcome: tuple[Any, Any, Any] = graph(
            problem.tensors, point, slots, states, batch_size, step, steps, seed, chosen
        )
        return outcome

    with monitor.off_the_clock():
        advance(0)
    while monitor.end is None and not monitor.has_levelled_off(_DESCENT_PATIENCE):
        steps = min(chunk, training.steps - monitor.step) if monitor.step else 1
        point, slots, loss = advance(steps)
        if not np.isfinite(float(loss)):
            return monitor.outcome(Status.DIVERGED if monitor.step else Status.NON_FINITE)
        monitor.record(
            training.algorithm, point.numpy(), float(loss), steps=steps, visited=steps * batch_size
        )
    return monitor.outcome(Status.STALLED)
