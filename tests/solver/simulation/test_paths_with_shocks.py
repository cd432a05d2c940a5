"""Paths with shocks and regimes: recursions by hand, and moments in the long run."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.simulation.paths import Draws, draw_shocks, no_shocks, simulate
from tests.oracles.rbc import RBC
from tests.solver.diagnostics.rules import formula_policy

MIXED = load_model("""
name: mixed
symbols: {states: [k], controls: [i], exogenous: [z, e, w], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + i[t-1] + e[t] + 10*w[t-1]
  arbitrage: i[t] = 0.1*k[t] + z[t]
calibration: {k: 0, i: 0}
exogenous:
  z: !AR1 {rho: 0.9, sigma: 0.1, mu: 0.5}
  e: !Mixture {weights: [0.8, 0.2], distributions: [!UNormal {sigma: 0.1, mu: 0.2}, !UNormal {sigma: 0.4, mu: -0.8}]}
  w: !MarkovChain {values: [[-1], [2]], transitions: [[0.75, 0.25], [0.5, 0.5]]}
domain: {k: [-50, 50], z: [-1, 2]}
""")
TABLE = np.array([[0.75, 0.25], [0.5, 0.5]])
CALIBRATION = calibrate(MIXED)


def policy_of_mixed():
    return formula_policy(MIXED, CALIBRATION, lambda z, k, regime: 0.1 * k + z + 0.01 * regime)


def test_a_path_is_its_recursion():
    rng = np.random.default_rng(0)
    draws = draw_shocks(CALIBRATION.process, rng, 30, 4)
    policy = policy_of_mixed()
    assert policy.space.names == ("z", "k", "regime")
    initial = np.column_stack([rng.normal(size=(4, 2)), [0, 1, 0, 1]])
    paths = simulate(policy, initial, draws)
    assert (paths.states.shape, paths.controls.shape) == ((31, 4, 3), (31, 4, 1))
    for path in range(4):
        z, k, regime = initial[path]
        for period in range(31):
            np.testing.assert_allclose(paths.states[period, path], [z, k, regime], rtol=1e-12, atol=1e-13)
            i = 0.1 * k + z + 0.01 * regime
            np.testing.assert_allclose(paths.controls[period, path], i, rtol=1e-12, atol=1e-13)
            if period == 30:
                break
            moves = draws.innovations[period, path]
            # The mixture's mean, 0.8 * 0.2 - 0.2 * 0.8, is zero.
            k = 0.5 * k + i + moves[1] + 10 * [-1, 2][int(regime)]
            z = 0.5 + 0.9 * (z - 0.5) + moves[0]
            regime = float(draws.chances[period, path] >= TABLE[int(regime), 0])


def test_draws_have_the_law_and_the_seed_decides_them():
    one, same, other = (
        draw_shocks(CALIBRATION.process, np.random.default_rng(s), 500, 400) for s in (1, 1, 2)
    )
    assert np.array_equal(one.innovations, same.innovations) and np.array_equal(one.chances, same.chances)
    assert not np.any(one.chances == other.chances)
    draws = one.innovations.reshape(-1, 3)
    covariance = np.diag([0.01, 0.8 * (0.01 + 0.04) + 0.2 * (0.16 + 0.64), 0.0])
    # 200,000 draws: standard errors of 0.2 % of a deviation, and of 0.3 % of a variance (more of the skewed mixture's).
    np.testing.assert_allclose(draws.mean(axis=0), 0, atol=4e-3)
    np.testing.assert_allclose(np.cov(draws.T), covariance, rtol=0.02, atol=1e-3)
    skewness = np.mean(draws[:, 1] ** 3)
    assert skewness == pytest.approx(
        0.8 * (0.2**3 + 3 * 0.2 * 0.01) + 0.2 * (-(0.8**3) - 3 * 0.8 * 0.16), rel=0.03
    )
    assert one.chances.mean() == pytest.approx(0.5, abs=3e-3)


def test_regimes_follow_their_probabilities():
    draws = draw_shocks(CALIBRATION.process, np.random.default_rng(3), 400, 500)
    initial = np.tile([[0.5, 0.0, 0.0]], (500, 1))
    regimes = simulate(policy_of_mixed(), initial, draws).states[:, :, 2].astype(int)
    found = np.array(
        [[np.mean(regimes[1:][regimes[:-1] == today] == then) for then in (0, 1)] for today in (0, 1)]
    )
    # About 130,000 and 65,000 moves: standard errors of 0.1 % and 0.2 %.
    np.testing.assert_allclose(found, TABLE, atol=0.01)
    assert regimes[50:].mean() == pytest.approx(1 / 3, abs=0.01)


def test_without_shocks_the_regime_is_the_middle_one_and_all_else_returns():
    process = CALIBRATION.process
    draws = no_shocks(process, 5)
    assert not draws.innovations.any()
    states = simulate(policy_of_mixed(), np.array([[1.5, 0.0, 0.0], [0.5, 0.0, 1.0]]), draws).states
    # The median of what follows: the first regime from itself; from the second the two are as likely as each other.
    np.testing.assert_array_equal(states[:, :, 2], [[0, 1]] + [[0, 1]] * 5)
    np.testing.assert_allclose(states[:, 0, 0], 0.5 + 0.9 ** np.arange(6), rtol=1e-12)


def test_paths_that_share_their_draws_meet_the_same_shocks():
    draws = draw_shocks(CALIBRATION.process, np.random.default_rng(5), 200, 1)
    assert draws.innovations.shape == (200, 1, 3)
    initial = np.array([[0.5, -40.0, 0.0], [1.5, 40.0, 0.0]])
    states = simulate(policy_of_mixed(), initial, draws).states
    np.testing.assert_array_equal(states[:, 0, 2], states[:, 1, 2])
    # What z began with dies out as 0.9^t, and k follows.
    np.testing.assert_allclose(states[-1, 0], states[-1, 1], rtol=1e-6)


def test_growth_has_the_long_run_moments_of_its_closed_form():
    """``log k' = log βθ + a + θ log k`` and ``a' = φ a + e'``."""
    model, economy = load_zoo("rbc"), RBC(delta=1.0, gamma=1.0)
    calibration = calibrate(model, {"delta": 1.0, "gamma": 1.0})
    policy = formula_policy(model, calibration, economy.closed_form)
    draws = draw_shocks(calibration.process, np.random.default_rng(0), 1500, 400)
    initial = np.tile(calibration.state_steady(), (400, 1))
    visited = simulate(policy, initial, draws).states[200:]
    a, log_k = visited[:, :, 0], np.log(visited[:, :, 1])
    sd_a = 0.02 / np.sqrt(1 - 0.81)
    variance_k = sd_a**2 * (1 + 0.36 * 0.9) / (1 - 0.36 * 0.9) / (1 - 0.36**2)
    # Half a million periods of which every twentieth counts: standard errors of 0.6 % of a deviation.
    assert a.std() == pytest.approx(sd_a, rel=0.02)
    assert log_k.std() == pytest.approx(np.sqrt(variance_k), rel=0.02)
    assert log_k.mean() == pytest.approx(np.log(0.96 * 0.36) / (1 - 0.36), abs=0.003)
    # log k is last period's a and log k: cov(a, log k) = φ sd² / (1 - θ φ).
    expected = 0.9 * sd_a**2 / (1 - 0.36 * 0.9)
    assert np.mean(a * (log_k - log_k.mean())) == pytest.approx(expected, rel=0.05)
    # The linear rule's covariance is that of levels, near the steady state.
    np.testing.assert_allclose(
        np.sqrt(np.diag(calibration.rule.covariance)), [sd_a, np.sqrt(variance_k) * economy.k_ss], rtol=1e-9
    )


def test_draws_may_be_given():
    draws = Draws(np.zeros((2, 1, 3)), np.array([[0.76], [0.1]]))
    states = simulate(policy_of_mixed(), np.array([[0.5, 0.0, 0.0]]), draws).states
    np.testing.assert_array_equal(states[:, 0, 2], [0, 1, 0])


def test_without_exogenous_variables_there_is_nothing_to_draw():
    draws = draw_shocks(calibrate(load_zoo("neoclassical")).process, np.random.default_rng(0), 5, 3)
    assert draws.innovations.shape == (5, 3, 0)
