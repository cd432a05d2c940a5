"""Sensitivities over HTTP, of a policy that is the closed form of Brock and Mirman: ``i = βθ exp(a) k^θ``."""

import numpy as np
import pytest

from service.blocks import BLOCK
from solver.calibrate import calibrate
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.policy.frame import Frame
from solver.policy.policy import Policy, numpy_rule
from solver.settings import PolicySettings
from solver.solution import Provenance, Solution
from solver.status import Status

BETA, THETA = 0.96, 0.36
POLYNOMIAL = {"policy": {"family": "polynomial", "degree": 12}}


def closed_form():
    model = load_zoo("brock_mirman")
    calibration = calibrate(model)
    settings = PolicySettings(**POLYNOMIAL["policy"]).resolve(problem_size(model))
    center = (calibration.lower() + calibration.upper()) / 2
    half_width = calibration.upper() - center
    affine = center, half_width, np.zeros((1, 1)), np.zeros((2, 1)), np.ones(1)
    frame = Frame(*affine, np.full(2, -np.inf), np.full(2, np.inf))
    u = np.random.default_rng(0).uniform(-1.2, 1.2, (1000, 2))
    a, k = (center + half_width * u).T
    family = numpy_rule(model, settings).family
    basis = family.layers(np, [np.zeros(family.shapes[0])], u)[0][0]
    weights = np.linalg.lstsq(basis, (BETA * THETA * np.exp(a) * k**THETA)[:, None])[0]
    return Solution(
        status=Status.CONVERGED,
        calibration=calibration,
        settings=None,
        policy=Policy(model, calibration, settings, frame, (weights,)),
        certificate=None,
        history=(),
        provenance=Provenance({}, "cpu", "float64", 0.1, 0.1),
    )


@pytest.fixture(scope="module")
def solution():
    return closed_form()


@pytest.fixture
def path(api, finisher, solution):
    """The policy of a solved job."""
    record = api.post("/v1/solutions", json={"model": "brock_mirman", "method": POLYNOMIAL}).json()
    finisher.succeed(record["id"], solution)
    return record["links"]["policy"]


def derivatives(a, k):
    """By parameter: of i, of y and of c."""
    y = np.exp(a) * k**THETA
    of_output = {"beta": 0 * y, "theta": y * np.log(k)}
    of_share = {"beta": THETA, "theta": BETA}
    found = {}
    for name, by in of_output.items():
        i = of_share[name] * y + BETA * THETA * by
        found[name] = {"i": i, "y": by, "c": by - i}
    return found


def test_one_state_is_answered_with_its_derivatives(api, path):
    plain = api.get(f"{path}?a=0.1&k=0.2").json()
    answer = api.get(f"{path}?a=0.1&k=0.2&sensitivity=theta,beta").json()
    assert {key: answer[key] for key in plain} == plain
    assert list(answer["sensitivities"]) == ["theta", "beta"]
    for name, truth in derivatives(0.1, 0.2).items():
        found = answer["sensitivities"][name]
        assert found["controls"] == pytest.approx({"i": truth["i"]}, rel=1e-6)
        assert found["definitions"] == pytest.approx({"y": truth["y"], "c": truth["c"]}, rel=1e-6, abs=1e-12)
        assert 0 <= found["misfit"] < 1e-5


@pytest.mark.parametrize("n_rows", [7, 2 * BLOCK + 1])
def test_a_batch_is_answered_by_columns(api, path, n_rows):
    k = np.linspace(0.12, 0.27, n_rows)
    body = {"states": {"a": -0.1, "k": k.tolist()}, "sensitivity": ["beta", "theta"]}
    answer = api.post(path, json=body).json()
    assert list(answer["sensitivities"]) == ["beta", "theta"]
    for name, truth in derivatives(-0.1, k).items():
        found = answer["sensitivities"][name]
        np.testing.assert_allclose(found["controls"]["i"], truth["i"], rtol=1e-6)
        np.testing.assert_allclose(found["definitions"]["y"], truth["y"], rtol=1e-12)
        np.testing.assert_allclose(found["definitions"]["c"], truth["c"], rtol=1e-6)
        single = api.get(f"{path}?a=-0.1&k={float(k[0])!r}&sensitivity={name}").json()["sensitivities"][name]
        assert single["misfit"] == found["misfit"]
        assert single["controls"]["i"] == pytest.approx(found["controls"]["i"][0], rel=1e-12)


def test_nothing_asked_is_nothing_answered(api, path):
    body = {"states": {"a": 0, "k": 0.2}, "sensitivity": []}
    assert "sensitivities" not in api.post(path, json=body).json()
    assert "sensitivities" not in api.get(f"{path}?a=0&k=0.2").json()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["zeta"], "beta, theta, rho, loading"),
        ([""], "beta, theta, rho, loading"),
        (["k"], "is not a parameter"),
        (["beta", "theta", "beta"], "more than once"),
        (["beta", " theta"], "is not a parameter"),
    ],
)
def test_a_name_that_is_no_parameter_or_stands_twice_is_refused(api, path, names, told):
    for answer in (
        api.get(path, params={"a": 0, "k": 0.2, "sensitivity": ",".join(names)}),
        api.post(path, json={"states": {"a": 0, "k": 0.2}, "sensitivity": names}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/sensitivity"]
        assert told in answer.json()["detail"]


@pytest.mark.parametrize("sensitivity", ["beta", None, [1], {"beta": 1}, [["beta"]]])
def test_a_batch_takes_a_list_of_names(api, path, sensitivity):
    answer = api.post(path, json={"states": {"a": 0, "k": 0.2}, "sensitivity": sensitivity})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/sensitivity")


def test_a_state_without_a_policy_has_no_derivatives(api, path):
    answer = api.get(f"{path}?a=0&k=-1&sensitivity=beta")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-state")


def test_derivatives_count_towards_the_size_of_a_batch(make_api, finisher, solution):
    with make_api(max_batch_states=30) as api:
        record = api.post("/v1/solutions", json={"model": "brock_mirman", "method": POLYNOMIAL}).json()
        finisher.succeed(record["id"], solution)
        path = record["links"]["policy"]
        body = {"states": {"a": 0, "k": [0.2] * 10}, "sensitivity": ["beta", "theta"]}
        assert api.post(path, json=body).status_code == 200
        body["states"]["k"].append(0.2)
        answer = api.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/states")
        del body["sensitivity"]
        assert api.post(path, json=body).status_code == 200
