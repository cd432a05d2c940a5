"""Newton's method on the output layer where its Jacobian would be too large to form.

With m features and k controls the Jacobian of the residuals has m k columns: half a million, for a hundred states and fifty
controls. But each state answers to decisions by two small matrices of its own (see :mod:`solver.objective.certainty`), and
all controls share their features (see :mod:`solver.numerics.functional_newton`). So a step costs one evaluation of the
residuals, a few derivatives at one case of the next period, and some products.

Steps are taken first as if the next period were certain: with one case instead of hundreds, they cost little, and what the
risk adds to the policy is left for one or two steps under the whole rule for expectations.

It solves ``Φ⁺ A⁻¹ R = 0`` rather than for the least sum of squares of R: the projection of the residuals, in units of
decisions, on the features. Where the features can represent the solution both find it; where they cannot, both leave errors
of the same size. All is NumPy: there are no graphs to be traced, which would take longer than the solve.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.expectation.ahead import Expectation
from solver.numerics.functional_newton import LeastSquaresFit, newton_direction
from solver.objective.certainty import Linearised, certain, linearise
from solver.objective.euler import EulerObjective
from solver.policy.family import Weights
from solver.policy.policy import numpy_rule
from solver.status import Status
from solver.training.monitor import Monitor
from solver.training.problem import TrainingProblem

_PATIENCE = 1
_MOST_HALVINGS = 5
#: Values of the family that are held at once.
_LARGEST_BATCH = 3_000_000


def fit_by_newton_krylov(
    problem: TrainingProblem, monitor: Monitor, vector: np.ndarray
) -> tuple[Status, np.ndarray]:
    """Newton steps on the output layer; how they ended, and the weights (n_weights,) that they ended with."""
    whole = problem.numbers.expectation
    assert isinstance(whole, Expectation)
    equations = _Equations(problem, monitor, whole)
    reached: _Reached | None = None
    if monitor.best is None:  # a policy to go on from knows of risk already
        alone = _Equations(problem, monitor, certain(whole))
        reached = _follow(alone, monitor, "newton-krylov-certain", vector, None)
    if monitor.end is None and reached is not None:
        reached = _follow(equations, monitor, "newton-krylov", *reached)
    if monitor.end is None and reached is None:
        reached = _follow(equations, monitor, "newton-krylov", vector, None)
    return monitor.outcome(Status.STALLED), vector if reached is None else reached.vector


class _Reached(NamedTuple):
    """Weights (n_weights,) that a phase has led to, and the fit to features that its steps share."""

    vector: np.ndarray
    fit: LeastSquaresFit | None


def _follow(
    equations: _Equations, monitor: Monitor, phase: str, vector: np.ndarray, fit: LeastSquaresFit | None
) -> _Reached | None:
    """Newton steps until the monitor says stop or they stall; None where there is none to begin with."""
    monitor.forget_stall(_PATIENCE)
    point = equations.at(vector)
    if point is None or not np.isfinite(point.loss):
        return None
    monitor.record(phase, vector, point.loss, steps=0, visited=equations.n_states)
    while monitor.end is None and not monitor.has_stalled(_PATIENCE):
        linear = equations.linearised(vector)
        if linear is None:
            break
        if fit is None:
            fit = LeastSquaresFit(linear.features)
        step = newton_direction(fit, linear.next_features, linear.today, linear.tomorrow, point.residuals)
        found = _shortened(equations, monitor, vector, step.ravel(), point)
        if found is None:
            break
        vector, point = found
        monitor.record(phase, vector, point.loss, steps=1, visited=equations.n_states)
    return _Reached(vector, fit)


class _Point(NamedTuple):
    """Residuals (n, n_equations) at some weights, and their mean square."""

    residuals: np.ndarray
    loss: float


def _shortened(
    equations: _Equations, monitor: Monitor, vector: np.ndarray, step: np.ndarray, before: _Point
) -> tuple[np.ndarray, _Point] | None:
    """The weights after the longest of a step's halves that lowers the loss, and their residuals; None where none does."""
    for halving in range(_MOST_HALVINGS):
        trial = vector.copy()
        trial[len(vector) - len(step) :] += 0.5**halving * step
        point = equations.at(trial)
        if point is None:
            return None
        if point.loss < before.loss:
            return trial, point
        monitor.reject(visited=equations.n_states)
        if monitor.end is not None:
            return None
    return None


class _Equations:
    """The residuals at the training states, batch by batch."""

    def __init__(self, problem: TrainingProblem, monitor: Monitor, expectation: Expectation) -> None:
        rule = numpy_rule(problem.compiled.model, problem.settings.method.policy)
        self._objective = EulerObjective(rule, as_ratio=True)
        self._unflatten = problem.compiled.policy_weights
        self._setting, self._expectation = problem.numbers.setting, expectation
        self._states, self._monitor = problem.states(at_least=0), monitor
        self._n_values = rule.family.shapes[-1][0]

    @property
    def n_states(self) -> int:
        """Number of training states."""
        return len(self._states)

    def at(self, vector: np.ndarray) -> _Point | None:
        """The residuals at weights (n_weights,); None where the monitor has said stop before they were all there."""
        weights, parts = self._unflatten(vector), []
        for states in self._batches(1 + len(self._expectation.weights)):
            if self._monitor.is_over():
                return None
            parts.append(self._of(weights, states))
        residuals = np.concatenate(parts)
        loss = float(np.mean(residuals**2))
        return _Point(residuals, loss if np.isfinite(loss) else np.inf)

    def linearised(self, vector: np.ndarray) -> Linearised | None:
        """The linearised equations at weights (n_weights,); None where the monitor has said stop before."""
        weights, parts = self._unflatten(vector), []
        for states in self._batches(2):
            if self._monitor.is_over():
                return None
            with np.errstate(all="ignore"):
                parts.append(linearise(self._objective, self._setting, self._expectation, weights, states))
        return Linearised(*(np.concatenate(blocks) for blocks in zip(*parts, strict=True)))

    def _of(self, weights: Weights, states: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            found = self._objective.residuals(self._setting, self._expectation, weights, states)
            return np.asarray(self._objective.with_multipliers(found))

    def _batches(self, evaluations: int) -> list[np.ndarray]:
        """The states, by as many as a number of evaluations of the family at each allows."""
        size = max(1, _LARGEST_BATCH // (evaluations * self._n_values))
        return [self._states[start : start + size] for start in range(0, len(self._states), size)]
