"""A Newton step for a function against the dense system that it stands for."""

import numpy as np
import pytest

from solver.numerics.functional_newton import LeastSquaresFit, newton_direction

N, M, K = 40, 7, 3


def case(seed):
    """Features at points and at others, and blocks near the identity, of which the fixed point contracts."""
    rng = np.random.default_rng(seed)
    features, next_features = rng.normal(size=(2, N, M))
    own = np.eye(K) + 0.1 * rng.normal(size=(N, K, K))
    other = 0.2 * rng.normal(size=(N, K, K))
    return features, next_features, own, other, rng.normal(size=(N, K))


def test_a_fit_is_that_of_least_squares():
    features, *_, values = case(0)
    expected = np.linalg.lstsq(features, values, rcond=None)[0]
    # The condition of the normal equations, about 10, times rounding, times the floor under the Gram matrix.
    np.testing.assert_allclose(LeastSquaresFit(features)(values), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", range(3))
def test_a_direction_solves_the_projected_equation(seed):
    features, next_features, own, other, residuals = case(seed)
    pseudo = np.linalg.pinv(features)
    inverse = np.linalg.inv(own)
    dense = np.eye(M * K)
    for column in range(M * K):
        unit = dense[:, column].reshape(M, K)
        moved = np.einsum("nij,njk,nk->ni", inverse, other, next_features @ unit)
        dense[:, column] += (pseudo @ moved).ravel()
    aim = -(pseudo @ np.einsum("nij,nj->ni", inverse, residuals)).ravel()
    found = newton_direction(LeastSquaresFit(features), next_features, own, other, residuals)
    assert found.shape == (M, K)
    # The tolerance of the inexact step.
    assert np.linalg.norm(dense @ found.ravel() - aim) <= 1.01e-2 * np.linalg.norm(aim)
    assert np.linalg.norm(aim) > 0


def test_a_function_in_the_span_is_found_again():
    features, next_features, own, other, _ = case(1)
    truth = np.random.default_rng(9).normal(size=(M, K))
    residuals = -np.einsum("nij,nj->ni", own, features @ truth)
    residuals -= np.einsum("nij,nj->ni", other, next_features @ truth)
    found = newton_direction(LeastSquaresFit(features), next_features, own, other, residuals)
    # A hundredth in the equation, which contracts by less than a half.
    assert np.abs(found - truth).max() < 0.05 * np.abs(truth).max()


def test_a_singular_block_has_no_direction():
    features, next_features, own, other, residuals = case(2)
    own[5] = 0.0
    assert np.isnan(newton_direction(LeastSquaresFit(features), next_features, own, other, residuals)).all()
