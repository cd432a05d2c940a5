"""A deleted solution is a 410 for a day, on every route, until it is asked for again."""

import pytest

from worker.gone import GONE_S
from worker.retention import Retention
from worker.store import gone_key

REQUEST = {"model": "neoclassical"}
SIMULATION = f"sim-{'0' * 32}"
STATES = {"states": {"a": 0.0, "k": 4.2}}
TENSORS = {
    "inputs": [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
        for name, value in STATES["states"].items()
    ]
}


def every_operation(api):
    """Method and path of all operations on one solution, as the OpenAPI document lists them."""
    paths = api.get("/openapi.json").json()["paths"]
    return [
        (method, path, described)
        for path, operations in paths.items()
        if "{solution_id}" in path
        for method, described in operations.items()
    ]


def ask(api, method, path, solution_id):
    body = {"json": TENSORS if path.startswith("/v2") else STATES} if method == "post" else {}
    query = {"shock": "e_a"} if "impulse-response" in path else {}
    place = path.format(solution_id=solution_id, simulation_id=SIMULATION, form="svg")
    return api.request(method, place, params=query, **body)


def test_every_route_of_a_deleted_solution_answers_410(api, solved):
    operations = every_operation(api)
    assert len(operations) > 15
    assert api.delete(f"/v1/solutions/{solved}").status_code == 204
    for method, path, described in operations:
        answer = ask(api, method, path, solved)
        assert (method, path, answer.status_code) == (method, path, 410), answer.text
        document = answer.json()
        assert document["code"] == "gone"
        assert document["solution"] == {"id": solved, "status": "deleted"}
        assert document["deletion"]["reason"] == "request"
        assert document["deletion"]["at"] in document["detail"]
        assert "410" in described["responses"]


def test_after_a_day_it_is_unknown(api, client, solved):
    api.delete(f"/v1/solutions/{solved}")
    assert GONE_S - 60 < client.ttl(gone_key(solved)) <= GONE_S
    client.delete(gone_key(solved))
    for method, path, _ in every_operation(api):
        assert ask(api, method, path, solved).status_code == 404


def test_the_same_request_solves_it_again(api, solved, finisher):
    api.delete(f"/v1/solutions/{solved}")
    again = api.post("/v1/solutions", json=REQUEST)
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (202, solved, "queued")
    assert api.get(f"/v1/solutions/{solved}").json()["status"] == "queued"
    finisher.succeed(solved)
    assert api.get(f"/v1/solutions/{solved}/policy", params=STATES["states"]).status_code == 200


@pytest.mark.parametrize(("limits", "reason"), [((1e-9, None), "age"), ((None, 0), "size")])
def test_what_an_operators_limit_took_says_so(api, client, solved, limits, reason):
    assert api.get(f"/v1/solutions/{solved}/policy", params=STATES["states"]).status_code == 200
    list(Retention(client, *limits).sweep())
    assert f'saddlepath_deleted_total{{reason="{reason}"}} 1.0' in api.get("/metrics").text
    document = api.get(f"/v1/solutions/{solved}").json()
    assert (document["status"], document["deletion"]["reason"]) == (410, reason)
    assert f"SADDLEPATH_KEEP_{'DAYS' if reason == 'age' else 'BYTES'}" in document["detail"]


def test_a_deleted_start_is_said_to_be_so(api, solved):
    api.delete(f"/v1/solutions/{solved}")
    answer = api.post("/v1/solutions", json={**REQUEST, "seed": 1, "start": solved})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-start")
    assert "was deleted at" in answer.json()["detail"] and "leave start out" in answer.json()["detail"]
