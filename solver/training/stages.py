"""The stages of least squares: each a phase of training with its own unknowns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from solver.model.state_space import problem_size
from solver.numerics.forward_selection import forward_selection
from solver.numerics.least_squares import ROUNDING, Evaluate, Iterate, gauss_newton, levenberg_marquardt
from solver.numerics.sampling import uniform_box
from solver.policy.family import ACTIVATIONS, NeuralFamily
from solver.settings import PolicySettings
from solver.settings.method import KINKED_TARGET, SMOOTH_TARGET
from solver.status import Status
from solver.training.compiled import CompiledObjective, compiled_objective
from solver.training.forecast import IMPROVEMENT
from solver.training.hinges import ROUNDS as HINGE_ROUNDS
from solver.training.hinges import lay_hinges
from solver.training.monitor import NO_ROUNDS, Monitor, Rounds
from solver.training.narrow import without_waiting
from solver.training.placement import ROUNDS, places, propose_units
from solver.training.problem import TrainingProblem

#: Records of Gauss-Newton without an improvement that are a stall.
PATIENCE = 3
_LEVENBERG_MARQUARDT_PATIENCE = 25
_CANDIDATES = 2500
#: States that are drawn for each that lies along a bound.
_DRAWN_PER_STATE = 16
#: Damping from near a solution: steep units, which see few states, are not to be held back by it, and go too far without.
_NEAR_DAMPING = 1e-7
#: Directions of the output weights that move Euler residuals by less than this share of what the strongest does are left
#: out at targets that are no lower than the default: they would bring digits that nobody asked for, by large weights that
#: cancel each other, whose rounding would be that of every answer. Units that are placed later bring what is then missing.
_RANK, _RANK_BEFORE_PLACEMENT = 1e-11, 1e-7
#: Share of loss or error that a step has to leave at most, where units are placed after it.
WORTH_A_STEP = 0.5
#: What passes until the first report with newly placed units, or newly laid hinges, in steps of the fit before.
_STEPS_TO_PLACE, _STEPS_TO_LAY = 12.0, 1.0
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
    worth: float = IMPROVEMENT,
    is_near: bool = False,
) -> tuple[Status, np.ndarray]:
    """Gauss-Newton on the output layer; how it ended, and the weights (n_weights,) that it ended with.

    Args:
        problem: what is trained.
        monitor: measures, and says when to stop.
        vector: (n_weights,) weights to start from.
        states: (n, n_columns) training states; by default the problem's own.
        rounds_left: rounds of it that follow a stall; None where other stages do.
        patience: records without an improvement that are a stall.
        worth: the share of loss or error that is one.
        is_near: whether they are near a solution, with units that were placed since: steps are then Levenberg-Marquardt's,
            which begin with little damping.
    """
    states = problem.states(at_least=0) if states is None else states
    rank_tolerance = _rank_tolerance(problem, vector, monitor.target)
    places_next = problem.places_units and (is_near or units_wait(problem, vector))
    problem, vector, widen = without_waiting(problem, vector)
    inner = vector[: -problem.compiled.n_output_weights]
    evaluate = evaluation(problem, monitor, problem.compiled.output_jacobian, inner, states)
    residuals, shown = balanced(evaluate, problem.compiled.n_residuals), vector[len(inner) :]
    if is_near:
        iterates = levenberg_marquardt(residuals, shown, first_damping=_NEAR_DAMPING)
    else:
        iterates = gauss_newton(residuals, shown, rank_tolerance=rank_tolerance)
    between = _STEPS_TO_LAY if problem.has_hinges else _STEPS_TO_PLACE
    rounds = None if rounds_left is None else Rounds(rounds_left, between, end_within_target=not places_next)
    return _follow(monitor, "gauss-newton", iterates, vector, len(states), patience, rounds, worth, widen)


def _rank_tolerance(problem: TrainingProblem, vector: np.ndarray, target: float) -> float:
    if problem.settings.method.objective != "euler":  # whose directions are those of a value as well
        return ROUNDING
    if problem.places_units:
        is_coarse = target >= KINKED_TARGET and units_wait(problem, vector)
        return _RANK_BEFORE_PLACEMENT if is_coarse else ROUNDING
    return _RANK if target >= SMOOTH_TARGET else ROUNDING


def place_and_fit(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> Status:
    """Rounds of placing units where errors are large and fitting the output layer again, from given weights.

    The linear rule sees no kink, and may have looked for states where the economy does not go, or not far enough for steep
    units, which cannot be extrapolated. So the box of training states is from now on that of the policy so far.
    """
    status = Status.STALLED
    lower, upper = problem.reach_at(vector)
    problem = replace(problem, lower=np.minimum(problem.lower, lower), upper=np.maximum(problem.upper, upper))
    rng = np.random.default_rng([problem.settings.seed, 3])
    space, frame = problem.compiled.rule.space, problem.numbers.setting.frame
    states = problem.states(at_least=0)
    n_new_states = len(states) // 2
    shape, (_, n_outputs) = problem.compiled.family.shapes
    n_hidden = shape[0] * shape[1]
    for number in range(len(ROUNDS)):
        fresh = space.with_regimes(rng, uniform_box(rng, problem.lower, problem.upper, _CANDIDATES))
        candidates = np.concatenate([fresh, states])
        errors = problem.errors_at(vector, candidates)
        narrow, waiting = without_waiting(problem, vector), places(shape[1], number)
        proposal = propose_units(
            rng,
            frame.scaled(space.continuous(candidates)),
            errors,
            _residuals_at(narrow.problem, narrow.vector),
            waiting.stop - waiting.start,
            n_outputs,
            n_new_states,
        )
        near = np.clip(frame.center + frame.half_width * proposal.states, problem.lower, problem.upper)
        along = _along_bounds(problem, vector, rng, n_new_states)
        states = np.concatenate([states, space.with_regimes(rng, near), along])
        best = _best_units(
            narrow.problem, monitor, narrow.vector, states, proposal.units, waiting.stop - waiting.start
        )
        hidden = vector[:n_hidden].reshape(shape).copy()
        hidden[:, waiting] = proposal.units[:, best]
        start = np.concatenate([hidden.ravel(), vector[n_hidden:]])
        rounds_left = len(ROUNDS) - 1 - number
        # A step of one state is so cheap that none is left out.
        hurries = len(problem.lower) > 1
        status, vector = fit_output_layer(
            problem,
            monitor,
            start,
            states,
            rounds_left=rounds_left,
            patience=1 if hurries else PATIENCE,
            worth=WORTH_A_STEP if hurries and rounds_left else IMPROVEMENT,
            is_near=True,
        )
        if monitor.end is not None:
            break
    return status


def units_wait(problem: TrainingProblem, vector: np.ndarray) -> bool:
    """Whether units are to be placed, and none has been in given weights (n_weights,)."""
    hidden = problem.compiled.unflatten(vector)[0]
    return problem.places_units and not hidden[:, places(hidden.shape[1], 0).start :].any()


def _along_bounds(
    problem: TrainingProblem, vector: np.ndarray, rng: np.random.Generator, count: int
) -> np.ndarray:
    """At most ``count`` states (n, n_columns) of the box where controls of given weights meet or leave a bound.

    The kink itself is in the midst of the strip that they are in: it is the most exact where they are the most.
    """
    box = uniform_box(rng, problem.lower, problem.upper, _DRAWN_PER_STATE * count)
    states = problem.compiled.space.with_regimes(rng, box)
    slack = problem.slack_at(vector, states)
    nearest = np.argsort(slack)[:count]
    return np.asarray(states[nearest[np.isfinite(slack[nearest])]])


def _residuals_at(problem: TrainingProblem, vector: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Euler residuals (n, n_residuals) as a function of scaled states (n, n_continuous), in the first regime."""
    euler, frame = _euler(problem), problem.numbers.setting.frame
    weights = euler.first_vector(problem.compiled.policy_weights(vector))

    def residuals(u: np.ndarray) -> np.ndarray:
        states = euler.space.in_every_regime(frame.center + frame.half_width * u)[: len(u)]
        found = euler.ratios(problem.tensors, euler.tensor(weights), euler.tensor(states))
        return np.asarray(found, float)

    return residuals


def _best_units(
    problem: TrainingProblem,
    monitor: Monitor,
    vector: np.ndarray,
    states: np.ndarray,
    units: np.ndarray,
    count: int,
) -> np.ndarray:
    """(count,) which of some units (n_inputs, n_units) lower the Euler residuals at the states most, one beside the other.

    The policy of tomorrow is held: what bends within a small part of the domain matters to today alone.
    """
    euler, frame = _euler(problem), problem.numbers.setting.frame
    assert isinstance(euler.family, NeuralFamily)
    weights = euler.first_vector(problem.compiled.policy_weights(vector))
    inner, output = np.split(weights, [-euler.n_output_weights])
    evaluate = evaluation(problem, monitor, euler.today_jacobian, inner, states, euler.tensor(weights))
    residuals, jacobian = balanced(evaluate, euler.n_residuals)(output)
    u = frame.held(np, frame.scaled(euler.space.continuous(states)))
    bent = ACTIVATIONS[euler.family.activation](np, u @ units[:-1] + units[-1])
    # The last columns are the constant's: the derivatives by the outputs themselves.
    slopes = jacobian[:, -euler.family.n_outputs :]
    columns = slopes[:, None, :] * np.tile(bent, (euler.n_residuals, 1))[:, :, None]
    return forward_selection(jacobian, columns, residuals, count)


def _euler(problem: TrainingProblem) -> CompiledObjective:
    """The Euler objective of a problem's network, whatever else is trained."""
    family = problem.compiled.family
    assert isinstance(family, NeuralFamily)
    policy = PolicySettings(family="neural", hidden=family.hidden, activation=family.activation)  # type: ignore[arg-type]
    return compiled_objective(problem.compiled.model, policy, problem.settings.method.training.dtype)


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
    return _follow(monitor, "levenberg-marquardt", iterates, vector, len(states), patience, NO_ROUNDS)


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
    rounds: Rounds | None,
    worth: float = IMPROVEMENT,
    widen: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> tuple[Status, np.ndarray]:
    """Take iterates until the monitor says stop, the phase stalls or no decrease is left.

    Iterates are the last of the weights (n_weights,) that the phase starts from. A phase that starts where the residuals
    are not defined ends there: what earlier phases found stands. ``widen`` makes all weights of those that are trained.
    """
    monitor.forget_stall(None if rounds is None else patience, rounds or NO_ROUNDS, worth)
    with monitor.off_the_clock():
        iterate = next(iterates, None)
    is_first = True
    while iterate is not None:
        if iterate.is_taken:
            vector = np.concatenate([vector[: len(vector) - len(iterate.point)], iterate.point])
            monitor.record(phase, widen(vector), iterate.loss, steps=0 if is_first else 1, visited=n_states)
        else:
            monitor.reject(visited=n_states)
        if monitor.end is not None or monitor.has_stalled(patience):
            break
        is_first, iterate = False, next(iterates, None)
    return monitor.outcome(Status.STALLED), widen(vector)
