"""ONNX files, run by onnxruntime, which knows nothing of the solver."""

import numpy as np
import onnxruntime
import pytest

from solver.calibrate import calibrate
from solver.export import functions
from solver.export.onnx_file import to_onnx
from solver.export.tensor import INPUT, Tensor
from solver.solve import solve
from tests.solver.export.page import program, run
from tests.solver.export.policies import (
    EVERYTHING,
    FAMILIES,
    MODELS,
    answers,
    assert_same,
    random_policy,
    states_around,
)


def session_of(policy, origin=None):
    return onnxruntime.InferenceSession(to_onnx(policy, origin or {}), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("model", MODELS)
def test_onnxruntime_gives_what_the_service_gives(model, family):
    policy = random_policy(MODELS[model], family)
    states = states_around(policy)
    session = session_of(policy)
    assert {output.type for output in session.get_outputs()} == {"tensor(double)"}
    assert_same(np.column_stack(session.run(None, {"states": states})), answers(policy, states))


@pytest.mark.parametrize(
    "model", ["neoclassical", "brock_mirman", "rbc", "rbc_labour", "stochastic_growth", "consumption_savings"]
)
def test_what_the_default_method_finds_is_no_sum_of_large_weights(model):
    policy = solve(MODELS[model], calibrate(MODELS[model])).policy
    rng, frame = np.random.default_rng(2), policy.frame
    u = rng.uniform(-1, 1, (1000, len(frame.center)))
    states = policy.space.with_regimes(rng, frame.center + frame.half_width * u)
    exported = np.column_stack(session_of(policy).run(None, {"states": states}))
    assert_same(exported, answers(policy, states))
    assert_same(np.concatenate([answers(policy, state[None]) for state in states]), answers(policy, states))


def test_large_weights_that_cancel_differ_by_rounding_alone():
    """What the service itself answers is good to the rounding of its sum, and no better."""
    policy = random_policy(MODELS["neoclassical"], "tanh")
    inner, hidden, output = policy.weights
    hidden[:, 1] = hidden[:, 0]
    output[:2] = [[1e6], [-1e6]]
    states = states_around(policy)
    h = np.abs(policy.structure.notional(policy.setting, (inner, hidden, output), states)[1][-1][0])
    rounding = np.finfo(float).eps * policy.frame.scale * (h @ np.abs(output))
    controls = session_of(policy).run(["controls"], {"states": states})[0]
    assert np.all(np.abs(controls - policy.evaluate(states)) <= 8 * rounding)


def test_any_number_of_rows_is_taken():
    policy = random_policy(EVERYTHING, "polynomial")
    session, states = session_of(policy), states_around(policy)
    for rows in (states[:1], states[:7], states[:0]):
        found = session.run(["definitions", "controls"], {"states": rows})
        assert [len(array) for array in found] == [len(rows)] * 2


def test_where_the_economy_is_not_defined_it_is_not_a_number():
    policy = random_policy(MODELS["neoclassical"], "tanh")
    states = np.array([[0.0, -1.0], [0.0, 4.0]])
    controls, definitions = session_of(policy).run(None, {"states": states})
    assert np.isnan(definitions).tolist() == [[True, True], [False, False]]
    assert_same(np.column_stack([controls, definitions]), answers(policy, states))


def test_the_pages_program_runs(tmp_path, monkeypatch):
    policy = random_policy(EVERYTHING, "relu")
    (tmp_path / "policy.onnx").write_bytes(to_onnx(policy, {"solution": "5f0c"}))
    monkeypatch.chdir(tmp_path)
    namespace = run(program("policy.onnx"))
    assert namespace["policy"]["model"]["hash"] == EVERYTHING.hash
    assert namespace["policy"]["origin"] == {"solution": "5f0c"}
    found = np.column_stack([namespace["controls"], *namespace["definitions"]])
    assert_same(found, answers(policy, namespace["states"]))


def test_the_same_policy_gives_the_same_bytes():
    assert len({to_onnx(random_policy(EVERYTHING, "arctan"), {}) for _ in range(2)}) == 1


FAR = np.array([1e-300, 1e-17, 1e-9, 1e-4, 0.1, 0.4, 0.7, 0.999, 1.0, 1.001, 3.0, 40.0, 300.0])


@pytest.mark.parametrize(
    ("name", "truth", "points"),
    [
        ("arctan", np.arctan, [*-FAR, 0.0, *FAR, 1e9, 1e200, -1e300, np.inf, -np.inf, np.nan]),
        ("sinh", np.sinh, [*-FAR, 0.0, *FAR, 800.0, -800.0, np.inf, -np.inf, np.nan]),
        ("cosh", np.cosh, [*-FAR, 0.0, *FAR, 800.0, -800.0, np.inf, -np.inf, np.nan]),
    ],
)
def test_what_onnxruntime_lacks_is_right_to_rounding(name, truth, points):
    with np.errstate(all="ignore"):
        found = getattr(functions, name)(np.array(points))
        np.testing.assert_allclose(found, truth(points), rtol=1e-14, atol=0.0)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0 - 1e-12, 1.0, 1.0 + 1e-8, 2.0, 10.0])
def test_crra_is_right_at_and_near_its_limit(gamma):
    c = np.array([1e-3, 0.5, 1.0 - 1e-9, 1.0, 1.0 + 1e-9, 2.0, 50.0])
    x = (1.0 - gamma) * np.log(c)
    truth = np.log(c) if gamma == 1.0 else np.expm1(x) / (1.0 - gamma)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(functions.crra(c, gamma), truth, rtol=1e-14)


def test_what_depends_on_no_state_is_computed_at_once():
    assert isinstance(functions.crra(np.float64(2.0), np.float64(3.0)), float)
    assert isinstance(functions.exp(Tensor(INPUT)), Tensor)
