import keras
import numpy as np
import pytest
import tensorflow as tf

from solver.training.first_order import UPDATE_RULES, Hyperparameters

RATE, ANNEALING, GAMMA = 0.04, 0.02, 0.8
STEPS = 7


def gradient(x):
    """Of a bowl that is steeper in one direction, with a bend."""
    return np.array([2 * x[0], 20 * x[1], 4 * x[2] ** 3]) + 0.1 * np.sin(x)


START = np.array([1.0, -0.7, 1.3])


def by_the_books(algorithm):
    """The published formulas, written once more in plain NumPy."""
    x, v, m, s = START.copy(), np.zeros(3), np.zeros(3), np.zeros(3)
    for t in range(STEPS):
        rate = RATE / (1 + ANNEALING * t)
        g = gradient(x - GAMMA * v) if algorithm == "nesterov" else gradient(x)
        if algorithm == "sgd":
            x = x - rate * g
        elif algorithm in ("momentum", "nesterov"):
            v = GAMMA * v + rate * g
            x = x - v
        elif algorithm == "adagrad":
            s = s + g * g
            x = x - rate * g / np.sqrt(s + 1e-8)
        elif algorithm == "rmsprop":
            s = 0.9 * s + 0.1 * g * g
            x = x - rate * g / np.sqrt(s + 1e-8)
        else:
            m = 0.9 * m + 0.1 * g
            corrected = m / (1 - 0.9 ** (t + 1))
            if algorithm == "adam":
                s = 0.999 * s + 0.001 * g * g
                x = x - rate * corrected / (np.sqrt(s / (1 - 0.999 ** (t + 1))) + 1e-8)
            else:
                s = np.maximum(0.999 * s, np.abs(g))
                x = x - rate * corrected / (s + 1e-8)
    return x


def by_the_rule(algorithm, annealing=ANNEALING):
    rule = UPDATE_RULES[algorithm]
    chosen = Hyperparameters(*(tf.constant(value, tf.float64) for value in (RATE, annealing, GAMMA)))
    vector, slots = tf.constant(START), tf.zeros((2, 3), tf.float64)
    for t in range(STEPS):
        point = rule.gradient_point(vector, slots, chosen).numpy()
        change, slots = rule.change(tf.constant(gradient(point)), slots, tf.constant(t, tf.int64), chosen)
        vector = vector + change
    return vector.numpy()


@pytest.mark.parametrize("algorithm", UPDATE_RULES)
def test_every_method_is_its_published_formula(algorithm):
    np.testing.assert_allclose(by_the_rule(algorithm), by_the_books(algorithm), rtol=1e-12)


KERAS = {
    "sgd": lambda: keras.optimizers.SGD(RATE),
    "momentum": lambda: keras.optimizers.SGD(RATE, momentum=GAMMA),
    "adagrad": lambda: keras.optimizers.Adagrad(RATE, initial_accumulator_value=0.0, epsilon=1e-8),
    "rmsprop": lambda: keras.optimizers.RMSprop(RATE, rho=0.9, epsilon=1e-8),
    "adam": lambda: keras.optimizers.Adam(RATE, epsilon=1e-8),
    "adamax": lambda: keras.optimizers.Adamax(RATE, epsilon=1e-8),
}


@pytest.mark.parametrize("algorithm", KERAS)
def test_keras_takes_the_same_steps(algorithm):
    """Keras' Nesterov is the reformulated one, whose iterates are shifted; all others are the same methods."""
    variable = keras.Variable(START, dtype="float64")
    optimizer = KERAS[algorithm]()
    optimizer.build([variable])
    for _ in range(STEPS):
        optimizer.apply_gradients([(tf.constant(gradient(variable.numpy())), variable)])
    # Keras keeps its learning rate and decay factors in single precision.
    np.testing.assert_allclose(by_the_rule(algorithm, annealing=0.0), variable.numpy(), rtol=1e-5, atol=1e-9)
