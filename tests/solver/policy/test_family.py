"""The families against formulas of their own, and TensorFlow against NumPy."""

import itertools
import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.chebyshev import chebval

from solver.policy.family import ACTIVATIONS, NeuralFamily, PolynomialFamily, build_family
from solver.settings import PolicySettings

HAND_WRITTEN = {
    "tanh": np.tanh,
    "sigmoid": scipy.special.expit,
    "arctan": np.arctan,
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
}
SIZES = [(1, 1), (1, 7), (2, 5), (3, 4), (4, 2), (5, 3), (5, 4)]


def random_weights(family, rng):
    return [rng.normal(size=shape) for shape in family.shapes]


@pytest.mark.parametrize("n_states, degree", SIZES)
def test_the_polynomial_is_complete(n_states, degree):
    family = PolynomialFamily(n_states, degree, 3)
    degrees = {each for each in itertools.product(range(degree + 1), repeat=n_states) if sum(each) <= degree}
    assert {tuple(row) for row in family.exponents.tolist()} == degrees
    assert family.shapes == ((math.comb(n_states + degree, n_states), 3),)
    assert len(family.exponents) == len(degrees)


@pytest.mark.parametrize("n_states, degree", SIZES)
def test_the_polynomial_is_a_sum_of_products_of_chebyshev_polynomials(n_states, degree):
    rng = np.random.default_rng(0)
    family = PolynomialFamily(n_states, degree, 2)
    (weights,) = random_weights(family, rng)
    u = rng.uniform(-1.2, 1.2, (50, n_states))
    value = np.zeros((50, 2))
    for exponents, weight in zip(family.exponents, weights, strict=True):
        product = np.prod([chebval(u[:, j], np.eye(degree + 1)[p]) for j, p in enumerate(exponents)], axis=0)
        value += product[:, None] * weight
    ((_, z),) = family.layers(np, [weights], u)
    # Outside [-1, 1] the polynomials grow, and with them the rounding of their recurrence.
    np.testing.assert_allclose(z, value, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("n_states, degree", SIZES)
def test_a_point_has_the_same_basis_alone_and_among_many(n_states, degree):
    rng = np.random.default_rng(1)
    family = PolynomialFamily(n_states, degree, 2)
    weights, u = random_weights(family, rng), rng.uniform(-1, 1, (100, n_states))
    ((h, _),) = family.layers(np, weights, u)
    alone = [family.layers(np, weights, row[None])[0][0] for row in u]
    np.testing.assert_array_equal(h, np.concatenate(alone))


@pytest.mark.parametrize("activation", HAND_WRITTEN)
@pytest.mark.parametrize("hidden", [(5,), (4, 3), (2, 6, 3)], ids=str)
def test_the_network_is_layer_upon_layer(activation, hidden):
    rng = np.random.default_rng(0)
    family = NeuralFamily(3, hidden, 2, activation)
    weights = random_weights(family, rng)
    u = rng.uniform(-1, 1, (50, 3))
    value = u
    for weight in weights[:-1]:
        value = HAND_WRITTEN[activation](value @ weight[:-1] + weight[-1])
    value = value @ weights[-1][:-1] + weights[-1][-1]
    layers = family.layers(np, weights, u)
    np.testing.assert_allclose(layers[-1][1], value, rtol=1e-12, atol=1e-13)
    for (h, z), weight in zip(layers, weights, strict=True):
        np.testing.assert_array_equal(h @ weight, z)
        np.testing.assert_array_equal(h[:, -1], 1.0)


def test_every_activation_is_tested():
    assert set(HAND_WRITTEN) == set(ACTIVATIONS)


@pytest.mark.parametrize("family", [*HAND_WRITTEN, "polynomial"])
@given(seed=st.integers(0, 2**32 - 1), n_states=st.integers(1, 4), n_controls=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_tensorflow_computes_what_numpy_computes(family, seed, n_states, n_controls):
    rng = np.random.default_rng(seed)
    if family == "polynomial":
        function = PolynomialFamily(n_states, int(rng.integers(1, 7)), n_controls)
    else:
        function = NeuralFamily(n_states, tuple(rng.integers(1, 9, 2)), n_controls, family)
    weights, u = random_weights(function, rng), rng.uniform(-1.5, 1.5, (20, n_states))
    by_numpy = function.layers(np, weights, u)[-1][1]
    tensors = [tf.constant(weight) for weight in weights]
    by_tensorflow = function.layers(tf.experimental.numpy, tensors, tf.constant(u))[-1][1]
    # Rounding of sums of a few dozen terms, of polynomials up to about 1e3.
    np.testing.assert_allclose(by_tensorflow, by_numpy, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    "family", [NeuralFamily(2, (30, 10), 3, "tanh"), PolynomialFamily(2, 4, 3)], ids=type
)
def test_the_function_starts_at_zero_from_the_seed(family):
    weights, again, other = (family.initial_weights(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert tuple(weight.shape for weight in weights) == family.shapes
    assert np.all(family.layers(np, weights, np.random.default_rng(0).uniform(-1, 1, (9, 2)))[-1][1] == 0)
    assert all(np.array_equal(*pair) for pair in zip(weights, again, strict=True))
    assert all(not np.any(a == b) for a, b in zip(weights[:-1], other[:-1], strict=True))


def test_settings_name_their_family():
    neural = PolicySettings(hidden=(4, 3), activation="relu")
    assert build_family(neural, 2, 1) == NeuralFamily(2, (4, 3), 1, "relu")
    polynomial = PolicySettings(family="polynomial", degree=5)
    assert build_family(polynomial, 3, 2) == PolynomialFamily(3, 5, 2)


def test_random_weights_are_spread_as_documented():
    first, second, _ = NeuralFamily(3, (2000, 400), 1, "tanh").initial_weights(np.random.default_rng(0))
    # Standard deviations of 6000 and of 800,000 draws are known to 1 % and to 0.1 %.
    assert first[:-1].std() == pytest.approx(0.5, rel=0.04)
    assert second[:-1].std() == pytest.approx(2000**-0.5, rel=0.004)
    for weights in (first, second):
        assert scipy.stats.kstest(weights[-1], scipy.stats.uniform(-1, 2).cdf).pvalue > 0.001
