"""Anderson acceleration on iterations whose fixed points are known."""

import numpy as np
import pytest

from solver.numerics.anderson import Anderson


def iterate(step, point, sweeps, window):
    leaps = Anderson(window)
    for _ in range(sweeps):
        point = leaps.next(point, step(point), step(point))
    return point


@pytest.mark.parametrize("size", [1, 3, 8])
def test_a_linear_iteration_ends_after_as_many_sweeps_as_unknowns_and_one(size):
    """As GMRES does (Walker and Ni 2011); by itself it would take thousands."""
    rng = np.random.default_rng(size)
    vectors = np.linalg.qr(rng.normal(size=(size, size)))[0]
    matrix = vectors @ np.diag(np.linspace(0.99, 0.5, size)) @ vectors.T
    truth = rng.normal(size=size)
    found = iterate(lambda x: matrix @ (x - truth) - (x - truth), np.zeros(size), size + 2, window=size)
    np.testing.assert_allclose(found, truth, rtol=1e-8, atol=1e-8)


def test_a_nonlinear_iteration_is_accelerated():
    """The equation x = m + 0.9 cos x, componentwise; plain sweeps gain a tenth of a digit each."""
    m, plain = np.array([0.5, 1.0, 1.5]), np.array([0.5, 1.0, 1.5])

    def step(x):
        return m + 0.9 * np.cos(x) - x

    for _ in range(14):
        plain = plain + step(plain)
    assert np.abs(step(plain)).max() > 1e-2
    assert np.abs(step(iterate(step, m, 14, window=5))).max() < 1e-12


def test_residuals_in_other_units_lead_to_the_same_fixed_point():
    matrix, truth = np.diag([0.95, 0.6]), np.array([1.0, -2.0])
    wide = np.random.default_rng(0).normal(size=(5, 2))
    leaps, point = Anderson(4), np.zeros(2)
    for _ in range(5):
        step = (matrix - np.eye(2)) @ (point - truth)
        point = leaps.next(point, step, wide @ step)
    np.testing.assert_allclose(point, truth, rtol=1e-9)


def test_after_forgetting_the_next_step_is_plain():
    leaps = Anderson(3)
    leaps.next(np.zeros(2), np.ones(2), np.ones(2))
    leaps.forget()
    np.testing.assert_array_equal(leaps.next(np.ones(2), np.full(2, 0.5), np.ones(2)), np.full(2, 1.5))
