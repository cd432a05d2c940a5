"""Draws over a box against the distributions that they name."""

import numpy as np
import pytest
import scipy.stats

from solver.numerics.sampling import corners, edge_weighted_box, uniform_box

LOWER, UPPER = np.array([-0.2, 2.0, 1e3]), np.array([0.2, 7.0, 1.1e3])
LAWS = {uniform_box: scipy.stats.uniform(), edge_weighted_box: scipy.stats.arcsine()}


@pytest.mark.parametrize("draw", LAWS)
def test_draws_follow_their_law_within_the_box(draw):
    states = draw(np.random.default_rng(0), LOWER, UPPER, 4000)
    assert states.shape == (4000, 3)
    assert np.all((states >= LOWER) & (states <= UPPER))
    shares = (states - LOWER) / (UPPER - LOWER)
    for share in shares.T:
        assert scipy.stats.kstest(share, LAWS[draw].cdf).pvalue > 0.001
    independent = np.corrcoef(shares.T)[np.triu_indices(3, 1)]
    assert np.abs(independent).max() < 4 / np.sqrt(4000)


@pytest.mark.parametrize("draw", LAWS)
def test_draws_are_those_of_their_seed(draw):
    first, again, other = (draw(np.random.default_rng(seed), LOWER, UPPER, 5) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.any(first == other)


def test_corners_are_all_ends_of_the_box():
    ends = corners(LOWER, UPPER)
    assert ends.shape == (8, 3)
    assert len({tuple(end) for end in ends}) == 8
    assert np.all((ends == LOWER) | (ends == UPPER))
    assert len(corners(np.zeros(8), np.ones(8))) == 256


def test_a_box_of_many_states_has_two_corners():
    assert np.array_equal(corners(np.zeros(9), np.ones(9)), [np.zeros(9), np.ones(9)])
