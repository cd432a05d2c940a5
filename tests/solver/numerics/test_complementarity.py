"""Residuals of complementarity conditions: zero at solutions and only there, in NumPy and TensorFlow alike."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.numerics.complementarity import fischer_burmeister, min_map

RESIDUALS = [fischer_burmeister, min_map]
MAGNITUDES = st.floats(1e-3, 1e3)


@st.composite
def bounds(draw):
    """Bounds, either of which may be missing, or both the same."""
    lower = draw(st.one_of(st.just(-np.inf), st.floats(-100, 100)))
    if np.isinf(lower):
        return lower, draw(st.one_of(st.just(np.inf), st.floats(-100, 100)))
    return lower, draw(
        st.one_of(st.just(np.inf), st.just(lower), MAGNITUDES.map(lambda width: lower + width))
    )


@st.composite
def solutions(draw):
    """x, bounds and F that meet the condition."""
    lower, upper = draw(bounds())
    kinds = ["lower"] * bool(np.isfinite(lower)) + ["upper"] * bool(np.isfinite(upper))
    kind = draw(st.sampled_from([*kinds, "inside"]))
    if kind == "inside":
        return draw(st.floats(max(lower, -200), min(upper, 200))), lower, upper, 0.0
    slack = draw(st.one_of(st.just(0.0), MAGNITUDES))
    return (lower, lower, upper, slack) if kind == "lower" else (upper, lower, upper, -slack)


def distance_to_solutions(x, lower, upper, f):
    """Of (x, F) from the condition's graph, in the largest of the two coordinates' distances."""
    distances = [max(lower - x, x - upper, abs(f), 0.0)]
    if np.isfinite(lower):
        distances.append(max(abs(x - lower), -f))
    if np.isfinite(upper):
        distances.append(max(abs(x - upper), f))
    return min(distances)


@pytest.mark.parametrize("residual", RESIDUALS)
@settings(deadline=None, derandomize=True)
@given(solution=solutions())
def test_zero_exactly_at_solutions(residual, solution):
    assert residual(np, *map(np.float64, solution)) == 0


@pytest.mark.parametrize("residual", RESIDUALS)
@settings(deadline=None, derandomize=True)
@given(bound=bounds(), x=st.floats(-200, 200), f=st.floats(-1e3, 1e3))
def test_as_large_as_the_distance_to_solutions(residual, bound, x, f):
    value = residual(np, np.float64(x), *map(np.float64, bound), np.float64(f))
    distance = distance_to_solutions(x, *bound, f)
    if residual is min_map:
        assert abs(value) == pytest.approx(distance, rel=1e-12, abs=1e-12)
    else:
        # (2 - √2) |min(a, b)| ≤ |φ(a, b)| ≤ (2 + √2) |min(a, b)|, once for each bound (Tseng 1996).
        assert distance * (2 - 2**0.5) ** 2 <= abs(value) + 1e-9
        assert abs(value) <= distance * (2 + 2**0.5) ** 2 + 1e-9


@pytest.mark.parametrize("residual", RESIDUALS)
def test_without_bounds_it_is_the_residual(residual):
    f = np.array([-2.0, 0.0, 1e-9, 3.0])
    np.testing.assert_array_equal(residual(np, np.full(4, 7.0), -np.inf, np.inf, f), f)


@pytest.mark.parametrize("residual", RESIDUALS)
def test_rises_in_the_variable_and_in_the_residual(residual):
    x, f = np.meshgrid(np.linspace(-1, 3, 41), np.linspace(-2, 2, 41), indexing="ij")
    values = residual(np, x, np.zeros_like(x), 2.0, f)
    assert (np.diff(values, axis=0) >= -1e-15).all()
    assert (np.diff(values, axis=1) >= -1e-15).all()


KINKS = [
    # x, lower, upper, F: at a bound with F zero as well, free, fixed, and with one bound only.
    (0.0, 0.0, 1.0, 0.0),
    (1.0, 0.0, 1.0, 0.0),
    (0.0, 0.0, np.inf, 0.0),
    (1.0, -np.inf, 1.0, 0.0),
    (0.5, 0.5, 0.5, 0.0),
    (0.5, -np.inf, np.inf, 0.0),
    (0.0, 0.0, 1.0, 2.0),
    (0.3, 0.0, 1.0, -0.4),
]


@pytest.mark.parametrize("residual", RESIDUALS)
def test_tensors_give_the_same_values_and_finite_gradients(residual):
    arguments = list(np.array(KINKS).T)
    tensors = [tf.constant(argument, tf.float64) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = residual(tf.experimental.numpy, *tensors)
    np.testing.assert_array_equal(value.numpy(), residual(np, *arguments))
    assert value.dtype == tf.float64
    for gradient in tape.gradient(value, tensors):
        assert np.isfinite(gradient.numpy()).all()


def test_gradients_of_fischer_burmeister_against_finite_differences():
    rng = np.random.default_rng(0)
    x, f = rng.uniform(-1, 3, 50), rng.uniform(-2, 2, 50)
    lower, upper = (
        np.where(np.arange(50) % 3 == 0, -np.inf, 0.0),
        np.where(np.arange(50) % 4 == 0, np.inf, 2.0),
    )
    points = [tf.constant(x), tf.constant(f)]
    with tf.GradientTape() as tape:
        tape.watch(points)
        value = fischer_burmeister(tf.experimental.numpy, points[0], lower, upper, points[1])
    by_x, by_f = tape.gradient(value, points)
    step = 1e-6
    for gradient, dx, df in ((by_x, step, 0.0), (by_f, 0.0, step)):
        ahead = fischer_burmeister(np, x + dx, lower, upper, f + df)
        behind = fischer_burmeister(np, x - dx, lower, upper, f - df)
        np.testing.assert_allclose(gradient.numpy(), (ahead - behind) / (2 * step), atol=1e-6)


def test_gradient_at_the_kink_is_a_generalised_one():
    x, f = tf.constant([0.0], tf.float64), tf.constant([0.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([x, f])
        value = fischer_burmeister(tf.experimental.numpy, x, 0.0, np.inf, f)
    assert [gradient.numpy().item() for gradient in tape.gradient(value, [x, f])] == [1.0, 1.0]
