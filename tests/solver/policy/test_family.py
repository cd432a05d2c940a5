import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev

from solver.policy.family import NeuralFamily, PolynomialFamily, build_family
from solver.settings import PolicySettings

ORACLES = {
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "arctan": np.arctan,
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
}


def random_weights(family, rng):
    return [rng.normal(size=shape) for shape in family.shapes]


@pytest.mark.parametrize("activation", ORACLES)
def test_a_network_is_its_formula(activation):
    rng = np.random.default_rng(0)
    family = NeuralFamily(n_states=3, hidden=(5, 4), n_controls=2, activation=activation)
    first, second, output = random_weights(family, rng)
    u = rng.uniform(-1, 1, size=(7, 3))
    act = ORACLES[activation]
    expected = act(act(u @ first[:3] + first[3]) @ second[:5] + second[5]) @ output[:4] + output[4]
    layers = family.layers(np, [first, second, output], u)
    np.testing.assert_allclose(layers[-1][1], expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n_states", [1, 2, 3])
@pytest.mark.parametrize("degree", [1, 2, 5])
def test_a_polynomial_is_complete_and_chebyshev(n_states, degree):
    rng = np.random.default_rng(1)
    family = PolynomialFamily(n_states, degree, 1)
    assert family.shapes == ((math.comb(n_states + degree, degree), 1),)
    powers = {tuple(row) for row in family.exponents.tolist()}
    assert len(powers) == len(family.exponents) and max(map(sum, powers)) == degree
    coefficients = rng.normal(size=len(family.exponents))
    u = rng.uniform(-1.1, 1.1, size=(6, n_states))
    basis = np.eye(degree + 1)
    expected = sum(
        coefficient * math.prod(chebyshev.chebval(u[:, j], basis[p]) for j, p in enumerate(row))
        for coefficient, row in zip(coefficients, family.exponents, strict=True)
    )
    found = family.layers(np, [coefficients[:, None]], u)[-1][1][:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), activation=st.sampled_from([*ORACLES, None]), n_states=st.integers(1, 3))
def test_numpy_and_tensorflow_agree(seed, activation, n_states):
    rng = np.random.default_rng(seed)
    chosen = (
        PolicySettings(family="polynomial", degree=4)
        if activation is None
        else PolicySettings(hidden=(6, 5), activation=activation)
    )
    family = build_family(chosen.resolve(), n_states, 2)
    weights, u = random_weights(family, rng), rng.uniform(-1, 1, size=(4, n_states))
    tensors = [tf.constant(weight) for weight in weights]
    there = family.layers(tf.experimental.numpy, tensors, tf.constant(u))
    for (h, z), (h_there, z_there) in zip(family.layers(np, weights, u), there, strict=True):
        np.testing.assert_allclose(h, h_there.numpy(), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(z, z_there.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "chosen", [PolicySettings(hidden=(9, 8)), PolicySettings(family="polynomial", degree=3)]
)
def test_every_family_starts_at_zero(chosen):
    family = build_family(chosen.resolve(), 2, 3)
    weights = family.initial_weights(np.random.default_rng(0))
    assert tuple(weight.shape for weight in weights) == family.shapes
    u = np.random.default_rng(1).uniform(-1, 1, size=(5, 2))
    np.testing.assert_array_equal(family.layers(np, weights, u)[-1][1], np.zeros((5, 3)))
