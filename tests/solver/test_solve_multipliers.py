"""The multiplier that a solve finds for a bound, against what the Euler equation leaves there by the formula."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.policy.policy import numpy_rule
from solver.policy.rule import Setting
from solver.solve import solve
from solver.status import Status
from tests.oracles.saving import PANELS, Saving, normal_panels


@pytest.fixture(scope="module")
def solution():
    model = load_zoo("consumption_savings")
    solution = solve(model, calibrate(model))
    assert solution.status is Status.CONVERGED
    return solution


@pytest.fixture(scope="module")
def truth(solution):
    """The policy by endogenous grid points."""
    return Saving(**solution.calibration.parameters).solve()


def decided(solution, w):
    """Consumption and the multiplier of its bounds, as the policy has them, (n,) each."""
    policy, calibration = solution.policy, solution.calibration
    rule, process = numpy_rule(policy.model, policy.settings), calibration.process
    setting = Setting(calibration.parameter_vector(), process.mean, process.values, policy.frame)
    decision = rule.decide(setting, policy.weights, w[:, None])
    (multiplier,) = decision.multipliers
    return decision.date.controls[:, 0], multiplier


def left_over(solution, truth, w):
    """``log(β r E (c'/c)^(-γ))`` where consumption of both dates is the oracle's, (n,)."""
    saving = Saving(**solution.calibration.parameters)
    nodes, weights = normal_panels(np.linspace(PANELS[0], PANELS[-1], 241), 3)
    c = truth(np.zeros(len(w)), w)
    y_next = saving.sigma * nodes
    w_next = saving.r * (w - c)[:, None] + np.exp(y_next)
    c_next = truth(np.zeros_like(w_next), w_next)
    return np.log(saving.beta * saving.r * ((c_next / c[:, None]) ** -saving.gamma @ weights))


def test_where_the_bound_binds_the_multiplier_is_what_the_euler_equation_leaves(solution, truth):
    w = np.linspace(0.2, 0.98 * truth.kink(0.0), 60)
    consumption, multiplier = decided(solution, w)
    np.testing.assert_array_equal(consumption, w)
    expected = left_over(solution, truth, w)
    assert np.all(expected < -1e-3)
    # Deep within the binding region the equation weighs less, and the target with it.
    np.testing.assert_array_less(np.abs(multiplier - expected), 1e-4 * (1 + (expected / 0.1) ** 2))
    np.testing.assert_allclose(multiplier, expected, rtol=0.02)


def test_between_the_bounds_there_is_neither(solution, truth):
    w = np.linspace(1.02 * truth.kink(0.0), 3.9, 60)
    consumption, multiplier = decided(solution, w)
    assert np.all(consumption < w)
    np.testing.assert_array_equal(multiplier, 0.0)
    np.testing.assert_allclose(left_over(solution, truth, w), 0.0, atol=1e-5)
