"""``start`` in POST /v1/solutions: what it may name, and what it makes of the job."""

import copy

import pytest

from solver.model.zoo import load_zoo
from worker.contract import JobStatus

REQUEST = {"model": "neoclassical", "calibration": {"beta": 0.95}}
NOBODY = "0" * 32


def post(api, **asked):
    return api.post("/v1/solutions", json={**REQUEST, **asked})


def fault(answer):
    """The one fault of a 422."""
    assert answer.status_code == 422, answer.text
    (found,) = answer.json()["errors"]
    return found


def test_a_start_is_part_of_the_solution(api, solved, finisher):
    cold, warm = post(api).json(), post(api, start=solved).json()
    assert (cold["start"], warm["start"]) == (None, solved)
    assert cold["id"] != warm["id"]
    assert post(api, start=None).json()["id"] == cold["id"]
    assert post(api, start=solved).json()["id"] == warm["id"]
    assert finisher.jobs.job(warm["id"]).start == solved
    assert api.get(warm["links"]["self"]).json()["start"] == solved


@pytest.mark.parametrize("start", ["", "nothing", NOBODY.replace("0", "A"), f"{NOBODY}0", 7, [NOBODY]])
def test_what_is_no_id_is_refused(api, refused, start):
    refused(post(api, start=start), 422, "/start")


def test_a_start_that_is_not_there_is_refused(api, refused):
    document = refused(post(api, start=NOBODY), 422, "/start")
    assert document["code"] == "invalid-start"
    assert NOBODY in document["detail"]


@pytest.mark.parametrize("status", ["queued", "running", "failed", "cancelled"])
def test_a_start_without_a_policy_is_a_conflict(api, finisher, status):
    start = post(api, seed=1).json()
    if status == "running":
        finisher.begin(start["id"])
    elif status == "failed":
        finisher.fail(start["id"])
    elif status == "cancelled":
        finisher.jobs.cancel(start["id"])
    answer = post(api, start=start["id"])
    assert answer.status_code == 409
    document = answer.json()
    assert document["code"] == "unsolved"
    assert document["solution"]["id"] == start["id"] and document["solution"]["status"] == status
    assert start["id"] in document["detail"]
    assert sum(len(finisher.jobs.ids(one)) for one in JobStatus) == 1


@pytest.mark.parametrize(
    ("model", "names"),
    [("stochastic_growth", ("states a, k", "z, k")), ("consumption_savings", ("controls i", "has c"))],
)
def test_a_start_of_other_symbols_is_refused_by_name(api, solved, model, names):
    answer = api.post("/v1/solutions", json={"model": model, "start": solved})
    assert answer.status_code == 422
    assert {one["pointer"] for one in answer.json()["errors"]} == {"/start"}
    told = " ".join(one["message"] for one in answer.json()["errors"])
    assert all(name in told for name in names)


def test_a_linear_policy_starts_from_nothing(api, solved):
    found = fault(post(api, start=solved, method={"policy": {"family": "linear"}}))
    assert found["pointer"] == "/start" and "leave start out" in found["message"]


@pytest.mark.parametrize(
    "method", [{"policy": {"family": "polynomial"}}, {"training": {"algorithm": "adam"}}]
)
def test_another_method_may_start_from_it(api, solved, method):
    assert post(api, start=solved, method=method).status_code == 202


def test_a_model_of_a_users_own_with_the_same_symbols_may_start_from_it(api, solved):
    document = copy.deepcopy(dict(load_zoo("neoclassical").document))
    document["domain"]["k"] = ["0.8*k", "1.2*k"]
    assert post(api, model=document, start=solved).status_code == 202


def test_what_was_acknowledged_is_found_again_without_its_start(api, solved, finisher):
    warm = post(api, start=solved).json()["id"]
    assert api.delete(f"/v1/solutions/{solved}").status_code == 204
    again = post(api, start=solved)
    assert (again.status_code, again.json()["id"]) == (202, warm)
    finisher.succeed(warm)
    again = post(api, start=solved)
    assert (again.status_code, again.json()["status"]) == (200, "succeeded")
    assert fault(post(api, start=solved, seed=1))["pointer"] == "/start"
