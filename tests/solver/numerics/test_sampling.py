import numpy as np
import pytest

from solver.numerics.sampling import corners, edge_weighted_box, uniform_box

LOWER, UPPER = np.array([-0.2, 2.0, 0.0]), np.array([0.2, 6.0, 1.0])


@pytest.mark.parametrize("draw", [uniform_box, edge_weighted_box])
def test_draws_are_seeded_and_within_the_box(draw):
    states = draw(np.random.default_rng(3), LOWER, UPPER, 500)
    assert states.shape == (500, 3)
    assert np.all((states >= LOWER) & (states <= UPPER))
    np.testing.assert_array_equal(states, draw(np.random.default_rng(3), LOWER, UPPER, 500))
    assert not np.array_equal(states, draw(np.random.default_rng(4), LOWER, UPPER, 500))


def test_the_edge_weighted_density_is_the_arcsine_law():
    u = 2 * (edge_weighted_box(np.random.default_rng(0), LOWER, UPPER, 40_000) - LOWER) / (UPPER - LOWER) - 1
    # Its distribution function is 1/2 + asin(u)/π; 40,000 draws are within 1 % of it.
    for point in (-0.9, -0.5, 0.0, 0.7):
        expected = 0.5 + np.arcsin(point) / np.pi
        np.testing.assert_allclose(np.mean(u <= point, axis=0), expected, atol=0.01)


def test_corners():
    found = {tuple(corner) for corner in corners(LOWER, UPPER)}
    assert found == {(a, b, c) for a in (-0.2, 0.2) for b in (2.0, 6.0) for c in (0.0, 1.0)}


def test_many_states_have_two_corners():
    assert corners(np.zeros(20), np.ones(20)).tolist() == [[0.0] * 20, [1.0] * 20]
