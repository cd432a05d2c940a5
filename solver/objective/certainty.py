"""The linearised Euler equation: how residuals answer to decisions, state by state, as if the next period were certain.

A change of policy from ν to ν + δ changes the residual at a state by ``A δ(s) + E[B δ(s')]``. Here A and B are taken where
the shocks of the next period have their mean, so that ``A δ(s) + B δ(s̄')`` is left: each state has two small matrices of
its own, whatever the number of shocks. In A the decisions of tomorrow follow a moved state along the frame's linear rule,
as the whole policy nearly does. Both are approximations of a Jacobian, never of a residual: Newton's method with them ends
at the same solution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from solver.expectation.ahead import Expectation
from solver.objective.complex_step import STEP, derivative
from solver.objective.euler import EulerObjective
from solver.policy.family import Array, Layer, Weights
from solver.policy.rule import Setting


class Linearised(NamedTuple):
    """The linearised Euler equation at n states.

    Attributes:
        features: (n, n_features) inputs of the output layer.
        next_features: (n, n_features) those at the next states.
        today: (n, n_equations, n_notional) A.
        tomorrow: (n, n_equations, n_notional) B.
    """

    features: np.ndarray
    next_features: np.ndarray
    today: np.ndarray
    tomorrow: np.ndarray


@dataclass(frozen=True)
class _GivenValues:
    """A family whose one layer of weights are its values at the states that it is asked about, (n, n_outputs)."""

    shapes: tuple[tuple[int, int], ...] = ()

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        """None: what it takes are values."""
        return []

    def layers(self, xp: Any, weights: Weights, u: Array) -> list[Layer]:
        """The values."""
        return [(u[:, :0], weights[0])]


def certain(expectation: Expectation) -> Expectation:
    """The rule that knows the next period's innovations to be their mean."""
    mean = (expectation.weights @ expectation.nodes)[None]
    return expectation._replace(nodes=mean, weights=np.ones(1))


def linearise(
    objective: EulerObjective,
    setting: Setting,
    expectation: Expectation,
    weights: Weights,
    states: np.ndarray,
) -> Linearised:
    """The linearised Euler equation of a model without regimes, at a policy and states (n, n_columns).

    Args:
        objective: compiled to NumPy.
        setting: the calibration and the frame.
        expectation: the rule for E[.]; of its nodes only the mean is looked at.
        weights: of the policy, one array a layer.
        states: where.
    """
    alone = certain(expectation)
    here = objective.sides(setting, alone, weights, states)
    (features, values), (next_features, next_values) = here.today.layers[-1], here.tomorrow[-1]
    given = replace(objective, rule=replace(objective.rule, family=_GivenValues()))

    def slopes(is_today: bool) -> np.ndarray:
        columns = []
        for notional in range(values.shape[1]):
            move = np.zeros(values.shape[1], dtype=complex)
            move[notional] = STEP * 1j
            today, tomorrow = (values + move, next_values) if is_today else (values, next_values + move)
            found = given.residuals(setting, alone, (today,), states, (tomorrow,))
            columns.append(derivative(given.with_multipliers(found)))
        return np.stack(columns, axis=2)

    return Linearised(features, next_features, slopes(is_today=True), slopes(is_today=False))
