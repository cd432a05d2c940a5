"""The compiled objective: Jacobians against finite differences, and one trace for everything."""

import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation
from solver.model.load import load_model, model_from_document
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.objective import complex_step
from solver.objective.euler import EulerObjective
from solver.objective.jacobian import output_jacobian
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import numpy_rule
from solver.policy.rule import Setting
from solver.settings import ExpectationSettings, PolicySettings, SolveSettings
from solver.solve import solve
from solver.training.compiled import CompiledObjective, Numbers, compiled_objective

TWO_CONTROLS = """
name: growth_with_budget
title: Growth with consumption as a control of its own
symbols:
  states: [k]
  controls: [i, c]
  exogenous: []
  parameters: [beta, delta, theta]
equations:
  transition: |
    k[t] = (1 - delta)*k[t-1] + i[t-1]
  arbitrage: |
    1/c[t] - beta/c[t+1]*(1 - delta + theta*k[t+1]^(theta - 1))
    c[t] + i[t] - k[t]^theta
calibration:
  beta: 0.95
  delta: 0.2
  theta: 0.4
  k: (theta/(1/beta - 1 + delta))^(1/(1 - theta))
  i: delta*k
  c: k^theta - i
domain:
  k: [0.6*k, 1.4*k]
"""

#: An autocorrelated shock, two regimes, and a bound on investment with the multiplier that the solver adds.
EVERYTHING = """
name: everything
symbols: {states: [k], controls: [i], exogenous: [z, w], parameters: [theta]}
definitions: |
  c[t] = exp(z[t])*w[t]*k[t]^theta - i[t]
equations:
  transition: k[t] = 0.8*k[t-1] + i[t-1]
  arbitrage: 1 - 0.95*(c[t+1]/c[t])^(-2)*(0.8 + theta*exp(z[t+1])*w[t+1]*k[t+1]^(theta - 1))  ⟂ 0.18*k[t] <= i[t] <= inf
calibration: {theta: 0.3, w: 1, k: ((1/0.95 - 0.8)/theta)^(-1/(1 - theta)), i: 0.2*k}
exogenous:
  z: !AR1 {rho: 0.8, sigma: 0.05}
  w: !MarkovChain {values: [[0.9], [1.1]], transitions: [[0.7, 0.3], [0.3, 0.7]]}
domain: {k: [0.8*k, 1.2*k], z: [-0.2, 0.2]}
"""

#: A bound with the multiplier among the controls, which stands in the equation of tomorrow.
PAIR = """
name: pair
symbols: {states: [a, k], controls: [i, mu], exogenous: [e], parameters: [theta]}
definitions: |
  c[t] = exp(a[t])*k[t]^theta - i[t]
equations:
  transition: |
    a[t] = 0.8*a[t-1] + e[t]
    k[t] = 0.9*k[t-1] + i[t-1]
  arbitrage: |
    1 - mu[t]*c[t]^2 - 0.95*((c[t+1]/c[t])^(-2)*(0.9 + theta*exp(a[t+1])*k[t+1]^(theta - 1)) - 0.9*mu[t+1]*c[t]^2)
    mu[t]  ⟂ 0.09*k[t] <= i[t] <= inf
calibration: {theta: 0.3, a: 0, k: ((1/0.95 - 0.9)/theta)^(-1/(1 - theta)), i: 0.1*k, mu: 0}
exogenous: !UNormal {sigma: 0.1}
domain: {a: [-0.3, 0.3], k: [0.8*k, 1.2*k]}
"""


def with_a_kink():
    """Growth with a cost of adjustment on one side."""
    document = dict(load_zoo("rbc").document)
    cost = " - 0.02*max(i[t] - delta*k[t], 0)"
    document["definitions"] = [
        f"{line}{cost}" if line.startswith("c[t]") else line for line in document["definitions"]
    ]
    return model_from_document(document)


MODELS = {
    "kinked": with_a_kink(),
    "neoclassical": load_zoo("neoclassical"),
    "two controls": load_model(TWO_CONTROLS),
    "everything": load_model(EVERYTHING),
    "pair": load_model(PAIR),
}
FAMILIES = [
    PolicySettings(family="polynomial", degree=3),
    PolicySettings(hidden=(5, 4), activation="tanh"),
    PolicySettings(hidden=(5, 4), activation="relu"),
]


def problem_of(model, seed, share=0.0):
    """A calibration as the graphs take it, with a share of its linear rule's slopes, and states."""
    calibration, outputs = calibrate(model), output_map(model)
    process, rng = calibration.process, np.random.default_rng(seed)
    frame = build_frame(calibration, outputs, share)
    numbers = Numbers(
        Setting(calibration.parameter_vector(), process.mean, process.values, frame),
        build_expectation(
            process, ExpectationSettings(rule="gauss_hermite", nodes=3).resolve(problem_size(model))
        ),
    )
    space = numpy_rule(model, PolicySettings(family="linear")).space
    box = rng.uniform(calibration.lower(), calibration.upper(), (16, space.n_continuous))
    return numbers, space.with_regimes(rng, box)


CASES = [("two controls", settings) for settings in FAMILIES]
CASES += [(name, settings) for name in ("everything", "pair") for settings in FAMILIES[:2]]
CASES += [("neoclassical", settings) for settings in FAMILIES if settings.activation in (None, "tanh")]

CASES.append(("kinked", PolicySettings(family="hinged", degree=2)))


@pytest.mark.parametrize(
    "name, settings",
    CASES,
    ids=lambda case: case if isinstance(case, str) else case.activation or case.family,
)
def test_jacobians_are_those_of_finite_differences(name, settings):
    model = MODELS[name]
    compiled = CompiledObjective(model, settings)
    has_bounds = name in ("everything", "pair")
    numbers, states = problem_of(model, seed=0, share=float(has_bounds))
    size = 0.02 if has_bounds else 0.1
    vector = size * np.random.default_rng(1).normal(size=sum(a * b for a, b in compiled.family.shapes))
    objective = EulerObjective(numpy_rule(model, settings), as_ratio=True)

    def found_at(vector):
        return objective.residuals(numbers.setting, numbers.expectation, compiled.unflatten(vector), states)

    def residuals(vector):
        return objective.with_multipliers(found_at(vector)).T.ravel()

    if has_bounds:
        today = found_at(vector).today.date
        (lower,), _ = objective.rule.economy.bounds(numbers.setting.parameters, today.exogenous, today.states)
        assert 0 < np.sum(today.controls[:, 0] == lower) < len(states)
    step = 1e-6
    differences = [
        (residuals(vector + step * unit) - residuals(vector - step * unit)) / (2 * step)
        for unit in np.eye(len(vector))
    ]
    expected = np.stack(differences, axis=1)
    assert np.isfinite(expected).all()
    found, full = compiled.full_jacobian(numbers, vector, states)
    np.testing.assert_allclose(found, residuals(vector), rtol=1e-11, atol=1e-14)
    # Central differences: rounding 1e-16 / 1e-6 and a third derivative times 1e-12.
    np.testing.assert_allclose(full, expected, rtol=1e-6, atol=1e-8)
    at = complex_step.Numbers(*numbers, tuple(compiled.unflatten(vector)))
    in_numpy = output_jacobian(objective, at, states)
    of_output = expected[:, -compiled.n_output_weights :]
    np.testing.assert_allclose(np.concatenate(in_numpy), of_output, rtol=1e-6, atol=1e-8)


def test_the_output_layer_has_the_last_columns_of_the_jacobian():
    compiled = CompiledObjective(MODELS["two controls"], FAMILIES[1])
    numbers, states = problem_of(MODELS["two controls"], seed=0)
    vector = 0.1 * np.random.default_rng(1).normal(size=sum(a * b for a, b in compiled.family.shapes))
    residuals, full = compiled.full_jacobian(numbers, vector, states)
    again, output = compiled.output_jacobian(numbers, vector, states)
    assert compiled.n_output_weights == 10
    # The two graphs may sum in another order.
    np.testing.assert_allclose(again, residuals, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(output, full[:, -10:], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["two controls", "everything", "pair"])
def test_in_float32_they_are_those_of_float64_up_to_rounding(name):
    numbers, states = problem_of(MODELS[name], seed=0, share=float(name != "two controls"))
    in_double, in_single = (
        CompiledObjective(MODELS[name], FAMILIES[1], dtype) for dtype in ("float64", "float32")
    )
    size = sum(a * b for a, b in in_double.family.shapes)
    vector = 0.02 * np.random.default_rng(1).normal(size=size)
    expected = in_double.full_jacobian(numbers, vector, states)
    found = in_single.full_jacobian(
        tf.nest.map_structure(in_single.tensor, numbers), in_single.tensor(vector), in_single.tensor(states)
    )
    for double, single in zip(expected, found, strict=True):
        assert single.dtype == tf.float32
        # Some tens of roundings, of 6e-8 of sides about one each.
        np.testing.assert_allclose(single, double, rtol=0, atol=5e-6 * max(1.0, np.abs(double).max()))


def test_weights_lie_layer_after_layer():
    compiled = CompiledObjective(MODELS["neoclassical"], FAMILIES[1])
    vector = np.arange(float(sum(a * b for a, b in compiled.family.shapes)))
    weights = compiled.unflatten(vector)
    assert tuple(weight.shape for weight in weights) == compiled.family.shapes
    np.testing.assert_array_equal(np.concatenate([weight.ravel() for weight in weights]), vector)
    by_tensorflow = compiled.unflatten(tf.constant(vector))
    assert all(np.array_equal(*pair) for pair in zip(weights, by_tensorflow, strict=True))


def test_nothing_is_traced_again_for_another_calibration_or_sample():
    model, policy = MODELS["neoclassical"], PolicySettings(family="neural", hidden=(24,), activation="tanh")
    for beta, states in ((0.96, 128), (0.9, 128), (0.93, 200), (0.98, 333)):
        settings = SolveSettings.model_validate(
            {
                "method": {
                    "policy": policy.model_dump(exclude_none=True),
                    "sampling": {"states": states},
                    "training": {"steps": 8},
                },
                "target": 1e-12,
            }
        )
        assert solve(model, calibrate(model, {"beta": beta}), settings).history[-1].step == 8
    compiled = compiled_objective(model, policy)
    assert compiled.output_jacobian.experimental_get_tracing_count() == 1
    assert compiled.full_jacobian.experimental_get_tracing_count() <= 1
    assert compiled_objective(load_zoo("neoclassical"), policy.resolve(problem_size(model))) is compiled


def test_the_graphs_run_where_they_are_asked_to():
    compiled = CompiledObjective(MODELS["neoclassical"], FAMILIES[0])
    numbers, states = problem_of(MODELS["neoclassical"], seed=0)
    with tf.device("cpu"):
        outcome = compiled.output_jacobian(numbers, np.zeros(10), states)
    assert all(tensor.device.endswith("CPU:0") and tensor.dtype == tf.float64 for tensor in outcome)
    placed = {
        operation.device
        for operation in compiled.output_jacobian.get_concrete_function().graph.get_operations()
    }
    assert placed == {""}
