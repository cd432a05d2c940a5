"""The weights that one policy takes over from another: the same decisions, whatever family, frame and model."""

import copy
from pathlib import Path

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model, model_from_document
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.numerics.sampling import uniform_box
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy, numpy_rule
from solver.policy.warm_start import weights_from
from solver.settings import PolicySettings

WITH_REGIMES = Path(__file__).parents[2] / "data/dolo/newer/rbc_mc.yaml"
QUADRATIC = {"family": "polynomial", "degree": 2}
CUBIC = {"family": "polynomial", "degree": 3}


def titled(model):
    """The same economy as another model."""
    return model_from_document({**copy.deepcopy(dict(model.document)), "title": "Another"})


def policy_of(model, calibration, settings, size=0.0):
    """A policy with random inner weights and an output layer of that size."""
    chosen = PolicySettings.model_validate(settings).resolve(problem_size(model))
    rng = np.random.default_rng(0)
    weights = numpy_rule(model, chosen).family.initial_weights(rng)
    weights[-1] = size * rng.normal(size=weights[-1].shape)
    return Policy(model, calibration, chosen, build_frame(calibration, output_map(model)), tuple(weights))


def states_of(policy):
    calibration = policy.calibration
    rng = np.random.default_rng(1)
    return policy.space.with_regimes(rng, uniform_box(rng, calibration.lower(), calibration.upper(), 200))


def started(start, policy):
    weights = weights_from(start, policy, states_of(policy))
    return Policy(policy.model, policy.calibration, policy.settings, policy.frame, weights)


@pytest.mark.parametrize("name", ["rbc_labour", "irreversible_investment", "consumption_savings", "rbc_mc"])
@pytest.mark.parametrize("is_same_model", [True, False])
@pytest.mark.parametrize("settings", [QUADRATIC, CUBIC], ids=["its family", "a larger one"])
def test_the_same_decisions_at_the_same_calibration(name, is_same_model, settings):
    """A cubic holds every quadratic, so that least squares has it exactly; multipliers, regimes and kinks included."""
    model = load_model(WITH_REGIMES.read_text(encoding="utf-8")) if name == "rbc_mc" else load_zoo(name)
    start = policy_of(model, calibrate(model), QUADRATIC, size=0.1)
    other = model if is_same_model else titled(model)
    policy = started(start, policy_of(other, calibrate(other), settings))
    states = states_of(policy)
    np.testing.assert_allclose(policy.notional(states), start.notional(states), atol=1e-12)
    np.testing.assert_allclose(policy.evaluate(states), start.evaluate(states), atol=1e-12)


def test_another_domain_keeps_decisions_where_they_are():
    model = load_zoo("neoclassical")
    document = copy.deepcopy(dict(model.document))
    document["domain"] = {"a": [-0.1, 0.15], "k": ["0.8*k", "1.3*k"]}
    other = model_from_document(document)
    start = policy_of(model, calibrate(model), QUADRATIC, size=0.1)
    policy = started(start, policy_of(other, calibrate(other), QUADRATIC))
    states = states_of(policy)
    np.testing.assert_allclose(policy.evaluate(states), start.evaluate(states), atol=1e-12)


def test_another_calibration_keeps_the_correction_in_units_of_the_domain():
    model = load_zoo("neoclassical")
    start = policy_of(model, calibrate(model), QUADRATIC, size=0.1)
    policy = started(start, policy_of(model, calibrate(model, {"beta": 0.95}), CUBIC))
    u = np.random.default_rng(2).uniform(-1, 1, size=(50, 2))

    def correction(one):
        states = one.frame.center + one.frame.half_width * u
        linear = Policy.of_linear_rule(model, one.calibration).evaluate(states)
        return (one.evaluate(states) - linear) / one.frame.scale

    np.testing.assert_allclose(correction(policy), correction(start), atol=1e-12)


def test_units_are_taken_over_by_the_same_network_only():
    model = load_zoo("neoclassical")
    calibration = calibrate(model)
    start = policy_of(model, calibration, {"hidden": [30]}, size=0.1)
    same = policy_of(model, calibration, {"hidden": [30]})
    other = policy_of(model, calibration, {"hidden": [31]})
    assert all(a is b for a, b in zip(started(start, same).weights, start.weights, strict=True))
    assert started(start, other).weights[0] is other.weights[0]


@pytest.mark.parametrize("name", ["irreversible_investment", "consumption_savings"])
def test_bounds_that_the_start_does_not_know_leave_its_decisions(name):
    """Between the bounds a decision is what it was; multipliers of its own are met too, at the scale of the new frame."""
    model = load_zoo(name)
    policy = policy_of(model, calibrate(model), QUADRATIC)
    outputs = policy.structure.outputs
    states = states_of(policy)
    controls, linear = policy.evaluate(states), policy.notional(states)
    values = outputs.notional_beside(controls, linear)
    lowers, uppers = policy.economy.bounds(
        policy.calibration.parameter_vector(), policy.decide(states).exogenous, policy.decide(states).states
    )
    np.testing.assert_allclose(outputs.controls(np, values, lowers, uppers)[0], controls, atol=1e-12)


def test_natural_domains_are_inverted():
    model = load_zoo("stochastic_growth")
    document = copy.deepcopy(dict(model.document))
    document.setdefault("variables", {})["c"] = {"bounds": [0, 10]}
    other = model_from_document(document)
    start = policy_of(model, calibrate(model), QUADRATIC, size=0.01)
    policy = started(start, policy_of(other, calibrate(other), {"family": "polynomial", "degree": 10}))
    assert policy.structure.outputs != start.structure.outputs
    states = states_of(policy)
    np.testing.assert_allclose(policy.evaluate(states), start.evaluate(states), rtol=1e-6)
