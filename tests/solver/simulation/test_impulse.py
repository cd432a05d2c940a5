"""Impulse responses: exact ones of linear and lognormal economies, bounds, regimes, correlated shocks."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.simulation.impulse import Impulse, innovations_of, respond
from solver.simulation.panel import at_rest
from solver.simulation.paths import draw_shocks, no_shocks, simulate
from tests.oracles.log_growth import MODEL, LogGrowth
from tests.solver.simulation.test_paths_with_shocks import CALIBRATION, policy_of_mixed

TRUTH = LogGrowth()
LOGS = load_model(MODEL)
POLICY = Policy.of_linear_rule(LOGS, calibrate(LOGS))
PERIODS = 40


def response_of(policy, size=1.0, place=0, paths=300, initial=None, **more):
    rng = np.random.default_rng(0)
    process = policy.calibration.process
    initial = at_rest(policy, rng, paths) if initial is None else initial
    draws = draw_shocks(process, rng, PERIODS, len(initial))
    return respond(policy, initial, draws, Impulse(innovations_of(process, place, size), **more))


def column(found, name, what="response"):
    return getattr(found, what)[:, found.names.index(name)]


@pytest.mark.parametrize("size", [1.0, -2.5])
def test_a_linear_economy_responds_as_the_textbook_says(size):
    found = response_of(POLICY, size)
    a, x = TRUTH.response(size, PERIODS)
    # On every path the same, but for rounding.
    np.testing.assert_allclose(column(found, "a"), a, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(column(found, "x"), x, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(column(found, "a", "standard_error"), 0, atol=1e-15)
    np.testing.assert_allclose(column(found, "e"), [size * TRUTH.sigma] + [0] * (PERIODS - 1), atol=1e-16)


def test_from_the_long_run_the_response_of_a_level_is_the_mean_of_its_distribution():
    rng = np.random.default_rng(3)
    initial = rng.multivariate_normal([0, TRUTH.x_ss], TRUTH.covariance, size=20_000)
    found = response_of(POLICY, 3.0, initial=initial)
    truth = TRUTH.response_of_capital(3.0, PERIODS)
    assert found.n_lost == 0
    off, error = column(found, "k") - truth, column(found, "k", "standard_error")
    assert column(found, "k")[0] == 0 and np.all(np.abs(off[1:]) < 4 * error[1:])
    mean = np.exp(TRUTH.x_ss + TRUTH.covariance[1, 1] / 2)
    np.testing.assert_allclose(column(found, "k", "baseline"), mean, rtol=0.005)  # 0.06 % is a standard error


def test_the_response_of_a_level_depends_on_the_state_that_it_meets():
    low, high = (
        response_of(POLICY, initial=np.tile([[0.0, TRUTH.x_ss + off]], (300, 1))) for off in (-0.3, 0.3)
    )
    ratio = column(high, "k")[1:] / column(low, "k")[1:]
    np.testing.assert_allclose(ratio, np.exp(0.6 * TRUTH.theta ** np.arange(2, PERIODS + 1)), rtol=1e-9)


def test_a_bound_is_respected():
    model = load_zoo("irreversible_investment")
    policy = Policy.of_linear_rule(model, calibrate(model))
    # Without more shocks, so that the mean is the path itself: after a bad one investment is zero, not negative.
    initial, process = at_rest(policy, np.random.default_rng(0), 1), policy.calibration.process
    still = no_shocks(process, PERIODS)
    found = respond(policy, initial, still, Impulse(innovations_of(process, 0, -3.0)))
    invested = column(found, "i", "baseline") + column(found, "i")
    unbounded = policy.calibration.steady_state["i"] - 3.0 * 0.1 * policy.calibration.rule.slope[0, 0]
    assert unbounded < 0
    assert invested[0] == pytest.approx(0.0, abs=1e-15) and invested.min() >= -1e-15
    assert column(found, "mu")[0] > 0
    # Bad news does more harm than as good news does good.
    random = [column(response_of(policy, size), "i")[0] for size in (-3.0, 3.0)]
    assert abs(random[0]) < abs(random[1])


def test_a_change_of_regime_moves_the_chain_and_what_it_moves():
    policy = policy_of_mixed()
    initial = np.tile([[0.5, 0.0, 0.0]], (4000, 1))
    zero = np.zeros(3)
    rng = np.random.default_rng(0)
    draws = draw_shocks(CALIBRATION.process, rng, PERIODS, 4000)
    found = respond(policy, initial, draws, Impulse(zero, regime=1))
    # Without it the regime is 1 in a quarter of the paths; what is changed dies out as (0.75 - 0.5)^t.
    w = 3 * 0.75 * 0.25 ** np.arange(PERIODS)
    off = np.abs(column(found, "w") - w)
    assert np.all(off[:6] < 4 * column(found, "w", "standard_error")[:6] + 1e-12)
    # k' = 0.5 k + i + 10 w with i = 0.1 k + z + regime / 100
    k = [0.0]
    for period in range(PERIODS - 1):
        k.append(0.6 * k[-1] + 10 * column(found, "w")[period] + column(found, "w")[period] / 300)
    np.testing.assert_allclose(column(found, "k"), k, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(column(found, "z"), 0, atol=1e-15)


CORRELATED = load_model("""
name: correlated
symbols: {states: [k], controls: [i], exogenous: [u, v], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + v[t]
  arbitrage: i[t] = k[t] + u[t]
calibration: {k: 0, i: 0}
exogenous:
  u, v: !VAR1 {rho: [[0.9, 0], [0, 0.5]], Sigma: [[0.04, 0.03], [0.03, 0.09]]}
domain: {k: [-5, 5], u: [-2, 2], v: [-2, 2]}
""")


def test_correlated_shocks_move_together():
    policy = Policy.of_linear_rule(CORRELATED, calibrate(CORRELATED))
    shift = innovations_of(policy.calibration.process, 0, 2.0)
    # E[v | u = 2 standard deviations] = 0.03 / 0.04 u
    np.testing.assert_allclose(shift, [0.4, 0.3])
    found = response_of(policy, 2.0)
    t = np.arange(PERIODS)
    np.testing.assert_allclose(column(found, "u"), 0.4 * 0.9**t, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(column(found, "v"), 0.3 * 0.5**t, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(column(found, "k"), 0.3 * (t + 1) * 0.5**t, rtol=1e-9, atol=1e-13)


def test_an_innovation_of_a_mixture_is_measured_by_the_whole_law():
    variance = 0.8 * (0.01 + 0.04) + 0.2 * (0.16 + 0.64)
    np.testing.assert_allclose(innovations_of(CALIBRATION.process, 1, 1.0), [0, np.sqrt(variance), 0])


def test_paths_that_end_are_left_out_and_counted():
    found = response_of(POLICY, initial=np.array([[0.0, TRUTH.x_ss], [0.0, np.inf]]))
    assert found.n_lost == 1
    np.testing.assert_allclose(column(found, "a"), TRUTH.response(1.0, PERIODS)[0], rtol=1e-10, atol=1e-14)
    assert np.isnan(found.standard_error).all()  # of a single path
    none = response_of(POLICY, initial=np.array([[0.0, np.inf]]))
    assert none.n_lost == 1 and np.isnan(none.response).all() and np.isnan(none.baseline).all()


def test_the_baseline_is_the_simulation():
    rng = np.random.default_rng(0)
    initial = at_rest(POLICY, rng, 5)
    draws = draw_shocks(POLICY.calibration.process, rng, PERIODS, 5)
    found = respond(POLICY, initial, draws, Impulse(np.zeros(1)))
    paths = simulate(POLICY, initial, draws)
    np.testing.assert_allclose(
        column(found, "x", "baseline"), paths.states[1:, :, 1].mean(axis=1), rtol=1e-14
    )
    assert not found.response.any()
