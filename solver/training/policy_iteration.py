"""Policy iteration: the stage of the Bellman objective that leads near a solution.

Each sweep improves the policy by the first-order conditions with the value held, and then finds the value of that policy
by the Bellman equation, which is linear in it (Howard 1960). That converges from far away, where steps in both at once
are led astray by what each still has wrong of the other.
"""

from __future__ import annotations

import itertools

import numpy as np

from solver.numerics.least_squares import gauss_newton, least_norm_solution
from solver.training.compiled_bellman import CompiledBellman
from solver.training.monitor import Monitor
from solver.training.problem import TrainingProblem
from solver.training.stages import balanced, evaluation

_MOST_SWEEPS = 20
_TRIALS_PER_SWEEP = 4
_PATIENCE = 5
#: Held-out error from which value and policy are trusted to go on together.
_NEAR = 0.01


def iterate_on_policy(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> np.ndarray:
    """The weights (n_weights,) of a policy that is near enough, or as near as sweeps come, and of its value."""
    best = vector = fit_value(problem, monitor, vector)
    n_states = len(problem.states(at_least=0))
    monitor.forget_stall()
    monitor.record("policy-iteration", vector, float("nan"), steps=0, visited=n_states)
    for _ in range(_MOST_SWEEPS):
        if monitor.end is not None or monitor.best_error <= _NEAR or monitor.has_stalled(_PATIENCE):
            break
        improved, loss, n_trials = _improve(problem, monitor, vector)
        if not n_trials:
            break
        vector = fit_value(problem, monitor, improved)
        monitor.record("policy-iteration", vector, loss, steps=1, visited=(n_trials + 1) * n_states)
        # What the monitor calls its best may be the start, whose value nobody has found.
        best = vector if monitor.best is vector else best
    return best


def fit_value(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> np.ndarray:
    """The weights (n_weights,) with those of the value that belongs to their policy, which stays as it is.

    The Bellman equation is linear in the value's weights, so that one undamped step finds them. Where it is not defined,
    as of a policy that leaves nothing to eat, they stay as they are.
    """
    compiled = _compiled(problem)
    policy = vector[: -compiled.n_value_weights]
    evaluate = evaluation(problem, monitor, compiled.value_jacobian, policy, problem.states(at_least=0))
    residuals, jacobian = evaluate(np.zeros(compiled.n_value_weights))
    if not (np.isfinite(residuals).all() and np.isfinite(jacobian).all()):
        return vector
    return np.concatenate([policy, least_norm_solution(jacobian, -residuals)])


def _improve(problem: TrainingProblem, monitor: Monitor, vector: np.ndarray) -> tuple[np.ndarray, float, int]:
    """The weights with a better policy for their value; what is left of its residuals, and the trials that it took."""
    compiled = _compiled(problem)
    n_value = compiled.n_value_weights
    policy, value = vector[:-n_value], vector[-n_value:]
    inner, output = np.split(policy, [len(vector) - compiled.n_output_weights])
    states = problem.states(at_least=0)
    held = compiled.tensor(value)
    evaluate = evaluation(problem, monitor, compiled.policy_jacobian, inner, states, held)
    iterates = gauss_newton(balanced(evaluate, compiled.n_residuals - 1), output)
    trials = list(itertools.islice(iterates, 1 + _TRIALS_PER_SWEEP))
    if not trials:
        return vector, np.nan, 0
    return np.concatenate([inner, trials[-1].point, value]), trials[-1].loss, len(trials)


def _compiled(problem: TrainingProblem) -> CompiledBellman:
    assert isinstance(problem.compiled, CompiledBellman)
    return problem.compiled
