import numpy as np
import pytest

from solver.classical.derivatives import steady_state_derivatives
from solver.classical.perturbation import Derivatives, solve_first_order
from solver.language.numpy_backend import NUMPY
from solver.model.calibration import calibrate
from solver.model.economy import Economy
from solver.model.zoo import load_zoo
from tests.oracles.growth import Growth

CALIBRATIONS = [
    {},
    {"beta": 0.99, "delta": 0.02, "theta": 0.5, "gamma": 5.0, "rho": 0.05},
    {"beta": 0.9, "delta": 0.2, "theta": 0.2, "gamma": 0.5, "rho": 0.5},
    {"delta": 1.0, "gamma": 1.0},
    {"loading": 0.0},
]


@pytest.mark.parametrize("overrides", CALIBRATIONS)
def test_the_rule_is_the_stable_root_of_the_quadratic(overrides):
    model = load_zoo("neoclassical")
    rule = solve_first_order(steady_state_derivatives(model, calibrate(model, overrides)))
    growth = Growth(**overrides)
    assert rule.n_stable == rule.n_states == 2
    np.testing.assert_allclose(rule.slope, [growth.linear_rule()], rtol=1e-9, atol=1e-12)


def test_brock_mirman_has_the_derivatives_of_its_closed_form():
    model = load_zoo("brock_mirman")
    calibration = calibrate(model)
    rule = solve_first_order(steady_state_derivatives(model, calibration))
    growth = Growth(**{**calibration.parameters, "delta": 1.0, "gamma": 1.0})
    investment = growth.closed_form(0.0, growth.k_ss)
    expected = [growth.loading * investment, growth.theta * investment / growth.k_ss]
    np.testing.assert_allclose(rule.slope[0], expected, rtol=1e-10)


def test_derivatives_are_finite_differences():
    model = load_zoo("neoclassical")
    calibration = calibrate(model, {"gamma": 3.0})
    economy, parameters = Economy(model, NUMPY), calibration.parameter_vector()
    point = np.concatenate([calibration.state_steady(), calibration.control_steady()])
    both = np.concatenate([point, point])

    def arbitrage(x):
        return economy.arbitrage(parameters, x[0:2], x[2:3], x[3:5], x[5:6])

    def transition(x):
        return economy.transition(parameters, x[:2], x[2:])

    def differences(function, x, width=1e-5):
        moves = width * np.eye(len(x))
        return np.stack([(function(x + move) - function(x - move)) / (2 * width) for move in moves], axis=-1)

    found = steady_state_derivatives(model, calibration)
    # Central differences of step 1e-5 err by 1e-10 of curvature and 1e-11 of rounding.
    np.testing.assert_allclose(found.transition, differences(transition, point), atol=1e-8)
    np.testing.assert_allclose(found.arbitrage, differences(arbitrage, both), atol=1e-8)


def scalar(root_a, root_b):
    """One state, one control, with roots a and b: ``s' = x`` and ``x' - (a + b) x + a b s = 0``."""
    return Derivatives(
        transition=np.array([[0.0, 1.0]]),
        arbitrage=np.array([[root_a * root_b, -(root_a + root_b), 0.0, 1.0]]),
    )


def test_one_stable_root_is_the_rule():
    rule = solve_first_order(scalar(0.7, 1.4))
    assert rule.n_stable == 1
    np.testing.assert_allclose(rule.slope, [[0.7]])


@pytest.mark.parametrize(("roots", "n_stable"), [((0.5, 0.7), 2), ((1.2, 1.5), 0)])
def test_many_or_no_stable_rules_are_none(roots, n_stable):
    rule = solve_first_order(scalar(*roots))
    assert rule.slope is None
    assert rule.n_stable == n_stable


def test_a_unit_root_counts_as_stable():
    np.testing.assert_allclose(solve_first_order(scalar(1.0, 1.6)).slope, [[1.0]])
