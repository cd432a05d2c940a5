"""GET …/certificate?compare=time_iteration."""

import pytest


@pytest.fixture
def solved(api, finisher):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical", "seed": 5}).json()["id"]
    finisher.succeed(solution_id)
    return solution_id


@pytest.fixture
def path(solved):
    return f"/v1/solutions/{solved}/certificate?compare=time_iteration"


def other_of(answer):
    return answer.json()["comparison"]["other"]


def test_it_asks_for_the_other_solve_once(api, solved, path):
    first, second = api.get(path), api.get(path)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.headers["retry-after"]
    assert first.json()["verdict"] == "pass"
    assert first.json()["comparison"]["differences"] is None
    other = other_of(first)
    assert other == other_of(second)
    assert (other["status"], other["algorithm"], other["verdict"]) == ("queued", "time_iteration", None)
    one, asked = (api.get(f"/v1/solutions/{name}").json() for name in (solved, other["solution"]))
    for name in ("model", "calibration", "target", "seed"):
        assert one[name] == asked[name]
    for name in ("policy", "expectation"):
        assert one["method"][name] == asked["method"][name]
    assert len(api.get("/v1/solutions").json()["solutions"]) == 2


def test_without_it_the_certificate_is_what_it_was(api, solved):
    certificate = api.get(f"/v1/solutions/{solved}/certificate").json()
    assert "comparison" not in certificate
    assert len(api.get("/v1/solutions").json()["solutions"]) == 1


def test_two_policies_are_told_apart(api, finisher, make_solution, path):
    """The other invests a hundredth of the base more, everywhere."""
    other = other_of(api.get(path))["solution"]
    finisher.succeed(other, make_solution(1.01 * 0.43))
    answer = api.get(path)
    assert answer.status_code == 200
    comparison = answer.json()["comparison"]
    assert comparison["this"]["states_visited"] == comparison["other"]["states_visited"] == 1548
    assert comparison["other"]["verdict"] == "pass"
    difference = comparison["differences"]["i"]
    # Relative to the mean control, which is 0.43 to the sampling error of SLOPE over the domain.
    assert difference["largest"] == pytest.approx(0.01, rel=0.01)
    assert difference["mean"] == pytest.approx(0.01, rel=0.01)
    assert set(difference["at"]) == {"a", "k"}


def test_a_failed_one_is_said(api, finisher, path):
    finisher.fail(other_of(api.get(path))["solution"])
    answer = api.get(path)
    assert (answer.status_code, other_of(answer)["status"]) == (200, "failed")
    assert answer.json()["comparison"]["differences"] is None


def test_a_solution_by_time_iteration_is_not_compared_with_itself(api, finisher, path):
    other = other_of(api.get(path))["solution"]
    finisher.succeed(other)
    refused = api.get(f"/v1/solutions/{other}/certificate?compare=time_iteration")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/compare"


@pytest.mark.parametrize(
    "query", ["compare=dolo", "compare=", "compare=time_iteration&wait=61", "other=1", "wait=5"]
)
def test_what_is_unknown_is_refused(api, solved, query):
    assert api.get(f"/v1/solutions/{solved}/certificate?{query}").status_code == 422


def test_an_unsolved_one_has_nothing_to_compare(api):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    assert api.get(f"/v1/solutions/{solution_id}/certificate?compare=time_iteration").status_code == 409
    assert len(api.get("/v1/solutions").json()["solutions"]) == 1


def compared(api, finisher, method, model="rbc"):
    body = {"model": model, "method": method}
    solution_id = api.post("/v1/solutions", json=body).json()["id"]
    finisher.succeed(solution_id)
    return api.get(f"/v1/solutions/{solution_id}/certificate?compare=time_iteration")


def test_the_other_has_the_same_states_and_seconds(api, finisher):
    method = {"sampling": {"region": "ergodic", "states": 700}, "training": {"seconds": 7}}
    other = other_of(compared(api, finisher, method))["solution"]
    found = api.get(f"/v1/solutions/{other}").json()["method"]
    assert found["sampling"] == method["sampling"]
    assert found["training"]["seconds"] == 7


def test_what_only_first_order_methods_train_is_a_422(api, finisher):
    method = {"policy": {"hidden": [1500]}, "training": {"algorithm": "adam"}}
    answer = compared(api, finisher, method, "rbc_labour")
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/compare" and "2500" in fault["message"]
