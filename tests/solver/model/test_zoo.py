"""The contract of every built-in model, and their equations against formulas written by hand."""

import json

import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import calibrate
from solver.errors import ModelError, UnknownModelError
from solver.language.numpy_backend import NUMPY
from solver.language.tensorflow_backend import TENSORFLOW
from solver.model.economy import Date, Economy
from solver.model.load import load_model, model_from_document
from solver.model.multi_country import MAX_COUNTRIES, multi_country
from solver.model.steady_state import STEADY_STATE_TOLERANCE
from solver.model.zoo import load_zoo, zoo_names

NAMES = (
    "brock_mirman",
    "consumption_savings",
    "consumption_savings_ar1",
    "irreversible_investment",
    "multi_country",
    "neoclassical",
    "new_keynesian_zlb",
    "olg_krueger_kubler",
    "rbc",
    "rbc_labour",
    "stochastic_growth",
)
PAPER = {"beta": 0.96, "delta": 0.1, "theta": 0.36, "gamma": 2.0, "rho": 0.1, "loading": 1.0}


def steady_date(calibration, model, leading=()):
    """The steady state at given leading axes."""
    values = calibration.steady_state
    arrays = [
        np.array([values[name] for name in names])
        for names in (model.exogenous, model.states, model.controls)
    ]
    return Date(*(np.broadcast_to(array, (*leading, len(array))) for array in arrays))


def random_dates(calibration, model, count):
    """Two dates of variables within a tenth of the steady state, or 0.001 where that is zero; seeded."""
    rng = np.random.default_rng(7)
    steady = steady_date(calibration, model, (count,))
    widths = [np.maximum(np.abs(array), 0.01) * 0.1 for array in steady]
    return [
        Date(
            *(
                array + width * rng.uniform(-1, 1, array.shape)
                for array, width in zip(steady, widths, strict=True)
            )
        )
        for _ in range(2)
    ]


def as_tensors(date):
    return Date(*(tf.constant(array) for array in date))


@pytest.fixture(params=zoo_names())
def model(request):
    return load_zoo(request.param)


def test_the_zoo_holds_its_models():
    assert zoo_names() == NAMES
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
    sections = {"transition", "arbitrage", "felicity", "value", "definitions"}
    assert {"transition", "arbitrage"} <= set(model.equations) <= sections


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
    steady = steady_date(calibration, model)
    assert tuple(calibration.parameters) == model.parameters
    assert set(calibration.steady_state) == {
        *model.exogenous,
        *model.states,
        *model.controls,
        *model.definitions,
    }
    assert not calibration.notes, "the file's own steady state is off, or its domain not given"
    np.testing.assert_allclose(
        economy.transition(parameters, steady, steady.exogenous), steady.states, rtol=1e-12, atol=1e-15
    )
    residual = economy.arbitrage(parameters, steady, steady)
    conditions = [place for place, condition in enumerate(model.trees.complementarity) if condition]
    lower, upper = economy.bounds(parameters, steady.exogenous, steady.states)
    for place, control, low, high in zip(conditions, economy.bounded, lower, upper, strict=True):
        held = steady.controls[control]
        residual[place] = max(min(residual[place], held - low), held - high)
    np.testing.assert_allclose(residual, 0, atol=1e-12)
    assert STEADY_STATE_TOLERANCE > 1e-12
    states = calibration.state_steady()
    assert np.all((calibration.lower() <= states) & (states <= calibration.upper()))
    assert np.all(calibration.lower() < calibration.upper())


def test_the_linear_rule_is_unique(model):
    rule = calibrate(model).rule
    assert rule.n_stable == rule.n_states


@pytest.mark.parametrize("end", [0, 1], ids=["least", "greatest"])
def test_a_parameter_at_its_bound_has_a_steady_state_and_one_stable_path(model, end):
    for name in model.parameters:
        calibration = calibrate(model, {name: model.symbols[name].bounds[end]})
        assert all(np.isfinite(value) for value in calibration.steady_state.values())
        assert calibration.rule.n_stable == calibration.rule.n_states, name


@pytest.mark.parametrize("leading", [(), (1,), (5,), (2, 3)], ids=str)
@pytest.mark.parametrize("backend", [NUMPY, TENSORFLOW], ids=lambda backend: backend.name)
def test_shapes_follow_the_leading_axes(model, backend, leading):
    calibration, economy = calibrate(model), Economy(model, backend)
    parameters = backend.constant(calibration.parameter_vector())
    date = Date(*(backend.constant(array) for array in steady_date(calibration, model, leading)))
    definitions = economy.definitions(parameters, date)
    assert tuple(definitions) == model.definitions
    assert all(value.shape == leading for value in definitions.values())
    assert economy.transition(parameters, date, date.exogenous).shape == date.states.shape
    residual = economy.arbitrage(parameters, date, date)
    assert residual.shape == (*leading, len(model.controls))
    bounds = economy.bounds(parameters, date.exogenous, date.states)
    assert [[bound.shape for bound in side] for side in bounds] == [[leading] * len(economy.bounded)] * 2


def test_tensorflow_agrees_with_numpy_and_has_finite_gradients(model):
    calibration = calibrate(model)
    parameters = calibration.parameter_vector()
    today, tomorrow = random_dates(calibration, model, 200)
    by_numpy, by_tensorflow = Economy(model, NUMPY), Economy(model, TENSORFLOW)
    tensors = [tf.constant(parameters), as_tensors(today), as_tensors(tomorrow)]
    with tf.GradientTape() as tape:
        tape.watch(tf.nest.flatten(tensors))
        residual = by_tensorflow.arbitrage(*tensors)
    # A few units in the last place of each operation.
    np.testing.assert_allclose(
        residual, by_numpy.arbitrage(parameters, today, tomorrow), rtol=1e-11, atol=1e-12
    )
    np.testing.assert_allclose(
        by_tensorflow.transition(*tensors[:2], tensors[2].exogenous),
        by_numpy.transition(parameters, today, tomorrow.exogenous),
        rtol=1e-12,
    )
    for name, value in by_numpy.definitions(parameters, today).items():
        np.testing.assert_allclose(by_tensorflow.definitions(*tensors[:2])[name], value, rtol=1e-12)
    gradients = tape.gradient(residual, tf.nest.flatten(tensors), unconnected_gradients="zero")
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_gradients_are_those_of_finite_differences(model):
    calibration = calibrate(model)
    parameters = calibration.parameter_vector()
    today, tomorrow = random_dates(calibration, model, 20)
    controls = tf.constant(today.controls)
    with tf.GradientTape() as tape:
        tape.watch(controls)
        date = as_tensors(today)._replace(controls=controls)
        residual = Economy(model, TENSORFLOW).arbitrage(tf.constant(parameters), date, as_tensors(tomorrow))
    gradient = tape.gradient(residual, controls)
    by_numpy = Economy(model, NUMPY)
    for place in range(len(model.controls)):
        step = np.zeros_like(today.controls)
        step[:, place] = 1e-6 * np.maximum(np.abs(today.controls[:, place]), 1e-2)
        slope = [
            by_numpy.arbitrage(parameters, today._replace(controls=moved), tomorrow).sum(axis=-1)
            for moved in (today.controls - step, today.controls + step)
        ]
        # Rounding of central differences, 1e-16 / 1e-6, and their truncation, (1e-6)^2.
        difference = (slope[1] - slope[0]) / (2 * step[:, place])
        np.testing.assert_allclose(
            gradient[:, place], difference, rtol=1e-6, atol=1e-6 * np.abs(difference).max()
        )


def test_the_gradient_survives_a_compiled_graph_with_parameters_as_tensors():
    model = load_zoo("neoclassical")
    economy = Economy(model, TENSORFLOW)
    traces = []

    @tf.function
    def residual(parameters, date):
        traces.append(1)
        return economy.arbitrage(parameters, date, date)

    for gamma in (1.0, 2.0):
        calibration = calibrate(model, {"gamma": gamma})
        date = as_tensors(steady_date(calibration, model, (1,)))
        parameters = tf.constant(calibration.parameter_vector())
        np.testing.assert_allclose(residual(parameters, date), [[0.0]], atol=1e-13)
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

    today, tomorrow = random_dates(calibration, model, 100)
    (a, k), i = today.states.T, today.controls[:, 0]
    (a_next, k_next), i_next = tomorrow.states.T, tomorrow.controls[:, 0]
    c = np.exp(loading * a) * k**theta - i
    y_next = np.exp(loading * a_next) * k_next**theta
    c_next = y_next - i_next
    gross_return = 1 - delta + theta * y_next / k_next
    euler = 1 - beta * (c_next / c) ** -gamma * gross_return

    economy, parameters = Economy(model, NUMPY), calibration.parameter_vector()
    np.testing.assert_allclose(economy.definitions(parameters, today)["c"], c, rtol=1e-13)
    np.testing.assert_allclose(
        economy.transition(parameters, today, tomorrow.exogenous),
        np.stack([(1 - rho) * a, (1 - delta) * k + i], axis=-1),
        rtol=1e-13,
    )
    residual = economy.arbitrage(parameters, today, tomorrow)
    np.testing.assert_allclose(residual[:, 0], euler, rtol=1e-11, atol=1e-13)
    # The consumption that the Euler equation asks for, given tomorrow's, makes the residual zero.
    wanted = c_next * (beta * gross_return) ** (-1 / gamma)
    left, right = economy.arbitrage_sides(parameters, today, tomorrow, given={"c": wanted})
    np.testing.assert_allclose(left - right, 0, atol=1e-13)


def test_the_closed_form_solves_brock_mirman_and_neoclassical_at_its_parameters():
    cases = [("brock_mirman", {"theta": 0.3}), ("neoclassical", {"theta": 0.3, "delta": 1.0, "gamma": 1.0})]
    for name, overrides in cases:
        model = load_zoo(name)
        calibration = calibrate(model, overrides)
        economy, parameters = Economy(model, NUMPY), calibration.parameter_vector()
        today, _ = random_dates(calibration, model, 100)

        def following(states):
            controls = 0.96 * 0.3 * (np.exp(states[:, 0]) * states[:, 1] ** 0.3)[:, None]
            return Date(states[:, :0], states, controls)

        today = following(today.states)
        tomorrow = following(economy.transition(parameters, today, today.exogenous))
        np.testing.assert_allclose(economy.arbitrage(parameters, today, tomorrow), 0, atol=1e-13)


def test_outside_the_economy_values_are_not_finite_and_nothing_warns():
    model = load_zoo("neoclassical")
    calibration, economy = calibrate(model), Economy(model, NUMPY)
    date = Date(np.zeros((2, 0)), np.array([[0.0, -1.0], [0.0, 0.0]]), np.array([[0.1], [0.1]]))
    parameters = calibration.parameter_vector()
    assert not np.isfinite(economy.arbitrage(parameters, date, date)).any()
    assert np.isnan(economy.definitions(parameters, date)["y"][0])


def test_the_file_of_two_countries_is_the_template_s():
    assert load_model(multi_country(2)) == load_zoo("multi_country")


@pytest.mark.parametrize("n_countries", [1, 3, 10])
def test_the_template_writes_any_number_of_countries(n_countries):
    model = load_model(multi_country(n_countries))
    assert (len(model.states), len(model.controls)) == (2 * n_countries, n_countries)
    calibration = calibrate(model)
    assert not calibration.notes
    assert calibration.rule.n_stable == calibration.rule.n_states


@pytest.mark.parametrize("n_countries", [0, MAX_COUNTRIES + 1])
def test_the_template_refuses_other_numbers(n_countries):
    with pytest.raises(ModelError, match=f"n_countries = {n_countries} is outside"):
        multi_country(n_countries)
