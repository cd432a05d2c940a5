"""Policies with shocks, regimes and bounds as they are asked for, by solutions known by heart."""

import json
import math

import numpy as np
import pytest

from service.blocks import BLOCK
from service.evaluation import Evaluator
from solver.calibrate import calibrate
from solver.errors import StateError
from solver.model.zoo import load_zoo
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy, numpy_rule
from solver.settings import SolveSettings
from solver.solution import Provenance, Solution
from solver.status import Status
from tests.oracles.olg_krueger_kubler import SHOCKS, Generations
from worker.artifacts import Artifact
from worker.contract import Job
from worker.execution import Success, execute

LINEAR = SolveSettings.model_validate({"method": {"policy": {"family": "linear"}}})


def evaluator_of(name, **overrides):
    """The linear rule of a model of the zoo, stored and read back as a service reads it."""
    model = load_zoo(name)
    calibration = calibrate(model, overrides)
    settings = LINEAR.method.policy
    weights = tuple(np.zeros(shape) for shape in numpy_rule(model, settings).family.shapes)
    policy = Policy(model, calibration, settings, build_frame(calibration, output_map(model)), weights)
    solution = Solution(
        status=Status.CONVERGED,
        calibration=calibration,
        settings=LINEAR,
        policy=policy,
        certificate=None,
        history=(),
        provenance=Provenance({}, "cpu", "float64", 0.1, 0.1),
    )
    job = Job.model_validate_json(Job.describe(name, model, calibration, LINEAR).model_dump_json())
    return Evaluator(model, job, Artifact.pack(solution, policy)), calibration


def faults_of(evaluator, states, **options):
    with pytest.raises(StateError) as caught:
        evaluator.evaluate(np.array(states, dtype=float), **options)
    return caught.value.faults


@pytest.fixture(scope="module")
def generations():
    return evaluator_of("olg_krueger_kubler")


def test_a_regime_is_a_state_like_others(generations):
    evaluator, calibration = generations
    assert evaluator.state_names == ("k2", "k3", "k4", "k5", "k6", "regime")
    assert evaluator.domain["regime"] == (0.0, 3.0)
    steady = calibration.state_steady()
    states = np.column_stack([np.tile(steady, (4, 1)), np.arange(4)])
    answer = evaluator.evaluate(states, is_strict=True)
    assert answer.in_domain.all()
    # The closed form is constant, so that the linear rule is exact.
    np.testing.assert_allclose(answer.controls, np.tile(Generations().closed_form(), (4, 1)), rtol=1e-6)
    # What follows from the regime's own productivity and depreciation.
    income = Generations().income(*SHOCKS.T, np.tile(steady, (4, 1)))
    np.testing.assert_allclose(answer.definitions["w"], income[:, 0], rtol=1e-12)
    np.testing.assert_allclose(answer.definitions["r"], income[:, 1] / steady[0], rtol=1e-12)


@pytest.mark.parametrize("regime", [4, -1, 0.5, 1e300, -0.25])
def test_a_regime_that_is_none_is_refused(generations, regime):
    evaluator, calibration = generations
    state = [*calibration.state_steady(), regime]
    (fault,) = faults_of(evaluator, [state])
    assert fault.pointer == ("regime",)
    assert f"regime = {float(regime)!r}" in fault.message
    assert "a whole number from 0 to 3" in fault.message
    with pytest.raises(StateError):
        evaluator.evaluate_one(state, is_strict=False)


def test_regimes_that_are_none_are_named_by_their_rows(generations):
    evaluator, calibration = generations
    steady = calibration.state_steady()
    states = [[*steady, regime] for regime in (0, 7, 1, 2.5)]
    assert [fault.pointer for fault in faults_of(evaluator, states)] == [("regime", 1), ("regime", 3)]


def test_one_state_and_many_are_answered_alike(generations):
    evaluator, calibration = generations
    state = [*(1.05 * calibration.state_steady()).tolist(), 2.0]
    one = evaluator.evaluate_one(state, is_strict=True)
    many = evaluator.evaluate(np.array([state, state]))
    assert list(one["controls"].values()) == many.controls[0].tolist()
    assert one["states"] == dict(zip(evaluator.state_names, state, strict=True))
    for name, value in one["definitions"].items():
        assert value == many.definitions[name][1]
    json.dumps(one, allow_nan=False)


def test_blocks_are_answered_as_their_rows_are(generations):
    evaluator, calibration = generations
    rng, n_rows = np.random.default_rng(0), 2 * BLOCK + 7
    states = calibration.state_steady() * rng.uniform(0.9, 1.1, (n_rows, 5))
    states = np.column_stack([states, rng.integers(4, size=n_rows)])
    answer = evaluator.evaluate(states)
    for rows in (slice(0, 3), slice(BLOCK - 1, BLOCK + 2), slice(n_rows - 3, None)):
        few = evaluator.evaluate(states[rows])
        np.testing.assert_allclose(answer.controls[rows], few.controls, rtol=1e-14)
        np.testing.assert_array_equal(answer.in_domain[rows], few.in_domain)
        for name, values in few.definitions.items():
            np.testing.assert_allclose(answer.definitions[name][rows], values, rtol=1e-13)


def test_faults_of_every_block_are_told_with_their_rows():
    evaluator, calibration = evaluator_of("neoclassical")
    states = np.tile(calibration.state_steady(), (3 * BLOCK, 1))
    at_fault = [5, BLOCK, 3 * BLOCK - 1]
    states[at_fault, 1] = -1.0
    for is_strict in (False, True):
        found = faults_of(evaluator, states, is_strict=is_strict)
        assert [fault.pointer for fault in found] == [("k", row) for row in at_fault]


def test_an_autocorrelated_shock_is_a_state_with_its_domain():
    evaluator, calibration = evaluator_of("consumption_savings_ar1")
    assert evaluator.state_names == ("y", "w")
    reach = 0.3 / math.sqrt(1 - 0.81)
    np.testing.assert_allclose(evaluator.domain["y"], (-reach, reach), rtol=1e-12)
    (fault,) = faults_of(evaluator, [[1.0, 1.0]], is_strict=True)
    assert fault.pointer == ("y",)
    answer = evaluator.evaluate(np.array([[1.0, 1.0]]))
    assert not answer.in_domain.any()
    assert calibration.steady_state["y"] == 0


def test_bounds_hold_far_outside_the_domain():
    evaluator, _ = evaluator_of("consumption_savings_ar1")
    w = np.array([0.5, 1.0, 50.0, 1000.0])
    controls = evaluator.evaluate(np.column_stack([np.zeros(4), w])).controls[:, 0]
    assert np.all((controls >= 0) & (controls <= w))
    evaluator, _ = evaluator_of("irreversible_investment")
    i, mu = evaluator.evaluate(np.array([[-0.4, 100.0], [0.4, 5.0], [-0.4, 60.0]])).controls.T
    assert np.all((i >= 0) & (mu >= 0) & (i * mu == 0))
    assert mu.max() > 0 and i.max() > 0


def test_missing_and_unknown_states_are_named_with_the_shocks_among_them(generations):
    evaluator, _ = generations
    with pytest.raises(StateError) as caught:
        evaluator.check_names({"k2": 1, "k3": 1, "k4": 1, "k5": 1, "k6": 1, "z": 1})
    assert [fault.pointer for fault in caught.value.faults] == [("regime",), ("z",)]
    assert "k2, k3, k4, k5, k6, regime" in caught.value.faults[0].message


def test_a_policy_trained_on_draws_at_ergodic_states_is_evaluated_as_any():
    """Such a method names no nodes to judge by; multipliers are expectations all the same."""
    model = load_zoo("rbc")
    calibration = calibrate(model, {"delta": 1.0, "gamma": 1.0})
    method = {
        "policy": {"family": "polynomial", "degree": 2},
        "training": {"algorithm": "adam", "steps": 500, "learning_rate": 1e-2},
        "expectation": {"rule": "all_in_one"},
        "sampling": {"region": "ergodic"},
    }
    settings = SolveSettings.model_validate({"method": method, "target": 1e-3})
    job = Job.model_validate_json(Job.describe("rbc", model, calibration, settings).model_dump_json())
    outcome = execute(job, lambda progress: None, lambda: False)
    assert isinstance(outcome, Success)
    found = Evaluator(model, job, outcome.artifact).evaluate_one(
        [0.02, calibration.steady_state["k"]], is_strict=True
    )
    # Brock and Mirman (1972): investment is a share βθ of output.
    exact = 0.96 * 0.36 * found["definitions"]["y"]
    assert found["controls"]["i"] == pytest.approx(exact, rel=1e-2)
