"""Methods that are written correctly and that the model cannot take: what is wrong, what the bound is, what to do."""

import pytest

from worker.contract import JobStatus


@pytest.mark.parametrize(
    "model, method, told",
    [
        (
            "neoclassical",
            {"policy": {"hidden": [2000, 2000]}},
            # (2 + 1) 2000 + 2001 · 2000 + 2001
            ["4010001 weights", "above 20000", "fewer or smaller layers"],
        ),
        (
            "neoclassical",
            {"policy": {"hidden": [700]}, "training": {"algorithm": "levenberg_marquardt"}},
            # 3 · 700 + 701
            ["2801 weights to train", "above 2500", "levenberg_marquardt", "fewer or smaller layers"],
        ),
        (
            "new_keynesian_zlb",
            {"expectation": {"rule": "gauss_hermite", "nodes": 5}},
            ["5 nodes for each of 6 shocks", "4096 cases", "fewer nodes, or the monomial rule"],
        ),
        (
            "rbc",
            {"expectation": {"rule": "equidistant", "nodes": 1}},
            ["nodes = 1", "at least 2", "gauss_hermite"],
        ),
        (
            "rbc",
            {"expectation": {"rule": "all_in_one"}, "training": {"algorithm": "gauss_newton"}},
            ["all_in_one", "gauss_newton is least squares", "such as adam, or another rule"],
        ),
        (
            "neoclassical",
            {"expectation": {"rule": "all_in_one"}, "training": {"algorithm": "adam"}},
            ["all_in_one", "this model has none", "leave it out"],
        ),
        (
            "neoclassical",
            {"sampling": {"region": "ergodic"}},
            ["sampling.region = 'ergodic' needs shocks", "steady state", "take 'box'"],
        ),
        (
            "new_keynesian_zlb",
            {"expectation": {"rule": "quasi_monte_carlo", "nodes": 8}},
            ["nodes = 8 is too few for 6 shock(s)", "use at least 16"],
        ),
        (
            "neoclassical",
            {"sampling": {"states": 65_536}, "policy": {"hidden": [400]}},
            ["sampling.states = 65536", "is above", "take fewer"],
        ),
        (
            "rbc",
            {"training": {"algorithm": "adam", "batch_size": 65_536}, "policy": {"hidden": [2000]}},
            ["training.batch_size = 65536", "is above", "adam", "7 case(s)", "take fewer"],
        ),
        (
            "new_keynesian_zlb",
            {"objective": "lifetime_reward"},
            ["does not say what is maximised", "the section value, e.g. V[t] = u[t] + beta*V[t+1]"],
        ),
        ("irreversible_investment", {"objective": "lifetime_reward"}, ["no control may be a multiplier"]),
        (
            "new_keynesian_zlb",
            {"objective": "bellman"},
            ["does not say what is maximised", "the section value, e.g. V[t] = u[t] + beta*V[t+1]"],
        ),
        ("irreversible_investment", {"objective": "bellman"}, ["no control may be a multiplier"]),
        (
            "neoclassical",
            {"objective": "bellman", "policy": {"hidden": [1500]}},
            ["3002 weights to train", "above 2500", "use fewer or smaller layers"],
        ),
    ],
)
def test_a_method_that_the_model_cannot_take_is_refused_before_it_is_queued(
    api, finisher, model, method, told
):
    response = api.post("/v1/solutions", json={"model": model, "method": method})
    assert response.status_code == 422
    body = response.json()
    assert body["code"] == "invalid-method"
    (fault,) = body["errors"]
    assert fault["pointer"] == "/method"
    for words in told:
        assert words in fault["message"]
    assert finisher.jobs.ids(JobStatus.QUEUED) == []


def test_points_that_are_no_power_of_two_are_refused_with_those_next_to_them(api, finisher):
    method = {"expectation": {"rule": "quasi_monte_carlo", "nodes": 100}}
    response = api.post("/v1/solutions", json={"model": "rbc", "method": method})
    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    assert fault["pointer"] == "/method/expectation"
    assert "nodes = 100 is no power of two" in fault["message"] and "use 64 or 128" in fault["message"]


@pytest.mark.parametrize(
    "request_, told",
    [
        ({"target": 1e-9}, ["target = 1e-09", "below 1e-07", "raise it, or take float64"]),
        ({"method": {"policy": {"family": "linear"}}}, ["linear family is not trained", "leave it out"]),
    ],
)
def test_what_float32_cannot_do_is_refused(api, finisher, request_, told):
    method = {"training": {"dtype": "float32"}} | request_.get("method", {})
    response = api.post("/v1/solutions", json={"model": "rbc", **request_, "method": method})
    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    for words in told:
        assert words in fault["message"]
    assert finisher.jobs.ids(JobStatus.QUEUED) == []


def test_a_calibration_without_shocks_has_no_ergodic_set(api, finisher):
    request = {
        "model": "rbc",
        "calibration": {"sigma": 0.0},
        "method": {"sampling": {"region": "ergodic"}},
    }
    response = api.post("/v1/solutions", json=request)
    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    assert "needs shocks" in fault["message"]
    assert finisher.jobs.ids(JobStatus.QUEUED) == []


@pytest.mark.parametrize(
    "objective, algorithm, told",
    [
        ("lifetime_reward", "staged", "staged is least squares: take a first-order method, e.g. adam"),
        ("bellman", "adam", "training.algorithm = 'adam' has none: take staged, or the objective euler"),
    ],
)
def test_an_objective_that_its_algorithm_cannot_minimise_is_refused(api, objective, algorithm, told):
    method = {"objective": objective, "training": {"algorithm": algorithm}}
    response = api.post("/v1/solutions", json={"model": "neoclassical", "method": method})
    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    assert fault["pointer"] == "/method"
    assert told in fault["message"]
