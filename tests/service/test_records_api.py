"""``GET /v1/solutions/{id}/record`` on a real store."""

import copy

import pytest

from solver.diagnostics.certificate import Certificate
from solver.model.zoo import load_zoo
from worker.contract import canonical_json
from worker.record import read_record

NOBODY = "0" * 32
REQUEST = {"model": "neoclassical", "calibration": {"beta": 0.95}}


def get(api, solution_id):
    return api.get(f"/v1/solutions/{solution_id}/record")


def post(api, **asked):
    return api.post("/v1/solutions", json={**REQUEST, **asked}).json()["id"]


def test_a_record_holds_the_job_the_policy_and_what_produced_it(api, solved, finisher):
    answer = get(api, solved)
    assert answer.headers["content-type"] == "application/json"
    record = read_record(answer.content)
    told = api.get(f"/v1/solutions/{solved}").json()
    assert told["links"]["record"] == f"/v1/solutions/{solved}/record"
    assert record.id == record.job.id == solved
    assert record.job == finisher.jobs.job(solved)
    assert record.policy.sha256 == record.policy.artifact.sha256
    assert record.start is None
    assert record.provenance == told["provenance"]
    assert record.certificate == Certificate.model_validate(told["certificate"])


def test_a_model_of_a_users_own_is_in_it_in_full(api, finisher):
    document = copy.deepcopy(dict(load_zoo("neoclassical").document))
    document["domain"]["k"] = ["0.8*k", "1.2*k"]
    solution_id = post(api, model=document)
    finisher.succeed(solution_id)
    found = get(api, solution_id).json()["job"]["document"]
    assert canonical_json(found) == canonical_json(document)


@pytest.mark.parametrize("tells_its_start", [True, False], ids=["now", "by an older release"])
def test_a_record_carries_what_the_solution_started_from(api, solved, finisher, tells_its_start):
    sha256 = read_record(get(api, solved).content).policy.sha256
    warm = post(api, start=solved)
    finisher.succeed(warm, **({"hashes": {"start": sha256}} if tells_its_start else {}))
    record = read_record(get(api, warm).content)
    assert record.job.start == record.start.job.id == solved
    assert record.start.policy.artifact.sha256 == sha256


@pytest.mark.parametrize("reason", ["deleted", "queued", "solved again"])
def test_a_start_that_is_not_there_as_it_was_is_a_conflict(api, solved, finisher, reason):
    warm = post(api, start=solved)
    finisher.succeed(warm, hashes={"start": "0" * 64})
    if reason != "solved again":
        assert api.delete(f"/v1/solutions/{solved}").status_code == 204
    if reason == "queued":
        assert api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"] == solved
    answer = get(api, warm)
    assert answer.status_code == 409
    document = answer.json()
    assert document["code"] == "start-lost"
    assert solved in document["detail"] and "post that one's own request again" in document["detail"]
    assert api.get(f"/v1/solutions/{warm}").json()["status"] == "succeeded"


def test_what_is_not_solved_has_no_record(api):
    answer = get(api, post(api))
    assert (answer.status_code, answer.json()["code"]) == (409, "unsolved")


@pytest.mark.parametrize("solution_id", [NOBODY, "nothing"])
def test_what_is_not_there_has_no_record(api, solution_id):
    answer = get(api, solution_id)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-solution")


def test_a_record_takes_no_parameters(api, solved):
    answer = api.get(f"/v1/solutions/{solved}/record?format=yaml")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/format"
