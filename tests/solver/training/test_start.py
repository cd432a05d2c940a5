"""Where training starts: a feasible rule, and a box around what the economy visits."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.settings import ExpectationSettings
from solver.training.start import bounded_frame, first_rule, reach
from tests.oracles.rbc import RBC

RBC_MODEL = load_zoo("rbc")


def reached(model, overrides=None, errors_at=lambda states: np.zeros(len(states))):
    """The domain and the reach of a model's linear rule, (2, n) each."""
    calibration = calibrate(model, overrides)
    lower, upper = reach(Policy.of_linear_rule(model, calibration), errors_at)
    return np.stack([calibration.lower(), calibration.upper()]), np.stack([lower, upper])


def test_the_reach_holds_the_domain_and_the_next_states_of_its_corners():
    """By the equations written by hand: productivity decays, and capital moves by the linear rule."""
    domain, box = reached(RBC_MODEL)
    economy = RBC()
    by_a, by_k = economy.linear_rule()
    assert np.all(box[0] <= domain[0]) and np.all(box[1] >= domain[1])
    a, k = (axis.ravel() for axis in np.meshgrid(*domain.T))
    investment = economy.delta * economy.k_ss + by_a * a + by_k * (k - economy.k_ss)
    k_next = (1 - economy.delta) * k + investment
    assert k_next.min() < domain[0, 1] and k_next.max() > domain[1, 1]
    assert box[0, 1] <= k_next.min() and k_next.max() <= box[1, 1]
    # From the edge of productivity a shock of one deviation is common among some hundred paths.
    assert box[1, 0] >= economy.phi * domain[1, 0] + economy.sigma
    assert box[0, 0] <= economy.phi * domain[0, 0] - economy.sigma
    assert box[1, 0] > domain[1, 0] and box[0, 0] < domain[0, 0]


def test_the_reach_is_that_of_steady_controls_too_where_a_bound_holds_one_at_rest():
    """By the linear rule all is consumed; whoever has 4 and consumes 1 has more than 4.1 with any usual income."""
    domain, box = reached(load_zoo("consumption_savings"))
    quarter = (domain[1] - domain[0]) / 4
    np.testing.assert_allclose(box[1], domain[1] + quarter)
    np.testing.assert_array_equal(box[0], domain[0])  # income alone is never below 0.1


def test_a_margin_is_added_where_paths_go_beyond_and_nowhere_else():
    model = load_zoo("consumption_savings")
    calibration = calibrate(model, {"r": 0.9})
    rule = Policy.of_linear_rule(model, calibration)
    (without, wide), half = (
        [reach(rule, lambda states: np.zeros(len(states)), margin) for margin in (0.0, 0.1)],
        (calibration.upper() - calibration.lower()) / 2,
    )
    np.testing.assert_array_equal(wide[0], without[0])
    grown = 0.1 * half if without[1] > calibration.upper() else 0.0
    np.testing.assert_allclose(wide[1] - without[1], grown, atol=1e-12)


def test_the_reach_ends_a_quarter_of_the_width_beyond_the_domain():
    domain, box = reached(RBC_MODEL, {"sigma": 0.2})
    quarter = (domain[1, 0] - domain[0, 0]) / 4
    np.testing.assert_allclose(box[:, 0], [domain[0, 0] - quarter, domain[1, 0] + quarter])


@pytest.mark.parametrize("share, feasible", [(1.0, 1.01), (0.5, 0.51), (0.25, 0.26), (0.0, 0.1)])
def test_the_reach_ends_where_the_rule_is_no_longer_feasible(share, feasible):
    domain, whole = reached(RBC_MODEL)
    lower, upper = domain + feasible * (whole - domain)

    def errors_at(states):
        return np.where(np.all((states >= lower) & (states <= upper), axis=1), 0.1, np.nan)

    _, box = reached(RBC_MODEL, errors_at=errors_at)
    np.testing.assert_allclose(box, domain + share * (whole - domain), rtol=1e-12)


@pytest.mark.parametrize(
    "is_trained, most, share", [(True, 1.0, 1.0), (True, 0.3, 0.25), (True, -1.0, 1.0), (False, 0.3, 1.0)]
)
def test_a_rule_that_is_corrected_starts_from_as_much_of_its_slope_as_is_feasible(is_trained, most, share):
    calibration = calibrate(RBC_MODEL)
    slopes = np.array(RBC().linear_rule())
    states = calibration.state_steady() + 1e-2 * np.stack([np.zeros(2), *np.eye(2)])

    def slopes_of(decide):
        steady, *moved = decide(states)[:, 0]
        return (np.array(moved) - steady) / 1e-2

    def error_of(decide):
        return 0.1 if np.all(np.abs(slopes_of(decide)) <= (most + 1e-6) * np.abs(slopes)) else np.nan

    rule = first_rule(RBC_MODEL, calibration, error_of, is_trained=is_trained)
    np.testing.assert_allclose(slopes_of(rule.evaluate), share * slopes, rtol=1e-6)


def test_the_correction_is_held_beyond_what_an_expectation_asks_about():
    """By hand: productivity moves to φ a ± σ, and no state has to be nearer than the domain's edge, here a tenth beyond."""
    calibration, economy = calibrate(RBC_MODEL), RBC()
    rule = Policy.of_linear_rule(RBC_MODEL, calibration)
    expectation = build_expectation(calibration.process, ExpectationSettings(rule="monomial"))
    a = 2 * calibration.upper()[0]
    upper = np.array([a, calibration.upper()[1]])
    frame = bounded_frame(rule, expectation, calibration.lower(), upper)
    half = calibration.upper()[0]
    assert frame.highest[0] == pytest.approx((economy.phi * a + economy.sigma) / half + 0.1)
    assert frame.lowest[0] == pytest.approx(-1.1)
    np.testing.assert_array_equal(frame.slope, rule.frame.slope)


def test_a_rule_that_leads_nowhere_is_held_at_the_domain():
    calibration = calibrate(RBC_MODEL)
    rule = Policy.of_linear_rule(RBC_MODEL, calibration)
    expectation = build_expectation(calibration.process, ExpectationSettings(rule="monomial"))
    frame = bounded_frame(rule, expectation, np.full(2, np.nan), np.full(2, np.nan))
    np.testing.assert_allclose([frame.lowest, frame.highest], [[-1.1, -1.1], [1.1, 1.1]])
