"""Which policies have kinks: those of bounds that come near, and of minima and maxima whatever they do."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.policy.kinks import size_of_problem
from solver.policy.policy import Policy
from solver.settings import SolveSettings


def saving(bounds="0 <= x[t] <= inf", residual="x[t] - (0.5 + 0.2*k[t])", domain="[0.5, 1.5]"):
    """A control that is linear in its state, 0.7 at the steady state, with bounds and a domain."""
    return load_model(f"""
name: bounded
symbols: {{states: [k], controls: [x], exogenous: [e], parameters: []}}
equations:
  transition: k[t] = 0.5*k[t-1] + 0.5 + e[t]
  arbitrage: "{residual} {"⟂ " + bounds if bounds else ""}"
calibration: {{k: 1, x: 0.7}}
exogenous: !UNormal {{sigma: 0.1}}
domain: {{k: {domain}}}
""")


def has_kinks(model, overrides=None):
    return size_of_problem(model, calibrate(model, overrides)).has_kinks


@pytest.mark.parametrize(
    "name, answer",
    [
        ("rbc", False),
        ("rbc_labour", False),  # hours and investment have bounds, and are far from them
        ("irreversible_investment", True),
        ("consumption_savings", True),
        ("consumption_savings_ar1", True),
        ("new_keynesian_zlb", True),  # a maximum
    ],
)
def test_what_the_zoo_is_known_to_have(name, answer):
    assert has_kinks(load_zoo(name)) is answer


@pytest.mark.parametrize(
    "name, answer",
    [
        ("rbc_labour", False),
        ("irreversible_investment", False),  # investment makes good for what wears out
        ("consumption_savings", True),  # who is impatient holds nothing
        ("consumption_savings_ar1", True),
    ],
)
def test_whether_a_bound_holds_a_control_at_rest(name, answer):
    model = load_zoo(name)
    assert size_of_problem(model, calibrate(model)).rests_on_bound is answer


def test_all_else_of_the_size_is_that_of_the_model():
    model = load_zoo("rbc_labour")
    size, whole = size_of_problem(model, calibrate(model)), problem_size(model)
    assert whole.has_kinks
    assert (size.n_states, size.n_controls, size.n_regimes, size.n_shocks) == (
        whole.n_states,
        whole.n_controls,
        whole.n_regimes,
        whole.n_shocks,
    )


@pytest.mark.parametrize(
    "bounds, answer",
    [
        # Over the domain x goes from 0.6 to 0.8; its scale is its level of 0.7, of which a tenth counts as near.
        ("0 <= x[t] <= inf", False),
        ("0.5 <= x[t] <= inf", False),
        ("0.55 <= x[t] <= inf", True),
        ("-inf <= x[t] <= 0.9", False),
        ("-inf <= x[t] <= 0.85", True),
        ("0.65 <= x[t] <= inf", True),
        ("-inf <= x[t] <= inf", False),
    ],
)
def test_a_bound_counts_where_the_linear_rule_comes_near_it(bounds, answer):
    assert has_kinks(saving(bounds)) is answer


def test_the_same_bound_is_near_on_a_larger_domain():
    assert not has_kinks(saving("0.4 <= x[t] <= inf"))
    assert has_kinks(saving("0.4 <= x[t] <= inf", domain="[-1, 3]"))


@pytest.mark.parametrize("function", ["max(k[t], -9)", "min(k[t], 9)", "abs(k[t])"])
def test_a_minimum_or_maximum_counts_always(function):
    assert has_kinks(saving(bounds="", residual=f"x[t] - (0.5 + 0.2*{function})"))
    assert not has_kinks(saving(bounds="", residual="x[t] - (0.5 + 0.2*k[t])"))


def test_without_a_unique_linear_rule_a_bound_counts():
    model = saving("0 <= x[t] <= 100", residual="x[t] - 0.7 - 3*(x[t+1] - 0.7) + 0.2*(k[t] - 1)")
    calibration = calibrate(model)
    assert calibration.rule.verdict == "many"
    assert size_of_problem(model, calibration).has_kinks


@pytest.mark.parametrize(
    "name, target",
    [("rbc", 1e-6), ("rbc_labour", 1e-6), ("consumption_savings", 1e-4), ("new_keynesian_zlb", 1e-4)],
)
def test_the_default_target_is_that_of_a_smooth_or_a_kinked_policy(name, target):
    model = load_zoo(name)
    size = size_of_problem(model, calibrate(model))
    assert SolveSettings().resolve(size).target == target
    assert SolveSettings(target=1e-5).resolve(size).target == 1e-5


@pytest.mark.parametrize(
    "bounds, low, high", [("0.65 <= x[t] <= 0.8", 0.65, 0.8), ("0.1*k[t] <= x[t] <= inf", None, np.inf)]
)
def test_slack_is_how_far_the_wanted_control_is_from_its_nearest_bound(bounds, low, high):
    model = saving(bounds)
    policy = Policy.of_linear_rule(model, calibrate(model))
    k = np.linspace(0.5, 1.5, 11)
    wanted = 0.5 + 0.2 * k  # also where a bound holds it
    distance = np.minimum(np.abs(wanted - (0.1 * k if low is None else low)), np.abs(high - wanted))
    np.testing.assert_allclose(
        policy.slack(k[:, None]), distance / policy.frame.scale[0], rtol=1e-9, atol=1e-12
    )


def test_without_bounds_slack_has_no_end():
    model = load_zoo("rbc")
    calibration = calibrate(model)
    policy = Policy.of_linear_rule(model, calibration)
    assert np.all(np.isinf(policy.slack(calibration.state_steady()[None, :])))
