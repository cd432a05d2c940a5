"""Training: from a model, a calibration and a linear rule to the weights of its policy.

The default is staged. The output layer comes first, by Gauss-Newton: with random inner weights the policy is linear in
what is trained, and a handful of steps reaches what first-order methods never do. Where that ends far from a solution,
time iteration leads nearer. Where the target is not met, or by a hair, units are placed on the kinks of a policy that
has some, or hinges laid along them; of any other all weights follow, by Levenberg-Marquardt. Where the Jacobian of a
smooth policy's output layer would be too large to form, Newton-Krylov steps find that layer, and are all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.model.state_space import problem_size
from solver.settings.limits import MAX_LEAST_SQUARES_WEIGHTS
from solver.status import Status
from solver.training.adaptive import AdaptiveStates
from solver.training.descent import compiled_descent
from solver.training.ergodic import LONG_RUN, SHORT_RUN, ErgodicStates
from solver.training.forecast import IMPROVEMENT
from solver.training.hinges import ROUNDS as HINGE_ROUNDS
from solver.training.hinges import lay_hinges
from solver.training.monitor import Monitor
from solver.training.newton_krylov import fit_by_newton_krylov
from solver.training.placement import ROUNDS
from solver.training.policy_iteration import iterate_on_policy
from solver.training.problem import TrainingProblem
from solver.training.stages import (
    NEAR,
    PATIENCE,
    WORTH_A_STEP,
    fit_all_weights,
    fit_output_layer,
    follow_kinks,
    place_and_fit,
    units_wait,
)
from solver.training.time_iteration import iterate_on_time, lead_near

_DESCENT_PATIENCE = 4_000
#: What a run has to leave of the error for another, at other states, to be tried.
_WORTH_ANOTHER_RUN = 0.9
_WORK_PER_REPORT = 20_000_000


def train(problem: TrainingProblem, monitor: Monitor, start: np.ndarray | None = None) -> Status:
    """Train until the target, the budget, a stall or a cancellation; the best weights are ``monitor.best``.

    Args:
        problem: what is trained.
        monitor: measures, and says when to stop.
        start: (n_weights,) the first weights, which the monitor has measured; by default those of the linear rule.
    """
    vector = problem.initial_weights() if start is None else start
    if len(vector) == 0:
        if not problem.has_linear_rule:
            return Status.NO_LINEAR_RULE
        monitor.record("linear rule", vector, float("nan"), steps=0, visited=0)
        return monitor.outcome(Status.LINEAR)
    if monitor.end is not None:
        return monitor.outcome(monitor.end)
    status = _train_from(problem, monitor, vector)
    if problem.ergodic is not None:
        return _settle(problem, problem.ergodic, monitor, status)
    if problem.adaptive is not None and problem.settings.method.training.is_least_squares:
        return _refine(problem, problem.adaptive, monitor, status)
    return status


def _settle(problem: TrainingProblem, ergodic: ErgodicStates, monitor: Monitor, status: Status) -> Status:
    """Train on where the economy goes under what was found, until the target is met there.

    The first states are those that the linear rule visits. So a run that met the target, or stalled, is judged again at
    fresh states of its own policy; runs from there end where one has not brought these errors down.
    """
    before = np.inf
    while status in (Status.CONVERGED, Status.STALLED) and monitor.best is not None:
        ergodic.follow(monitor.best, LONG_RUN)
        monitor.judge_again()
        is_met = monitor.best_error <= monitor.target
        has_stalled = status is Status.STALLED and monitor.best_error > _WORTH_ANOTHER_RUN * before
        if is_met or has_stalled or monitor.end is not None:
            return monitor.outcome(Status.STALLED)
        before = monitor.best_error
        status = _train_from(problem, monitor, monitor.best)
    return status


def _refine(problem: TrainingProblem, adaptive: AdaptiveStates, monitor: Monitor, status: Status) -> Status:
    """Fit what has stalled again, at states that follow its errors, while that brings the held-out error down."""
    is_gauss_newton = problem.settings.method.training.algorithm == "gauss_newton" or problem.places_units
    before = np.inf
    while status is Status.STALLED and monitor.best is not None:
        if monitor.best_error > _WORTH_ANOTHER_RUN * before:
            break
        before = monitor.best_error
        adaptive.follow(monitor.best)
        if is_gauss_newton or not _may_fit_all(problem, monitor.best):
            status, _ = fit_output_layer(problem, monitor, monitor.best, rounds_left=0)
        else:
            status, _ = fit_all_weights(problem, monitor, monitor.best)
    return status


def _train_from(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    """One run of the algorithm from given weights."""
    training = problem.settings.method.training
    if training.algorithm == "staged":
        return _train_in_stages(problem, monitor, vector)
    if training.algorithm == "gauss_newton":
        return fit_output_layer(problem, monitor, vector, rounds_left=0)[0]
    if training.algorithm == "levenberg_marquardt":
        return fit_all_weights(problem, monitor, vector)[0]
    if training.algorithm == "time_iteration":
        return iterate_on_time(problem, monitor, vector)
    return _descend(problem, monitor, vector)


def _train_in_stages(problem: TrainingProblem, monitor: Monitor, start: np.ndarray) -> Status:
    if problem.settings.method.is_matrix_free(problem_size(problem.compiled.model)):
        return fit_by_newton_krylov(problem, monitor, start)[0]
    if problem.has_hinges:
        start = lay_hinges(problem, start)
    near = _near_policy_and_value if problem.settings.method.objective == "bellman" else _near_policy
    status, vector = near(problem, monitor, start)
    # Where units still wait, a target that is met by a hair is not enough for states that nobody has seen.
    is_by_a_hair = status is Status.CONVERGED and monitor.end is None and units_wait(problem, vector)
    if is_by_a_hair or (problem.places_units and status is Status.STALLED):
        return place_and_fit(problem, monitor, vector)
    if status is not Status.STALLED:
        return status
    if problem.has_hinges:
        return follow_kinks(problem, monitor, vector)
    best = vector if monitor.best is None else monitor.best
    return fit_all_weights(problem, monitor, best)[0] if _may_fit_all(problem, best) else status


def _may_fit_all(problem: TrainingProblem, vector: np.ndarray) -> bool:
    """Whether there are inner weights, and no more of all than least squares takes."""
    return len(problem.compiled.family.shapes) > 1 and len(vector) <= MAX_LEAST_SQUARES_WEIGHTS


def _rounds_left(problem: TrainingProblem, vector: np.ndarray) -> int | None:
    """Rounds of Gauss-Newton that follow its first stall in stages; None where Levenberg-Marquardt does."""
    if problem.places_units:
        return len(ROUNDS)
    if problem.has_hinges:
        return HINGE_ROUNDS
    return None if _may_fit_all(problem, vector) else 0


def _near_policy(problem: TrainingProblem, monitor: Monitor, start: np.ndarray) -> tuple[Status, np.ndarray]:
    rounds_left = _rounds_left(problem, start)
    # The hinges will move, and units be placed: what is left until then is not worth waiting for. Over several states units
    # that are spread may be all that is needed.
    is_soon = problem.follows_policy or (problem.places_units and len(problem.lower) == 1)
    patience = 1 if problem.has_hinges or is_soon else PATIENCE
    worth = WORTH_A_STEP if is_soon else IMPROVEMENT

    def fit(vector: np.ndarray) -> tuple[Status, np.ndarray]:
        return fit_output_layer(
            problem, monitor, vector, rounds_left=rounds_left, patience=patience, worth=worth
        )

    status, vector = fit(start)
    if monitor.end is None and not monitor.best_error <= NEAR:
        status, vector = lead_near(problem, monitor, start)
        if monitor.end is None:
            status, vector = fit(vector)
    return status, vector


def _near_policy_and_value(
    problem: TrainingProblem, monitor: Monitor, start: np.ndarray
) -> tuple[Status, np.ndarray]:
    vector = iterate_on_policy(problem, monitor, start)
    if monitor.end is not None:
        return monitor.outcome(Status.STALLED), vector
    return fit_output_layer(problem, monitor, vector, rounds_left=_rounds_left(problem, vector))


def _descend(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    """First-order steps until they bring nothing, reported after the first and then about every tenth of a second.

    The number of steps between reports follows from the sizes and never from the clock, so that the same job keeps the
    same best weights. The first step's loss is that of the start: where it is not finite, training had nothing to start
    from.
    """
    method = problem.settings.method
    training, ergodic, adaptive = method.training, problem.ergodic, problem.adaptive
    assert training.steps is not None
    is_full_batch = training.batch_size == "full"
    tensor = problem.compiled.tensor
    states = tensor(problem.states(at_least=0))
    batch_size = len(states) if is_full_batch else int(training.batch_size or 0)
    n_draws = method.expectation.nodes or 0 if method.expectation.rule == "all_in_one" else 0
    graph = compiled_descent(
        problem.compiled,
        training.algorithm,
        is_full_batch,
        method.objective,
        is_sampled=ergodic is not None or adaptive is not None,
        n_draws=n_draws,
    )
    chosen = tensor([training.learning_rate, training.annealing, training.momentum or 0.0])
    slots: Any = tensor(np.zeros((2, len(vector))))
    point: Any = tensor(vector)
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
        weights = np.asarray(point, float)
        monitor.record(training.algorithm, weights, float(loss), steps=steps, visited=steps * batch_size)
        if adaptive is not None and monitor.end is None:
            adaptive.follow(weights)
            states = tensor(problem.states(at_least=0))
        if ergodic is not None and monitor.end is None:
            ergodic.follow(weights, SHORT_RUN)
            states = tensor(problem.states(at_least=0))
            monitor.judge_again()
    return monitor.outcome(Status.STALLED)
