"""Where policies come to rest."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.simulation.rest import MAX_PERIODS, come_to_rest
from tests.oracles.growth import Growth
from tests.oracles.log_growth import MODEL, LogGrowth
from tests.solver.diagnostics.rules import formula_policy, growth_case
from tests.solver.simulation.test_paths_with_shocks import policy_of_mixed


def test_without_shocks_it_is_the_steady_state():
    model, calibration = growth_case(delta=1.0, gamma=1.0)
    rest = come_to_rest(formula_policy(model, calibration, Growth(delta=1.0, gamma=1.0).closed_form))
    assert rest.is_found.tolist() == [True] and rest.periods < 2000
    for name, values in rest.panel.quantities().items():
        assert values.shape == (1, 1)
        assert values.item() == pytest.approx(calibration.steady_state[name], rel=1e-10, abs=1e-10)


def test_a_policy_that_allows_for_risk_rests_elsewhere():
    """Where i = s y is saved, capital rests at ``(s / δ)^(1/(1-θ))`` whatever the calibration's steady state is."""
    model = load_zoo("rbc")
    calibration = calibrate(model)
    rest = come_to_rest(formula_policy(model, calibration, lambda a, k: 0.3 * np.exp(a) * k**0.36))
    k = 3 ** (1 / 0.64)
    assert rest.panel.states["k"].item() == pytest.approx(k, rel=1e-9)
    assert rest.panel.definitions["c"].item() == pytest.approx(0.7 * k**0.36, rel=1e-9)
    assert abs(k - calibration.steady_state["k"]) > 1
    assert rest.panel.shocks["e"].item() == 0


def test_the_closed_form_with_shocks_rests_where_it_does_without():
    """Log utility and full depreciation: the saving rate does not depend on risk."""
    model = load_model(MODEL)
    rest = come_to_rest(Policy.of_linear_rule(model, calibrate(model)))
    assert rest.panel.states["x"].item() == pytest.approx(LogGrowth().x_ss, rel=1e-10)


def test_every_regime_has_a_rest_of_its_own():
    """z = 0.5, ``k = 0.6 k + z + regime / 100 + 10 w``."""
    rest = come_to_rest(policy_of_mixed())
    assert rest.is_found.all()
    np.testing.assert_array_equal(rest.panel.states["regime"], [[0.0, 1.0]])
    np.testing.assert_array_equal(rest.panel.shocks["w"], [[-1.0, 2.0]])
    np.testing.assert_allclose(
        rest.panel.states["k"], [[(0.5 - 10) / 0.4, (0.5 + 0.01 + 20) / 0.4]], rtol=1e-9
    )


def test_where_there_is_no_rest_that_is_said():
    model = load_zoo("rbc")
    calibration = calibrate(model)
    moving = come_to_rest(formula_policy(model, calibration, lambda a, k: np.where(k > 4, 0.0, 0.8)))
    assert moving.periods == MAX_PERIODS and not moving.is_found.any() and moving.changes[0] > 1e-3
    gone = come_to_rest(formula_policy(model, calibration, lambda a, k: 0 * k - 1.0))
    assert np.isnan(gone.panel.states["k"]).all()
    assert gone.changes[0] < 1e-12 and not gone.is_found.any()  # it rests at a capital of -10
