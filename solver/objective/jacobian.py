"""The residuals' Jacobian with respect to the output layer, in NumPy: for whoever has a policy and no TensorFlow.

A residual depends on the output layer ``z = h @ w`` through the notional values that it gives today and in each case of
tomorrow, so that a row is ``h ⊗ ∂r/∂z`` of today plus ``h' ⊗ ∂r/∂z'`` of every case. These few derivatives are taken by a
complex step: today's with tomorrow's policy held, tomorrow's of the equations' sides case by case, each of which depends on
its own decision alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.objective.complex_step import STEP, Numbers, derivative
from solver.objective.euler import EulerObjective, Residuals, Sides
from solver.policy.family import Weights


def output_jacobian(objective: EulerObjective, numbers: Numbers, states: np.ndarray) -> np.ndarray:
    """The derivatives of the residuals, with multipliers, by the weights of the output layer.

    Args:
        objective: compiled to NumPy.
        numbers: where; the last row of a layer's weights is that of the constant.
        states: (n, n_columns).

    Returns:
        (n_equations, n, n_output_weights).
    """
    space, n_regimes = objective.rule.space, objective.rule.space.n_regimes
    setting, expectation, weights = numbers
    here = objective.sides(setting, expectation, weights, states)
    by_sides = _by_sides(objective, here)

    def of_today(shifted: Weights) -> np.ndarray:
        found = objective.residuals(setting, expectation, shifted, states, weights)
        return np.asarray(objective.with_multipliers(found))

    def of_tomorrow(shifted: Weights) -> np.ndarray:
        there = objective.sides(setting, expectation, weights, states, shifted)
        return np.asarray(by_sides[0] * there.left + by_sides[1] * there.right)

    now = _by_notional(objective, weights, of_today)
    then = _by_notional(objective, weights, of_tomorrow)
    regime = space.regime_weights(np, states)
    next_regime = space.regime_weights(np, here.ahead.states)
    h, h_next = here.today.layers[-1][0], here.tomorrow[-1][0]
    n, n_features = h.shape
    h_next = h_next.reshape(n, -1, n_features).transpose(0, 2, 1)
    blocks = []
    for equation in range(len(objective.equations)):
        z = regime[:, :, None] * now[:, None, :, equation]
        z_next = next_regime.reshape(n, -1, n_regimes)[..., None] * then[:, :, None, :, equation]
        block = h[:, :, None] * z.reshape(n, 1, -1) + h_next @ z_next.reshape(n, h_next.shape[2], -1)
        blocks.append(block.reshape(n, -1))
    return np.stack(blocks)


def _by_notional(
    objective: EulerObjective, weights: Weights, evaluate: Callable[[Weights], np.ndarray]
) -> np.ndarray:
    """The derivatives of a function of the weights by each notional value, in every regime at once.

    Returns:
        (..., n_notional, n_equations) where the function gives (..., n_equations).
    """
    n_notional = objective.rule.outputs.n_notional
    slopes = []
    for notional in range(n_notional):
        output = weights[-1].astype(complex)
        output[-1, notional::n_notional] += STEP * 1j
        slopes.append(derivative(evaluate((*weights[:-1], output))))
    return np.stack(slopes, axis=-2)


def _by_sides(objective: EulerObjective, here: Sides) -> tuple[np.ndarray, np.ndarray]:
    """The derivatives of the residuals, with multipliers, by the two sides in each case, (n, n_cases, n_equations)."""
    left, right = objective.expected_sides(here)
    are_ratios = objective.as_ratio & (np.minimum(left, right) > 0.0)
    found = Residuals(np.zeros_like(left), here.today, here.tomorrow)
    # Linear in the values, whatever the multipliers.
    one = objective.with_multipliers(found._replace(values=np.ones_like(left)))
    share = here.ahead.weights[:, :, None] * (one - objective.with_multipliers(found))[:, None, :]
    by_left, by_right = (share / np.where(are_ratios, side, 1.0)[:, None, :] for side in (left, right))
    return by_left, -by_right
