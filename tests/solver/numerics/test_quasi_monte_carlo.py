"""Quasi-Monte Carlo for the normal against closed forms, and against Monte Carlo."""

import numpy as np
import pytest

from solver.numerics.quasi_monte_carlo import quasi_monte_carlo

SLOPES = {2: [0.5, 0.3], 4: [0.5, 0.3, -0.4, 0.2]}
COUNTS = 2 ** np.arange(5, 12)


def errors(slope, points_of):
    """Root mean square errors (counts,) of ``E exp(λ'z) = exp(λ'λ/2)`` over twenty seeds."""
    slope = np.array(slope)
    exact = np.exp(slope @ slope / 2)
    found = [[np.exp(points_of(n, seed) @ slope).mean() - exact for seed in range(20)] for n in COUNTS]
    return np.sqrt(np.mean(np.square(found), axis=1))


@pytest.mark.parametrize("d", SLOPES)
def test_the_error_falls_nearly_as_one_over_n_and_is_below_that_of_monte_carlo(d):
    def sobol(n, seed):
        return quasi_monte_carlo(np.zeros(d), np.eye(d), n, seed).nodes

    found = errors(SLOPES[d], sobol)
    random = errors(SLOPES[d], lambda n, seed: np.random.default_rng([n, seed]).normal(size=(n, d)))
    assert np.all(found < 0.3 * random)
    rates = [np.polyfit(np.log(COUNTS), np.log(one), 1)[0] for one in (found, random)]
    assert rates[0] < -0.7  # 1 / N but for powers of log N
    assert rates[1] == pytest.approx(-0.5, abs=0.1)


@pytest.mark.parametrize("scramble", [0, 1])
@pytest.mark.parametrize("d, points", [(1, 2), (2, 4), (4, 8), (16, 32), (46, 128), (60, 128)])
def test_mean_and_covariance_are_exact_from_two_points_a_dimension_on(d, points, scramble):
    rule = quasi_monte_carlo(np.zeros(d), np.eye(d), points, scramble)
    assert rule.nodes.shape == (points, d)
    np.testing.assert_allclose(rule.weights @ rule.nodes, 0.0, atol=1e-14)
    np.testing.assert_allclose(rule.nodes.T * rule.weights @ rule.nodes, np.eye(d), atol=1e-13)
    assert np.abs(rule.nodes).max() < 5


def test_a_scrambling_is_the_same_every_time_and_another_for_another_seed():
    first, again, other = (quasi_monte_carlo(np.zeros(2), np.eye(2), 64, seed).nodes for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.isin(first, other).any()


@pytest.mark.parametrize("points", [-1, 0, 1, 2, 3, 6, 100])
def test_points_that_are_no_power_of_two_or_too_few_are_refused(points):
    with pytest.raises(ValueError, match=f"points = {points} must be a power of two and at least 4"):
        quasi_monte_carlo(np.zeros(2), np.eye(2), points, 0)
