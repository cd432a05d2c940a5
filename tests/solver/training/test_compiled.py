"""The compiled objective: Jacobians against finite differences, and one trace for everything."""

import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation
from solver.model.load import load_model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.objective.euler import EulerObjective
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

MODELS = {"neoclassical": load_zoo("neoclassical"), "two controls": load_model(TWO_CONTROLS)}
FAMILIES = [
    PolicySettings(family="polynomial", degree=3),
    PolicySettings(hidden=(5, 4), activation="tanh"),
    PolicySettings(hidden=(5, 4), activation="relu"),
]


def problem_of(model, seed):
    """A calibration as the graphs take it, with its steady controls held for a linear rule, and states."""
    calibration, outputs = calibrate(model), output_map(model)
    process, rng = calibration.process, np.random.default_rng(seed)
    frame = build_frame(calibration, outputs, share=0.0)
    numbers = Numbers(
        Setting(calibration.parameter_vector(), process.mean, process.values, frame),
        build_expectation(process, ExpectationSettings(nodes=3).resolve(problem_size(model))),
        np.zeros(len(outputs.free)),
    )
    space = numpy_rule(model, PolicySettings(family="linear")).space
    box = rng.uniform(calibration.lower(), calibration.upper(), (9, space.n_continuous))
    return numbers, space.with_regimes(rng, box)


CASES = [("two controls", settings) for settings in FAMILIES]
CASES += [("neoclassical", settings) for settings in FAMILIES if settings.activation in (None, "tanh")]


@pytest.mark.parametrize(
    "name, settings",
    CASES,
    ids=lambda case: case if isinstance(case, str) else case.activation or case.family,
)
def test_jacobians_are_those_of_finite_differences(name, settings):
    model = MODELS[name]
    compiled = CompiledObjective(model, settings)
    numbers, states = problem_of(model, seed=0)
    vector = 0.1 * np.random.default_rng(1).normal(size=sum(a * b for a, b in compiled.family.shapes))
    objective = EulerObjective(numpy_rule(model, settings), as_ratio=True)

    def residuals(vector):
        weights = compiled.unflatten(vector)
        return objective.residuals(numbers.setting, numbers.expectation, weights, states).values.T.ravel()

    step = 1e-6
    differences = [
        (residuals(vector + step * unit) - residuals(vector - step * unit)) / (2 * step)
        for unit in np.eye(len(vector))
    ]
    expected = np.stack(differences, axis=1)
    found, full = compiled.full_jacobian(numbers, vector, states)
    np.testing.assert_allclose(found, residuals(vector), rtol=1e-11, atol=1e-14)
    # Central differences: rounding 1e-16 / 1e-6 and a third derivative times 1e-12.
    np.testing.assert_allclose(full, expected, rtol=1e-6, atol=1e-8)


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


def test_weights_lie_layer_after_layer():
    compiled = CompiledObjective(MODELS["neoclassical"], FAMILIES[1])
    vector = np.arange(float(sum(a * b for a, b in compiled.family.shapes)))
    weights = compiled.unflatten(vector)
    assert tuple(weight.shape for weight in weights) == compiled.family.shapes
    np.testing.assert_array_equal(np.concatenate([weight.ravel() for weight in weights]), vector)
    by_tensorflow = compiled.unflatten(tf.constant(vector))
    assert all(np.array_equal(*pair) for pair in zip(weights, by_tensorflow, strict=True))


def test_nothing_is_traced_again_for_another_calibration_or_sample():
    model, policy = MODELS["neoclassical"], PolicySettings(hidden=(24,), activation="tanh")
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
