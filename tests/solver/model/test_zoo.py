"""The contract of every built-in model, and their equations against formulas written by hand."""

import json

import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import STEADY_STATE_TOLERANCE, calibrate
from solver.errors import UnknownModelError
from solver.language.numpy_backend import NUMPY
from solver.language.tensorflow_backend import TENSORFLOW
from solver.model.economy import Economy
from solver.model.load import load_model, model_from_document
from solver.model.zoo import load_zoo, zoo_names

PAPER = {"beta": 0.96, "delta": 0.1, "theta": 0.36, "gamma": 2.0, "rho": 0.1, "loading": 1.0}


def random_points(calibration, count):
    """States over the domain and controls within a quarter of their steady state, seeded."""
    rng = np.random.default_rng(7)
    states = rng.uniform(calibration.lower(), calibration.upper(), (count, len(calibration.domain)))
    steady = calibration.control_steady()
    return states, steady * rng.uniform(0.75, 1.25, (count, len(steady)))


@pytest.fixture(params=zoo_names())
def model(request):
    return load_zoo(request.param)


def test_the_zoo_holds_the_first_models():
    assert zoo_names() == ("brock_mirman", "neoclassical")
    with pytest.raises(UnknownModelError, match="did you mean neoclassical"):
        load_zoo("neoclasical")
    with pytest.raises(UnknownModelError):
        load_zoo("../zoo/neoclassical")


def test_every_symbol_is_described_and_every_parameter_bounded(model):
    names = {*model.states, *model.controls, *model.exogenous, *model.parameters, *model.definitions}
    assert set(model.symbols) == names
    assert all(info.description and info.symbol for info in model.symbols.values())
    assert all(model.symbols[name].bounds for name in model.parameters)
    assert model.title and model.source
    assert set(model.equations) == {"definitions", "transition", "arbitrage", "felicity"}


def test_the_document_reads_back(model):
    document = json.loads(json.dumps(model.document))
    assert model_from_document(document) == model
    again = load_model(json.dumps(document))
    assert again == model
    assert again.document == model.document
    assert again.trees == model.trees


def test_the_steady_state_is_one(model):
    calibration = calibrate(model)
    economy, parameters = Economy(model, NUMPY), calibration.parameter_vector()
    states, controls = calibration.state_steady(), calibration.control_steady()
    assert tuple(calibration.parameters) == model.parameters
    assert tuple(calibration.steady_state) == (*model.states, *model.controls, *model.definitions)
    assert tuple(calibration.domain) == model.states
    np.testing.assert_allclose(economy.transition(parameters, states, controls), states, rtol=1e-12)
    residual = economy.arbitrage(parameters, states, controls, states, controls)
    np.testing.assert_allclose(residual, 0, atol=1e-12)
    assert STEADY_STATE_TOLERANCE > 1e-12
    assert np.all((calibration.lower() < states) & (states < calibration.upper()))


@pytest.mark.parametrize("leading", [(), (1,), (5,), (2, 3)], ids=str)
@pytest.mark.parametrize("backend", [NUMPY, TENSORFLOW], ids=lambda backend: backend.name)
def test_shapes_follow_the_leading_axes(model, backend, leading):
    calibration, economy = calibrate(model), Economy(model, backend)
    parameters = calibration.parameter_vector()
    states = np.broadcast_to(calibration.state_steady(), (*leading, len(model.states)))
    controls = np.broadcast_to(calibration.control_steady(), (*leading, len(model.controls)))
    arrays = [backend.constant(array) for array in (parameters, states, controls)]
    definitions = economy.definitions(*arrays)
    assert tuple(definitions) == model.definitions
    assert all(value.shape == leading for value in definitions.values())
    assert economy.transition(*arrays).shape == states.shape
    residual = economy.arbitrage(*arrays, arrays[1], arrays[2])
    assert residual.shape == (*leading, len(model.controls))


def test_tensorflow_agrees_with_numpy_and_has_finite_gradients(model):
    calibration = calibrate(model)
    parameters = calibration.parameter_vector()
    states, controls = random_points(calibration, 200)
    next_states, next_controls = states[::-1].copy(), controls[::-1].copy()
    by_numpy, by_tensorflow = Economy(model, NUMPY), Economy(model, TENSORFLOW)
    arguments = (parameters, states, controls, next_states, next_controls)
    tensors = [tf.constant(array) for array in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        residual = by_tensorflow.arbitrage(*tensors)
    # A few units in the last place of each operation.
    np.testing.assert_allclose(residual, by_numpy.arbitrage(*arguments), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(
        by_tensorflow.transition(*tensors[:3]), by_numpy.transition(*arguments[:3]), rtol=1e-13
    )
    for name, value in by_numpy.definitions(*arguments[:3]).items():
        np.testing.assert_allclose(by_tensorflow.definitions(*tensors[:3])[name], value, rtol=1e-13)
    gradients = tape.gradient(residual, tensors, unconnected_gradients="zero")
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_gradients_are_those_of_finite_differences(model):
    calibration = calibrate(model)
    parameters = calibration.parameter_vector()
    states, controls = random_points(calibration, 20)
    by_numpy = Economy(model, NUMPY)
    tensors = [tf.constant(array) for array in (parameters, states, controls, states, controls)]
    with tf.GradientTape() as tape:
        tape.watch(tensors[2])
        residual = Economy(model, TENSORFLOW).arbitrage(*tensors)
    gradient = tape.gradient(residual, tensors[2])[:, 0]
    step = np.zeros_like(controls)
    step[:, 0] = 1e-6
    slope = [
        by_numpy.arbitrage(parameters, states, moved, states, controls).sum(axis=-1)
        for moved in (controls - step, controls + step)
    ]
    # Rounding of central differences, 1e-16 / 1e-6, and their truncation, (1e-6)^2.
    np.testing.assert_allclose(gradient, (slope[1] - slope[0]) / 2e-6, rtol=1e-6, atol=1e-8)


def test_the_gradient_survives_a_compiled_graph_with_parameters_as_tensors():
    economy = Economy(load_zoo("neoclassical"), TENSORFLOW)
    traces = []

    @tf.function
    def residual(*arrays):
        traces.append(1)
        return economy.arbitrage(*arrays)

    for gamma in (1.0, 2.0):
        calibration = calibrate(load_zoo("neoclassical"), {"gamma": gamma})
        states = tf.constant(calibration.state_steady()[None])
        controls = tf.constant(calibration.control_steady()[None])
        arrays = [tf.constant(calibration.parameter_vector()), states, controls, states, controls]
        np.testing.assert_allclose(residual(*arrays), [[0.0]], atol=1e-13)
    assert len(traces) == 1


@pytest.mark.parametrize(
    "overrides", [{}, {"gamma": 1.0}, {"delta": 1.0, "loading": 0.0}, {"theta": 0.5}], ids=str
)
def test_neoclassical_is_the_model_of_the_paper(overrides):
    model = load_zoo("neoclassical")
    calibration = calibrate(model, overrides)
    p = {**PAPER, **overrides}
    assert calibration.parameters == p
    beta, delta, theta, gamma, rho, loading = p.values()
    k_ss = (theta / (1 / beta - 1 + delta)) ** (1 / (1 - theta))
    np.testing.assert_allclose(calibration.state_steady(), [0, k_ss], rtol=1e-13)
    np.testing.assert_allclose(calibration.control_steady(), [delta * k_ss], rtol=1e-13)
    np.testing.assert_allclose(calibration.lower(), [-0.2, 0.5 * k_ss], rtol=1e-13)
    np.testing.assert_allclose(calibration.upper(), [0.2, 1.5 * k_ss], rtol=1e-13)

    states, controls = random_points(calibration, 100)
    next_states, next_controls = states[::-1], controls[::-1]
    (a, k), i = states.T, controls[:, 0]
    (a_next, k_next), i_next = next_states.T, next_controls[:, 0]
    c = np.exp(loading * a) * k**theta - i
    y_next = np.exp(loading * a_next) * k_next**theta
    c_next = y_next - i_next
    gross_return = 1 - delta + theta * y_next / k_next
    euler = 1 - beta * (c_next / c) ** -gamma * gross_return

    economy, parameters = Economy(model, NUMPY), calibration.parameter_vector()
    np.testing.assert_allclose(economy.definitions(parameters, states, controls)["c"], c, rtol=1e-13)
    np.testing.assert_allclose(
        economy.transition(parameters, states, controls),
        np.stack([(1 - rho) * a, (1 - delta) * k + i], axis=-1),
        rtol=1e-13,
    )
    arrays = (parameters, states, controls, next_states, next_controls)
    np.testing.assert_allclose(economy.arbitrage(*arrays)[:, 0], euler, rtol=1e-11, atol=1e-13)
    # The consumption that the Euler equation asks for, given tomorrow's, makes the residual zero.
    wanted = c_next * (beta * gross_return) ** (-1 / gamma)
    np.testing.assert_allclose(economy.arbitrage(*arrays, given={"c": wanted}), 0, atol=1e-13)
    np.testing.assert_allclose(economy.arbitrage(*arrays, given={"c": c})[:, 0], euler, atol=1e-13)


def test_the_closed_form_solves_brock_mirman_and_neoclassical_at_its_parameters():
    cases = [("brock_mirman", {"theta": 0.3}), ("neoclassical", {"theta": 0.3, "delta": 1.0, "gamma": 1.0})]
    for name, overrides in cases:
        model = load_zoo(name)
        calibration = calibrate(model, overrides)
        economy, parameters = Economy(model, NUMPY), calibration.parameter_vector()
        states, _ = random_points(calibration, 100)

        def policy(states):
            return 0.96 * 0.3 * (np.exp(states[:, 0]) * states[:, 1] ** 0.3)[:, None]

        controls = policy(states)
        next_states = economy.transition(parameters, states, controls)
        residual = economy.arbitrage(parameters, states, controls, next_states, policy(next_states))
        np.testing.assert_allclose(residual, 0, atol=1e-13)


def test_outside_the_economy_values_are_not_finite_and_nothing_warns():
    model = load_zoo("neoclassical")
    calibration, economy = calibrate(model), Economy(model, NUMPY)
    states, controls = np.array([[0.0, -1.0], [0.0, 0.0]]), np.array([[0.1], [0.1]])
    parameters = calibration.parameter_vector()
    residual = economy.arbitrage(parameters, states, controls, states, controls)
    assert not np.isfinite(residual).any()
    assert np.isnan(economy.definitions(parameters, states, controls)["y"][0])
