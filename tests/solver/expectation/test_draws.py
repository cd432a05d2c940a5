"""Draws of the next period against the moments of its law, within four standard errors."""

import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import calibrate
from solver.expectation.ahead import look_ahead
from solver.expectation.draws import Draws, law_of_draws
from solver.model.load import load_model
from solver.model.state_space import state_space

#: A VAR(1) of correlated innovations, a mixture, and a chain.
LAWS = load_model("""
name: laws
symbols: {states: [k], controls: [i], exogenous: [u, v, m, w], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + i[t-1] + u[t] + v[t] + m[t] + w[t]
  arbitrage: i[t] = 0.1*k[t] + m[t]
calibration: {k: 0, i: 0}
exogenous:
  u, v: !VAR1 {rho: [[0.5, 0.2], [0, 0.3]], Sigma: [[0.04, 0.03], [0.03, 0.09]], mu: [0.5, 0]}
  m: !Mixture {weights: [0.8, 0.2], distributions: [!UNormal {sigma: 0.1, mu: 0.2}, !UNormal {sigma: 0.4, mu: -1}]}
  w: !MarkovChain {values: [[-1], [2], [5]], transitions: [[0.7, 0.3, 0], [0.2, 0.3, 0.5], [0, 0, 1]]}
""")
PROCESS, SPACE = calibrate(LAWS).process, state_space(LAWS)
COUNT = 100_000


def drawn(xp, law, state, seed=0):
    rng = np.random.default_rng(seed)
    draws = Draws(law, rng.normal(size=(COUNT, 4)), rng.uniform(size=(COUNT, 2)))
    states = np.tile(state, (COUNT, 1))
    exogenous = SPACE.exogenous_of(np, PROCESS.mean, PROCESS.values, states)
    return look_ahead(xp, SPACE, draws, states, exogenous)


@pytest.mark.parametrize("regime, row", [*enumerate([[0.7, 0.3, 0], [0.2, 0.3, 0.5], [0, 0, 1]])])
def test_draws_have_the_moments_of_the_law(regime, row):
    u, v = 0.7, -0.2
    ahead = drawn(np, law_of_draws(PROCESS), [u, v, 0.0, 1.0, regime])
    assert ahead.exogenous.shape == (COUNT, 1, 4)
    np.testing.assert_array_equal(ahead.weights, np.ones((COUNT, 1)))
    found = ahead.exogenous[:, 0]
    regimes = ahead.regimes[:, 0].astype(int)
    shares = np.bincount(regimes, minlength=3) / COUNT
    assert np.all(np.abs(shares - row) <= 4 * np.sqrt(np.multiply(row, np.subtract(1, row)) / COUNT))
    np.testing.assert_allclose(found[:, 3], np.array([-1, 2, 5])[regimes])
    expected = [0.5 + 0.5 * (u - 0.5) + 0.2 * v, 0.3 * v, 0.8 * 0.2 - 0.2]
    assert np.all(
        np.abs(found[:, :3].mean(axis=0) - expected) < 4 * found[:, :3].std(axis=0) / np.sqrt(COUNT)
    )
    centred = found[:, :3] - expected
    products = centred[:, :, None] * centred[:, None, :]
    covariance = np.zeros((3, 3))
    covariance[:2, :2] = [[0.04, 0.03], [0.03, 0.09]]
    covariance[2, 2] = 0.8 * (0.01 + 0.04) + 0.2 * (0.16 + 1) - 0.04**2
    error = products.std(axis=0) / np.sqrt(COUNT)
    assert np.all(np.abs(products.mean(axis=0) - covariance) < 4 * error)
    # The mixture's component and the regime are drawn apart.
    together = centred[:, 2] * (regimes - regimes.mean())
    assert abs(together.mean()) <= 4 * together.std() / np.sqrt(COUNT)
    # The third moment is what tells a mixture from a normal: Σ p (μ³ + 3 μ σ²) of centred components.
    exact = 0.8 * (0.24**3 + 3 * 0.24 * 0.01) + 0.2 * (-(0.96**3) - 3 * 0.96 * 0.16)
    cubes = centred[:, 2] ** 3
    assert abs(cubes.mean() - exact) < 4 * cubes.std() / np.sqrt(COUNT) < -0.1 * exact


def test_tensorflow_draws_as_numpy_does():
    law = law_of_draws(PROCESS)
    expected = drawn(np, law, [0.7, -0.2, 0.0, 1.0, 1])
    found = drawn(tf.experimental.numpy, tf.nest.map_structure(tf.constant, law), [0.7, -0.2, 0.0, 1.0, 1])
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-14)
