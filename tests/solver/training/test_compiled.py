"""The graphs: their derivatives against finite differences, their traces, their place."""

import numpy as np
import pytest
import tensorflow as tf

from solver.model.calibration import calibrate
from solver.model.zoo import load_zoo
from solver.policy.frame import build_frame
from solver.settings import PolicySettings
from solver.training.compiled import CompiledObjective
from solver.training.device import GPU_FROM_ELEMENTS, choose_device
from tests.oracles.growth import Growth

CHOICES = {
    "shallow": PolicySettings(hidden=(6,)),
    "deep": PolicySettings(hidden=(5, 4, 3), activation="arctan"),
    "polynomial": PolicySettings(family="polynomial", degree=4),
}


def problem_of(model, **overrides):
    calibration = calibrate(model, overrides)
    rule = np.array([Growth(**{**calibration.parameters}).linear_rule()])
    frame = build_frame(
        calibration.lower(),
        calibration.upper(),
        calibration.state_steady(),
        calibration.control_steady(),
        rule,
    )
    return (calibration.parameter_vector(), tuple(frame)), calibration


@pytest.fixture(scope="module", params=CHOICES)
def compiled(request):
    return CompiledObjective(load_zoo("neoclassical"), CHOICES[request.param].resolve())


def draw(compiled, calibration, count=9):
    rng = np.random.default_rng(0)
    n_weights = sum(rows * columns for rows, columns in compiled.family.shapes)
    states = rng.uniform(calibration.lower(), calibration.upper(), size=(count, 2))
    return 0.05 * rng.normal(size=n_weights), states


def finite_differences(function, vector, columns):
    """Central differences of order four."""
    width = 1e-4
    found = []
    for column in columns:
        move = np.zeros_like(vector)
        move[column] = width
        near = function(vector + move) - function(vector - move)
        far = function(vector + 2 * move) - function(vector - 2 * move)
        found.append((8 * near - far) / (12 * width))
    return np.stack(found, axis=1)


def test_jacobians_are_finite_differences(compiled):
    problem, calibration = problem_of(compiled.model)
    vector, states = draw(compiled, calibration)
    residuals, full = (tensor.numpy() for tensor in compiled.full_jacobian(problem, vector, states))
    expected = finite_differences(
        lambda point: compiled.full_jacobian(problem, point, states)[0].numpy(), vector, range(len(vector))
    )
    # Rounding of 1e-16 / 1e-4, and the differences' own error of order 1e-16.
    np.testing.assert_allclose(full, expected, rtol=1e-6, atol=1e-9)
    same, output = (tensor.numpy() for tensor in compiled.output_jacobian(problem, vector, states))
    np.testing.assert_array_equal(same, residuals)
    np.testing.assert_allclose(output, full[:, -compiled.n_output_weights :], rtol=1e-12)


def test_one_trace_serves_every_calibration_and_sample_size(compiled):
    for beta, count in [(0.96, 9), (0.9, 9), (0.99, 30), (0.95, 1)]:
        problem, calibration = problem_of(compiled.model, beta=beta)
        vector, states = draw(compiled, calibration, count)
        residuals, _ = compiled.output_jacobian(problem, vector, states)
        assert residuals.shape == (count,)
    assert compiled.output_jacobian.experimental_get_tracing_count() == 1


def test_the_graph_runs_where_it_is_put(compiled):
    problem, calibration = problem_of(compiled.model)
    vector, states = draw(compiled, calibration)
    with tf.device("cpu"):
        residuals, jacobian = compiled.output_jacobian(problem, vector, states)
    assert {tensor.device.split("/")[-1] for tensor in (residuals, jacobian)} == {"device:CPU:0"}


def test_a_small_problem_is_for_the_cpu():
    assert choose_device(GPU_FROM_ELEMENTS - 1) == "cpu"


def test_a_large_problem_is_for_the_gpu_where_there_is_one():
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    assert choose_device(GPU_FROM_ELEMENTS) == ("gpu" if has_gpu else "cpu")
