import numpy as np
import pytest

from solver.diagnostics.euler_errors import error_units, policy_euler_errors
from solver.language.numpy_backend import NUMPY
from solver.model.economy import Economy
from solver.model.load import load_model
from tests.oracles.growth import Growth
from tests.solver.diagnostics.rules import formula_policy, growth_case

RULES = {
    "nearly right": lambda a, k: 0.43 + 0.35 * a - 0.035 * (k - 4.29),
    "a tenth off": lambda a, k: 0.38 + 0.35 * a - 0.035 * (k - 4.29),
    "save little": lambda a, k: 0.01 * k,
    "save nearly everything": lambda a, k: 0.999 * np.exp(a) * k**0.36,
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
def test_errors_are_those_of_the_crra_formula(name, gamma):
    model, calibration = growth_case(gamma=gamma)
    policy = formula_policy(calibration, RULES[name])
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), size=(200, 2))
    found = policy_euler_errors(
        Economy(model, NUMPY), calibration.parameter_vector(), policy.evaluate, states
    )
    expected = Growth(gamma=gamma).euler_errors(*states.T, RULES[name])
    # The root is found to a ten-thousandth of the residual, which errors of any size share.
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-14)


def test_small_errors_keep_their_digits():
    model, calibration = growth_case(delta=1.0, gamma=1.0)
    growth = Growth(delta=1.0, gamma=1.0)

    def rule(a, k):
        return growth.closed_form(a, k) * (1 + 1e-9 * np.sin(30 * a + 50 * k))

    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), size=(200, 2))
    policy = formula_policy(calibration, rule)
    found = policy_euler_errors(
        Economy(model, NUMPY), calibration.parameter_vector(), policy.evaluate, states
    )
    np.testing.assert_allclose(found, growth.euler_errors(*states.T, rule), atol=2e-14)


def test_the_closed_form_has_no_error():
    model, calibration = growth_case(delta=1.0, gamma=1.0)
    policy = formula_policy(calibration, Growth(delta=1.0, gamma=1.0).closed_form)
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), size=(200, 2))
    errors = policy_euler_errors(
        Economy(model, NUMPY), calibration.parameter_vector(), policy.evaluate, states
    )
    assert errors.max() < 1e-13


@pytest.mark.parametrize(
    "invested", [lambda a, k: 3.0 + 0 * k, lambda a, k: -5.0 * k, lambda a, k: np.nan * k]
)
def test_an_infeasible_policy_has_no_error_at_all(invested):
    model, calibration = growth_case()
    policy = formula_policy(calibration, invested)
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), size=(50, 2))
    errors = policy_euler_errors(
        Economy(model, NUMPY), calibration.parameter_vector(), policy.evaluate, states
    )
    assert np.all(np.isnan(errors))


WITHOUT_CONSUMPTION = """
name: adjustment
symbols: {states: [s], controls: [x], parameters: [rho]}
equations:
  transition: |
    s[t] = rho*s[t-1]
  arbitrage: |
    x[t] - 2*s[t+1]
calibration: {rho: 0.5, s: 0, x: 0}
domain: {s: [-1, 1]}
"""


def test_without_consumption_it_is_the_residual_as_written():
    from solver.model.calibration import calibrate

    model = load_model(WITHOUT_CONSUMPTION)
    calibration = calibrate(model)
    economy = Economy(model, NUMPY)
    assert error_units(economy) == "residual"
    states = np.array([[-1.0], [0.5]])
    errors = policy_euler_errors(economy, calibration.parameter_vector(), lambda s: 1.1 * s, states)
    np.testing.assert_allclose(errors, [0.1, 0.05])
