"""The linear rule of models with shocks, regimes and bounds, against undetermined coefficients and solutions by hand."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev
from scipy.optimize import root

from solver.calibrate import calibrate
from solver.errors import CalibrationError
from solver.language.numpy_backend import NUMPY
from solver.model.economy import Date, Economy
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from tests.oracles.klein import first_order_rule
from tests.oracles.multi_country import Countries
from tests.oracles.new_keynesian_zlb import NewKeynesian
from tests.oracles.rbc import RBC
from tests.oracles.rbc_labour import Labour

GROWTH = """
name: growth
symbols: {{states: [k], controls: [i], exogenous: [z], parameters: [beta, delta, theta, gamma, phi, sigma, s, unit]}}
definitions: |
  c[t] = exp(z[t])*(k[t]/unit)^theta - i[t]/unit
equations:
  transition: k[t] = (1 - delta)*k[t-1] + i[t-1]
  arbitrage: 1 - beta*(c[t+1]/c[t])^(-gamma)*(1 - delta + theta*exp(z[t+1])*(k[t+1]/unit)^(theta - 1))
calibration:
  {{beta: 0.96, delta: 0.1, theta: 0.36, gamma: 2, phi: 0.9, sigma: 0.02, s: 0.0001, unit: 1,
   k: unit*(theta/(1/beta - 1 + delta))^(1/(1 - theta)), i: delta*k}}
exogenous: {{z: {law}}}
domain: {{k: [0.5*k, 1.5*k]}}
"""
AR1 = load_model(GROWTH.format(law="!AR1 {rho: phi, sigma: sigma}"))
#: Twice as long in the first regime as in the second, so that the mean is zero.
CHAIN = load_model(
    GROWTH.format(law="!MarkovChain {values: [[-s], [2*s]], transitions: [[0.9, 0.1], [0.2, 0.8]]}")
)
PARAMETERS = {
    "beta": st.floats(0.9, 0.995),
    "delta": st.floats(0.02, 1.0),
    "theta": st.floats(0.2, 0.5),
    "gamma": st.floats(0.5, 6),
    "phi": st.floats(0, 0.98),
}

NEW_KEYNESIAN = load_model("""
name: new_keynesian
title: The three equations, a natural rate of first order
symbols: {states: [r], controls: [x, p], exogenous: [e], parameters: [beta, sigma, kappa, phi_p, phi_x, rho]}
equations:
  transition: r[t] = rho*r[t-1] + e[t]
  arbitrage: |
    x[t] = x[t+1] - (phi_p*p[t] + phi_x*x[t] - p[t+1] - r[t])/sigma
    p[t] = beta*p[t+1] + kappa*x[t]
calibration: {beta: 0.99, sigma: 1, kappa: 0.17, phi_p: 1.5, phi_x: 0.125, rho: 0.8, r: 0, x: 0, p: 0}
exogenous: !UNormal {sigma: 0.01}
domain: {r: [-0.1, 0.1]}
""")


@given(**PARAMETERS)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_rule_of_stochastic_growth_is_that_of_undetermined_coefficients(**parameters):
    expected = RBC(**parameters).linear_rule()
    # A few digits are lost where the stable root is near one.
    for model in (load_zoo("rbc"), AR1):
        rule = calibrate(model, parameters).rule
        np.testing.assert_allclose(rule.slope, [expected], rtol=1e-8, atol=1e-9)
        assert rule.verdict == "unique"


@pytest.mark.parametrize("unit", [1e-6, 1e9])
def test_the_rule_does_not_depend_on_units(unit):
    plain, other = calibrate(AR1).rule, calibrate(AR1, {"unit": unit}).rule
    assert other.verdict == "unique"
    np.testing.assert_allclose(other.slope, plain.slope * [[unit, 1.0]], rtol=1e-9)
    np.testing.assert_allclose(other.covariance, plain.covariance * np.outer([1, unit], [1, unit]), rtol=1e-8)


@pytest.mark.parametrize(
    "name, economy",
    [("rbc_labour", Labour()), ("multi_country", Countries(n=2)), ("new_keynesian_zlb", NewKeynesian())],
)
def test_the_rules_of_larger_models_are_those_of_finite_differences(name, economy):
    rule = calibrate(load_zoo(name)).rule
    # Central differences of fourth order leave eight digits, of which roots near one take some.
    np.testing.assert_allclose(
        rule.slope, first_order_rule(economy, *economy.steady_state()), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", ["rbc", "rbc_labour", "multi_country", "new_keynesian_zlb"])
def test_the_conditions_derivatives_by_todays_controls_include_tomorrow(name):
    model = load_zoo(name)
    calibration = calibrate(model)
    economy, parameters, rule = Economy(model, NUMPY), calibration.parameter_vector(), calibration.rule
    steady_states, steady_controls = calibration.state_steady(), calibration.control_steady()
    still = np.array([calibration.steady_state[name] for name in model.exogenous])

    def conditions(controls):
        today = Date(still, steady_states, controls)
        moved = economy.transition(parameters, today, still)
        tomorrow = Date(still, moved, steady_controls + rule.slope @ (moved - steady_states))
        return economy.arbitrage(parameters, today, tomorrow)

    step = 1e-5 * np.maximum(np.abs(steady_controls), 1e-2)
    columns = [
        (conditions(steady_controls + move) - conditions(steady_controls - move)) / (2 * move.sum())
        for move in np.diag(step)
    ]
    np.testing.assert_allclose(rule.system, np.stack(columns, axis=1), rtol=1e-6, atol=1e-7)


def nonlinear_controls(scale, degree=4, width=0.005):
    """Investment at the steady state in both regimes, by collocation of the Euler equation near it, (2,)."""
    growth = RBC()
    k_ss, z = growth.k_ss, scale * np.array([-1.0, 2.0])
    transitions = np.array([[0.9, 0.1], [0.2, 0.8]])
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    k = k_ss * (1 + width * nodes)

    def investment(weights, regime, k):
        return chebyshev.chebval((k / k_ss - 1) / width, weights[regime])

    def residuals(flat):
        weights, found = flat.reshape(2, degree + 1), []
        for regime in range(2):
            i = investment(weights, regime, k)
            k_next = 0.9 * k + i
            marginal = [
                (growth.output(z[r], k_next) - investment(weights, r, k_next)) ** -2.0
                * growth.gross_return(z[r], k_next)
                for r in range(2)
            ]
            c = growth.output(z[regime], k) - i
            found.append(0.96 * (transitions[regime] @ marginal) * c**2.0 - 1)
        return np.concatenate(found)

    start = np.zeros((2, degree + 1))
    start[:, 0], start[:, 1] = 0.1 * k_ss, growth.linear_rule()[1] * k_ss * width
    solution = root(residuals, start.ravel(), tol=1e-13)
    assert np.abs(solution.fun).max() < 1e-12
    return np.array([investment(solution.x.reshape(2, -1), regime, k_ss) for regime in range(2)])


def test_the_offsets_of_regimes_are_those_of_a_nonlinear_solution():
    scale = 1e-3
    expected = (nonlinear_controls(scale) - nonlinear_controls(-scale)) / 2
    calibration = calibrate(CHAIN, {"s": scale})
    assert calibration.rule.verdict == "unique"
    np.testing.assert_allclose(calibration.rule.slope, [[RBC().linear_rule()[1]]], rtol=1e-10)
    # Second-order terms cancel between ± scale; third-order ones are 1e-6 of the first.
    np.testing.assert_allclose(calibration.rule.offsets[:, 0], expected, rtol=1e-5)


def test_the_offsets_of_a_forward_looking_price_are_its_discounted_sums():
    """``p = β E p' + d``: p_r is the row sum of (1 - β P)^(-1) d."""
    model = load_model("""
name: price
symbols: {states: [s], controls: [p], exogenous: [d], parameters: [beta, mean]}
equations:
  transition: s[t] = 0.5*s[t-1]
  arbitrage: p[t] = beta*p[t+1] + d[t]
calibration: {beta: 0.9, mean: 2, s: 0, d: mean, p: d/(1 - beta)}
exogenous: !MarkovChain
  values: [[mean - 1], [mean - 1], [mean + 1]]
  transitions: [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]
domain: {s: [-1, 1]}
""")
    table = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    prices = np.linalg.solve(np.eye(3) - 0.9 * table, [1.0, 1.0, 3.0])
    calibration = calibrate(model)
    np.testing.assert_allclose(
        calibration.steady_state["p"] + calibration.rule.offsets[:, 0], prices, rtol=1e-12
    )


@given(
    phi_p=st.floats(0, 3),
    phi_x=st.floats(0, 1),
    kappa=st.floats(0.05, 0.5),
    sigma=st.floats(0.5, 3),
    rho=st.floats(0, 0.95),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_taylor_principle_decides_how_many_solutions_there_are(phi_p, phi_x, kappa, sigma, rho):
    """Unique exactly where ``κ (φ_π - 1) + (1 - β) φ_x > 0`` (Bullard and Mitra 2002); coefficients of Galí (2015)."""
    margin = kappa * (phi_p - 1) + 0.01 * phi_x
    assume(abs(margin) > 1e-4)
    rule = calibrate(
        NEW_KEYNESIAN, {"phi_p": phi_p, "phi_x": phi_x, "kappa": kappa, "sigma": sigma, "rho": rho}
    ).rule
    if margin < 0:
        assert rule.verdict == "many"
        assert (rule.n_stable, rule.n_states) == (2, 1)
        assert "many stable solutions" in rule.sentence
        assert rule.slope is None and rule.covariance is None
        return
    assert rule.verdict == "unique"
    share = 1 / ((1 - 0.99 * rho) * (sigma * (1 - rho) + phi_x) + kappa * (phi_p - rho))
    np.testing.assert_allclose(rule.slope, [[(1 - 0.99 * rho) * share], [kappa * share]], rtol=1e-9)


@pytest.mark.parametrize("response, verdict", [(0.01, "none"), (0.1, "unique")])
def test_debt_that_taxes_do_not_follow_explodes(response, verdict):
    """Leeper (1991): taxes must rise by more than the interest on what debt rises."""
    model = load_model("""
name: debt
symbols: {states: [b], controls: [tau], exogenous: [g], parameters: [rate, response]}
equations:
  transition: b[t] = (1 + rate)*(b[t-1] - tau[t-1]) + g[t]
  arbitrage: tau[t] = response*(b[t] - 1) + rate/(1 + rate)
calibration: {rate: 0.05, response: 0.1, b: 1, tau: rate/(1 + rate)}
exogenous: !UNormal {sigma: 0.01}
domain: {b: [0, 2]}
""")
    rule = calibrate(model, {"response": response}).rule
    assert rule.verdict == verdict
    if verdict == "none":
        assert (rule.n_stable, rule.n_states) == (0, 1)
        assert "every path explodes" in rule.sentence
        np.testing.assert_array_equal(rule.offsets, [[0.0]])


PERMANENT_INCOME = """
name: permanent_income
symbols: {states: [a], controls: [c], exogenous: [y], parameters: [r, rho]}
equations:
  transition: a[t] = (1 + r)*(a[t-1] + 1 + y[t-1] - c[t-1])
  arbitrage: c[t] = c[t+1]
calibration: {r: 0.05, rho: 0.7, a: 2, c: 1 + r/(1 + r)*a}
exogenous: {y: !AR1 {rho: rho, sigma: 0.1}}
domain: {a: [-10, 10], y: [-1, 1]}
"""


def test_permanent_income_has_a_unit_root_that_counts_as_stable():
    rule = calibrate(load_model(PERMANENT_INCOME)).rule
    assert rule.verdict == "unique"
    # c = r/(1+r) (a + Σ E y / (1+r)^j), so that a shock of income is worth (1+r)/(1+r-ρ) of it.
    np.testing.assert_allclose(rule.slope, [[0.05 / (1.05 - 0.7), 0.05 / 1.05]], rtol=1e-8)
    assert rule.covariance is None


def test_without_an_ergodic_distribution_a_missing_domain_is_asked_for():
    model = load_model(PERMANENT_INCOME.replace("a: [-10, 10], ", ""))
    with pytest.raises(
        CalibrationError, match=r"the state a has no domain.*give .lower, upper. in the file"
    ) as caught:
        calibrate(model)
    assert caught.value.faults[0].symbol == "a"


def linear_model(law, timing="t"):
    """``k' = 0.8 k + z'``, or with z of today, and a control that does nothing."""
    return load_model(f"""
name: linear
symbols: {{states: [k], controls: [i], exogenous: [z], parameters: []}}
equations:
  transition: k[t] = 0.8*k[t-1] + z[{timing}]
  arbitrage: i[t] = k[t]
calibration: {{k: 0, i: 0}}
exogenous: {{z: {law}}}
""")


def variance_of_a_sum(variance, persistence):
    """Of ``k' = 0.8 k + z'`` where z has that variance and autocorrelations ``persistence^j``."""
    return variance * (1 + 0.8 * persistence) / (1 - 0.8 * persistence) / (1 - 0.8**2)


def test_the_covariance_of_an_autoregression_is_its_formula():
    calibration = calibrate(linear_model("!AR1 {rho: 0.6, sigma: 0.3}"))
    variance = 0.09 / (1 - 0.36)
    together = variance / (1 - 0.8 * 0.6)  # of z and k: Σ (0.8 · 0.6)^j
    expected = [[variance, together], [together, variance_of_a_sum(variance, 0.6)]]
    np.testing.assert_allclose(calibration.rule.covariance, expected, rtol=1e-12)
    # Where the file gives no domain, it is three of these deviations around the steady state.
    np.testing.assert_allclose(calibration.upper(), 3 * np.sqrt(np.diag(expected)), rtol=1e-12)
    np.testing.assert_allclose(calibration.lower(), -calibration.upper(), rtol=1e-12)
    assert [note.split(" is ")[0] for note in calibration.notes] == ["The domain of z", "The domain of k"]


def test_a_shock_of_yesterday_moves_the_state_as_much():
    rule = calibrate(linear_model("!AR1 {rho: 0.6, sigma: 0.3}", timing="t-1")).rule
    np.testing.assert_allclose(rule.covariance[1, 1], variance_of_a_sum(0.09 / 0.64, 0.6), rtol=1e-12)


@pytest.mark.parametrize(
    "law, variance, persistence",
    [
        ("!UNormal {sigma: 0.3}", 0.09, 0.0),
        (
            "!Mixture {weights: [0.8, 0.2], distributions: "
            "[!UNormal {sigma: 0.1, mu: 0.1}, !UNormal {sigma: 0.5, mu: -0.4}]}",
            0.8 * (0.01 + 0.01) + 0.2 * (0.25 + 0.16),
            0.0,
        ),
        # A chain of two regimes is autocorrelated by p + q - 1.
        ("!MarkovChain {values: [[-1], [2]], transitions: [[0.9, 0.1], [0.2, 0.8]]}", 2.0, 0.7),
        ("!ConstantProcess {mu: 0}", 0.0, 0.0),
    ],
    ids=["normal", "mixture", "chain", "constant"],
)
def test_the_covariance_of_every_law_is_its_formula(law, variance, persistence):
    covariance = calibrate(linear_model(law)).rule.covariance
    np.testing.assert_allclose(covariance, [[variance_of_a_sum(variance, persistence)]], rtol=1e-12)


def test_the_covariance_of_growth_is_that_of_a_long_sum():
    """``Σ_j A^j B Σ B' A'^j``, with the linear law of motion written from the rule of the oracle."""
    by_a, by_k = RBC().linear_rule()
    move = np.array([[0.9, 0.0], [by_a, 0.9 + by_k]])
    shock, covariance = np.array([0.02, 0.0]), np.zeros((2, 2))
    for _ in range(2000):
        covariance += np.outer(shock, shock)
        shock = move @ shock
    np.testing.assert_allclose(calibrate(load_zoo("rbc")).rule.covariance, covariance, rtol=1e-9)


HELD = """
name: held
symbols: {states: [k], controls: [i], exogenous: [z], parameters: [wanted]}
equations:
  transition: k[t] = 0.5*k[t-1] + i[t-1] + 0.3
  arbitrage: i[t] - wanted - z[t]  ⟂ 0.2*k[t] <= i[t] <= 0.4*k[t]
calibration: {wanted: 0.3, k: 1.2, i: 0.3}
exogenous: {z: !AR1 {rho: 0.5, sigma: 0.1}}
domain: {k: [0, 5], z: [-0.5, 0.5]}
"""


@pytest.mark.parametrize(
    "wanted, k, slope",
    [(0.3, 1.2, [1.0, 0.0]), (0.1, 1.0, [0.0, 0.2]), (5.0, 3.0, [0.0, 0.4])],
    ids=["between the bounds", "at the lower", "at the upper"],
)
def test_where_a_bound_binds_it_is_the_rule(wanted, k, slope):
    calibration = calibrate(load_model(HELD), {"wanted": wanted})
    np.testing.assert_allclose(calibration.steady_state["k"], k, rtol=1e-9)
    np.testing.assert_allclose(calibration.rule.slope, [slope], atol=1e-12)
