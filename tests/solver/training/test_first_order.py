"""First-order methods against their published formulas in NumPy, and against Keras where its formula is the same."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation
from solver.model.zoo import load_zoo
from solver.objective.euler import EulerObjective
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import numpy_rule
from solver.policy.rule import Setting
from solver.settings import ExpectationSettings, PolicySettings
from solver.training.compiled import Numbers, compiled_objective
from solver.training.descent import compiled_descent
from solver.training.first_order import UPDATE_RULES, Hyperparameters
from tests.oracles.descent import descend

RATE = 1 / 32
STEPS = 12
START = np.array([1.5, -0.7, 0.3])
CURVATURE = np.array([[3.0, 0.5, 0.0], [0.5, 1.0, -0.2], [0.0, -0.2, 0.4]])


def gradient(weights):
    """Of a quadratic with a quartic on top."""
    return CURVATURE @ weights + weights**3


def follow(name, rate=RATE, annealing=0.0, momentum=0.9):
    """Weights and gradient points after each step of the solver's rule."""
    rule = UPDATE_RULES[name]
    chosen = Hyperparameters(*(tf.constant(value, tf.float64) for value in (rate, annealing, momentum)))
    theta, slots = tf.constant(START), tf.zeros((2, 3), tf.float64)
    trail, points = [], []
    for step in range(STEPS):
        g = tf.constant(gradient(rule.gradient_point(theta, slots, chosen).numpy()))
        change, slots = rule.change(g, slots, tf.constant(step, tf.int64), chosen)
        theta = theta + change
        trail.append(theta.numpy())
        points.append(rule.gradient_point(theta, slots, chosen).numpy())
    return np.stack(trail), np.stack(points)


@pytest.mark.parametrize("annealing", [0.0, 0.3])
@pytest.mark.parametrize("name", UPDATE_RULES)
def test_a_method_is_its_published_formula(name, annealing):
    trail, _ = follow(name, annealing=annealing, momentum=0.6)
    expected = descend(name, gradient, START, STEPS, RATE, annealing, momentum=0.6)
    np.testing.assert_allclose(trail, expected, rtol=1e-12, atol=1e-13)


# Keras rounds hyperparameters to float32: 1/32 and 7/8 are exact there, the decays of Adam and AdaMax are not (1e-7 of
# them, a hundred times that of 1 - 0.999). Keras' Adam also adds ε before the bias of the second moment is corrected ("ε
# hat" of the paper), another formula by a factor of the square root of that correction: 1e-8 / 0.1 of a step here.
KERAS = {
    "sgd": (lambda: keras.optimizers.SGD(RATE), 1e-12),
    "momentum": (lambda: keras.optimizers.SGD(RATE, momentum=0.875), 1e-12),
    # Keras' weights are the points at which the gradient is taken: the same method, told from its other end.
    "nesterov": (lambda: keras.optimizers.SGD(RATE, momentum=0.875, nesterov=True), 1e-12),
    "adagrad": (lambda: keras.optimizers.Adagrad(RATE, initial_accumulator_value=0.0, epsilon=1e-8), 1e-12),
    "rmsprop": (lambda: keras.optimizers.RMSprop(RATE, rho=0.9, epsilon=1e-8), 1e-12),
    "adam": (lambda: keras.optimizers.Adam(RATE, epsilon=1e-8), 1e-5),
    "adamax": (lambda: keras.optimizers.Adamax(RATE, epsilon=1e-8), 1e-6),
}


@pytest.mark.parametrize("name", UPDATE_RULES)
def test_a_method_is_that_of_keras(name):
    build, tolerance = KERAS[name]
    optimizer, weights = build(), keras.Variable(START, dtype="float64")
    optimizer.build([weights])
    expected = []
    for _ in range(STEPS):
        optimizer.apply([keras.ops.convert_to_tensor(gradient(weights.numpy()), "float64")], [weights])
        expected.append(weights.numpy())
    trail, points = follow(name, momentum=0.875)
    np.testing.assert_allclose(points if name == "nesterov" else trail, expected, rtol=0, atol=tolerance)


class Descent:
    """The growth model under a linear polynomial: three weights, and everything beside the compiled steps in NumPy."""

    def __init__(self):
        model, policy = load_zoo("neoclassical"), PolicySettings(family="polynomial", degree=1)
        self.compiled = compiled_objective(model, policy)
        calibration = calibrate(model)
        self.lower, self.upper = calibration.lower(), calibration.upper()
        frame, process = build_frame(calibration, output_map(model), share=0.0), calibration.process
        self.numbers = Numbers(
            Setting(calibration.parameter_vector(), process.mean, process.values, frame),
            build_expectation(process, ExpectationSettings(rule="gauss_hermite", nodes=1)),
        )
        self.objective = EulerObjective(numpy_rule(model, policy), as_ratio=False)
        self.start = np.array([0.02, -0.01, 0.03])

    def residuals(self, vector, states):
        setting, expectation = self.numbers
        return self.objective.residuals(setting, expectation, self.compiled.unflatten(vector), states).values

    def gradient(self, vector, states):
        """By central differences."""
        step = 1e-6
        return np.array(
            [
                np.mean(self.residuals(vector + step * unit, states) ** 2)
                - np.mean(self.residuals(vector - step * unit, states) ** 2)
                for unit in np.eye(3)
            ]
        ) / (2 * step)

    def states(self, count, seed=0):
        return np.random.default_rng(seed).uniform(self.lower, self.upper, (count, 2))

    def run(
        self, name, states, *, batch_size=None, first=0, steps=1, seed=0, slots=None, start=None, rate=0.01
    ):
        graph = compiled_descent(self.compiled, name, batch_size is None)
        return graph(
            self.numbers,
            self.start if start is None else start,
            np.zeros((2, 3)) if slots is None else slots,
            states,
            batch_size or len(states),
            first,
            steps,
            seed,
            np.array([rate, 0.1, 0.8]),
        )


@pytest.fixture(scope="module")
def descent():
    return Descent()


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam"])
def test_full_batch_steps_follow_the_gradient_of_all_states(descent, name):
    states = descent.states(40)
    vector, _, loss = descent.run(name, states, steps=5)
    trail = descend(name, lambda w: descent.gradient(w, states), descent.start, 5, 0.01, 0.1, momentum=0.8)
    # The oracle's gradients are central differences, good to about 1e-9.
    np.testing.assert_allclose(vector, trail[-1], rtol=1e-6)
    if name != "nesterov":  # whose loss is that of the point ahead
        assert float(loss) == pytest.approx(np.mean(descent.residuals(trail[-2], states) ** 2), rel=1e-6)


def test_steps_in_two_runs_are_those_of_one(descent):
    states = descent.states(1)
    whole, slots, _ = descent.run("adam", states, batch_size=8, steps=10)
    half, memory, _ = descent.run("adam", states, batch_size=8, steps=4)
    again, memory, _ = descent.run("adam", states, batch_size=8, first=4, steps=6, start=half, slots=memory)
    np.testing.assert_array_equal(again, whole)
    np.testing.assert_array_equal(memory, slots)


@pytest.mark.parametrize("batch_size", [1, 16])
def test_gradients_of_random_batches_are_unbiased(descent, batch_size):
    draws = 100
    changes = np.array(
        [
            descent.run("sgd", descent.states(1), batch_size=batch_size, seed=seed)[0] - descent.start
            for seed in range(draws)
        ]
    )
    expected = -0.01 * descent.gradient(descent.start, descent.states(20_000))
    error = changes.std(axis=0) / np.sqrt(draws)
    assert np.all(np.abs(changes.mean(axis=0) - expected) < 4 * error)
    assert len(np.unique(changes, axis=0)) == draws


def test_every_step_draws_states_of_its_own(descent):
    states = descent.states(1)
    first, second = (descent.run("sgd", states, batch_size=1, first=step, rate=1e-9)[2] for step in (0, 1))
    assert float(first) != float(second)


def test_batches_and_samples_of_any_size_share_one_trace(descent):
    for count in (10, 20):
        descent.run("sgd", descent.states(count))
        descent.run("sgd", descent.states(1), batch_size=count)
    for is_full_batch in (True, False):
        graph = compiled_descent(descent.compiled, "sgd", is_full_batch)
        assert graph.experimental_get_tracing_count() == 1
