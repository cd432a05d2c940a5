"""Two keys, one server: what is another's is answered exactly as what is not there."""

import copy
import json
import threading

import pytest

from service.app import create_app
from service.settings import ServiceSettings
from solver.model.zoo import load_zoo
from solver.simulation.experiment import Experiment
from worker.contract import JobStatus
from worker.keys import KeyStore
from worker.simulation_job import SimulationJob

DOCUMENT = create_app(ServiceSettings()).openapi()
NOBODYS = "0" * 32
OF_SOLUTIONS = [
    pytest.param(method.upper(), path, operation, id=operation["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "{solution_id}" in path
]
QUERIES = {
    "evaluate_policy": {"a": "0", "k": "4.2"},
    "get_impulse_response": {"shock": "eps"},
    "draw_impulse_response": {"shock": "eps"},
    "get_artifact": {"format": "npz"},
}
REQUEST = {"model": "neoclassical"}
LARGE = {"periods": 1000, "paths": 1500}


@pytest.fixture
def ada(make_key):
    return make_key()


@pytest.fixture
def bob(make_key):
    return make_key()


@pytest.fixture
def adas(api, ada, finisher):
    """The id of a solution that is solved, and Ada's."""
    solution_id = post(api, ada)
    finisher.succeed(solution_id)
    answer = api.post(f"/v1/solutions/{solution_id}/simulate", json=LARGE, headers=ada)
    assert answer.json()["id"] == simulation_of(solution_id)
    return solution_id


def simulation_of(solution_id):
    """The id of the large simulation of a solution."""
    return SimulationJob.describe(solution_id, "", Experiment(**LARGE)).id


def post(api, headers, **changes):
    answer = api.post("/v1/solutions", json={**REQUEST, **changes}, headers=headers)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()["id"]


def listed(api, headers, **query):
    answer = api.get("/v1/solutions", params=query, headers=headers).json()
    return [record["id"] for record in answer["solutions"]]


def own_model():
    document = copy.deepcopy(dict(load_zoo("neoclassical").document))
    document["name"] = "adas-model"
    return document


def register(api, headers):
    return api.post("/v1/models", json=own_model(), headers=headers)


def ask(api, method, path, operation, solution_id, headers):
    body = {}
    if content := operation.get("requestBody", {}).get("content"):
        body = {"json": next(iter(content["application/json"]["examples"].values()))["value"]}
    query = QUERIES.get(operation["operationId"], {})
    simulation_id = simulation_of(solution_id)
    path = path.format(solution_id=solution_id, simulation_id=simulation_id, form="svg")
    return api.request(method, path, params=query, headers=headers, **body)


@pytest.mark.parametrize(("method", "path", "operation"), OF_SOLUTIONS)
def test_anothers_solution_is_answered_as_one_that_is_not_there(
    api, finisher, ada, bob, adas, method, path, operation
):
    api.get(f"/v1/solutions/{adas}/policy", params=QUERIES["evaluate_policy"], headers=ada)  # now in memory
    before = finisher.jobs.record(adas)
    unknown = ask(api, method, path, operation, NOBODYS, bob)
    answer = ask(api, method, path, operation, adas, bob)
    assert unknown.status_code == answer.status_code == 404
    told = answer.text.replace(adas, NOBODYS).replace(simulation_of(adas), simulation_of(NOBODYS))
    assert told == unknown.text
    told = [{**one.headers, "x-request-id": ""} for one in (answer, unknown)]
    assert told[0] == told[1]
    assert finisher.jobs.record(adas) == before
    assert ask(api, method, path, operation, adas, ada).status_code != 404


@pytest.mark.parametrize(("method", "path", "operation"), OF_SOLUTIONS)
def test_an_admin_sees_it(api, make_key, adas, method, path, operation):
    assert ask(api, method, path, operation, adas, make_key("admin")).status_code != 404


def test_what_a_client_has_kept_is_not_confirmed_to_another(api, ada, bob, adas):
    path, query = f"/v1/solutions/{adas}/policy", QUERIES["evaluate_policy"]
    tag = api.get(path, params=query, headers=ada).headers["etag"]
    assert api.get(path, params=query, headers={**ada, "If-None-Match": tag}).status_code == 304
    for known in (tag, "*"):
        answer = api.get(path, params=query, headers={**bob, "If-None-Match": known})
        assert answer.status_code == 404


def test_everyone_lists_their_own(api, ada, bob, make_key, finisher, adas):
    bobs = post(api, bob, seed=1)
    assert listed(api, ada) == listed(api, ada, status="succeeded", model="neoclassical") == [adas]
    assert listed(api, bob) == listed(api, bob, status="queued") == [bobs]
    assert listed(api, make_key()) == []
    assert listed(api, make_key("admin")) == [bobs, adas]


def test_the_same_request_of_another_is_solved_once_and_its_own(api, ada, bob, adas, finisher):
    answer = api.post("/v1/solutions", json=REQUEST, headers=bob)
    assert (answer.status_code, answer.json()["id"]) == (200, adas)
    assert sum(len(finisher.jobs.ids(status)) for status in JobStatus) == 1
    assert listed(api, bob) == [adas]
    path = f"/v1/solutions/{adas}/policy"
    assert api.get(path, params=QUERIES["evaluate_policy"], headers=bob).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/cancel")])
def test_giving_up_a_shared_solution_takes_nothing_from_the_other(api, ada, bob, finisher, method, path):
    shared = post(api, ada)
    post(api, bob)
    finisher.begin(shared)
    before = api.get(f"/v1/solutions/{shared}", headers=bob).json()
    answer = api.request(method, f"/v1/solutions/{shared}{path}", headers=ada)
    assert answer.status_code == (204 if method == "DELETE" else 202)
    if method == "POST":
        assert answer.json()["status"] == "cancelled"
    assert api.get(f"/v1/solutions/{shared}", headers=ada).status_code == 404
    assert api.get(f"/v1/solutions/{shared}", headers=bob).json() == before


def test_a_policy_in_memory_is_gone_with_its_ownership(api, ada, bob, adas):
    path, query = f"/v1/solutions/{adas}/policy", QUERIES["evaluate_policy"]
    post(api, bob)
    assert [api.get(path, params=query, headers=who).status_code for who in (ada, bob)] == [200, 200]
    api.delete(f"/v1/solutions/{adas}", headers=ada)
    assert [api.get(path, params=query, headers=who).status_code for who in (ada, bob)] == [404, 200]


def test_a_start_must_be_ones_own_even_for_a_job_that_is_there(api, ada, bob, adas):
    warm = post(api, ada, calibration={"beta": 0.95}, start=adas)
    request = {**REQUEST, "calibration": {"beta": 0.95}}
    told = [
        api.post("/v1/solutions", json={**request, "start": start}, headers=bob) for start in (adas, NOBODYS)
    ]
    assert [answer.status_code for answer in told] == [422, 422]
    assert told[0].text.replace(adas, NOBODYS) == told[1].text
    assert api.get(f"/v1/solutions/{warm}", headers=bob).status_code == 404
    post(api, bob)
    assert post(api, bob, calibration={"beta": 0.95}, start=adas) == warm


def test_a_record_holds_a_start_only_while_it_is_ones_own(api, ada, bob, adas, finisher):
    post(api, bob)
    warm = post(api, ada, calibration={"beta": 0.95}, start=adas)
    finisher.succeed(warm)
    assert api.get(f"/v1/solutions/{warm}/record", headers=ada).json()["start"] is not None
    api.delete(f"/v1/solutions/{adas}", headers=ada)
    answer = api.get(f"/v1/solutions/{warm}/record", headers=ada)
    assert (answer.status_code, answer.json()["code"]) == (409, "start-lost")


def test_the_solution_to_compare_with_is_the_askers(api, ada, bob, adas):
    path = f"/v1/solutions/{adas}/certificate"
    compared = api.get(path, params={"compare": "time_iteration"}, headers=ada).json()
    other = compared["comparison"]["other"]["solution"]
    assert listed(api, ada) == [other, adas]
    assert api.get(f"/v1/solutions/{other}", headers=bob).status_code == 404


def test_a_model_is_there_for_who_registered_it(api, ada, bob, make_key):
    answer = register(api, ada)
    assert answer.status_code == 201
    handle, unknown = answer.json()["name"], "adas-model-" + "0" * 16
    path = f"/v1/models/{handle}"
    assert api.get(path, headers=ada).status_code == 200
    tag = api.get(path, headers=ada).headers["etag"]
    told = [
        api.get(f"/v1/models/{name}", headers={**bob, "If-None-Match": tag}) for name in (handle, unknown)
    ]
    assert [answer.status_code for answer in told] == [404, 404]
    assert told[0].text.replace(handle, unknown) == told[1].text
    told = [
        api.post("/v1/solutions", json={"model": name}, headers=bob).json()["errors"]
        for name in (handle, unknown)
    ]
    assert json.dumps(told[0]).replace(handle, unknown) == json.dumps(told[1])
    names = {
        who: {model["name"] for model in api.get("/v1/models", headers=headers).json()["models"]}
        for who, headers in (("ada", ada), ("bob", bob), ("admin", make_key("admin")))
    }
    assert handle in names["ada"] and names["ada"] == names["admin"]
    assert names["bob"] == names["ada"] - {handle}
    assert "neoclassical" in names["bob"]
    assert api.post("/v1/solutions", json={"model": handle}, headers=ada).status_code == 202


def test_the_same_model_of_another_is_as_new(api, ada, bob):
    first, second = register(api, ada), register(api, bob)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert register(api, bob).status_code == 200
    path = f"/v1/models/{first.json()['name']}"
    assert [api.get(path, headers=who).status_code for who in (ada, bob)] == [200, 200]


def test_checking_a_model_makes_nobody_its_owner(api, ada, bob):
    handle = register(api, ada).json()["name"]
    answer = api.post("/v1/models", json=own_model(), params={"validate_only": "true"}, headers=bob)
    assert answer.status_code == 200
    assert api.get(f"/v1/models/{handle}", headers=bob).status_code == 404


def test_a_solution_of_a_model_that_was_sent_along_registers_nothing(api, ada):
    post(api, ada, model=own_model())
    handle = register(api, ada)
    assert handle.status_code == 201


def follow(api, solution_id, headers):
    """Opens a stream of events in a thread; what it has read is in ``found`` once it has ended."""
    found = {}

    def read():
        found["text"] = api.get(f"/v1/solutions/{solution_id}/events", headers=headers).text

    reader = threading.Thread(target=read)
    reader.start()
    while not api.app.state.services.news._followers._events:
        assert reader.is_alive()
    return reader, found


def test_a_stream_of_what_was_given_up_ends(api, ada, bob):
    shared = post(api, ada)
    post(api, bob)
    reader, found = follow(api, shared, ada)
    api.delete(f"/v1/solutions/{shared}", headers=ada)
    reader.join(20)
    assert not reader.is_alive()
    assert '"deleted"' in found["text"]
    assert api.get(f"/v1/solutions/{shared}", headers=bob).json()["status"] == "queued"


def test_a_stream_of_a_revoked_key_ends(api, ada, client, finisher):
    solution_id = post(api, ada)
    reader, found = follow(api, solution_id, ada)
    KeyStore(client).revoke(ada["Authorization"].split("_")[1])
    finisher.begin(solution_id)
    reader.join(20)
    assert not reader.is_alive()
    assert '"running"' not in found["text"] and '"deleted"' not in found["text"]


def test_a_wait_for_what_was_given_up_ends(api, ada, bob):
    shared = post(api, ada)
    post(api, bob)
    found = {}

    def wait():
        found["answer"] = api.get(f"/v1/solutions/{shared}", params={"wait": 60}, headers=ada)

    waiter = threading.Thread(target=wait)
    waiter.start()
    while not api.app.state.services.news._waiters._events:
        assert waiter.is_alive()
    api.delete(f"/v1/solutions/{shared}", headers=ada)
    waiter.join(20)
    assert found["answer"].status_code == 404


def test_what_was_there_before_keys_is_the_operators(make_api, make_key):
    with make_api() as api:
        solution_id, handle = post(api, {}), register(api, {}).json()["name"]
        key, admin = make_key(), make_key("admin")
    with make_api() as api:
        assert listed(api, key) == [] and listed(api, admin) == [solution_id]
        assert api.get(f"/v1/models/{handle}", headers=key).status_code == 404
        assert api.get(f"/v1/models/{handle}", headers=admin).status_code == 200


def test_what_an_admin_posts_is_its_own_too(api, bob, make_key):
    admin = make_key("admin")
    shared = post(api, admin)
    post(api, bob)
    api.delete(f"/v1/solutions/{shared}", headers=bob)
    assert api.get(f"/v1/solutions/{shared}", headers=admin).status_code == 200


def test_a_large_simulation_is_shared_and_given_up_with_its_solution(api, ada, bob, adas, finisher):
    path = f"/v1/solutions/{adas}/simulations/{simulation_of(adas)}"
    post(api, bob)
    assert api.get(path, headers=bob).status_code == 404
    assert api.get(f"/v1/solutions/{adas}/simulations", headers=bob).json() == {"simulations": []}
    asked = api.post(f"/v1/solutions/{adas}/simulate", json=LARGE, headers=bob)
    assert asked.headers["location"] == path
    assert api.post(f"{path}/cancel", headers=bob).json()["status"] == "cancelled"
    assert api.get(path, headers=bob).status_code == 404
    assert api.get(path, headers=ada).json()["status"] == "queued"
    api.post(f"/v1/solutions/{adas}/simulate", json=LARGE, headers=bob)
    assert api.delete(f"/v1/solutions/{adas}", headers=ada).status_code == 204
    assert api.get(path, headers=ada).status_code == 404
    assert api.get(path, headers=bob).json()["status"] == "queued"
    assert api.delete(f"/v1/solutions/{adas}", headers=bob).status_code == 204
    assert api.get(path, headers=bob).status_code == 410
    assert finisher.simulations.ids(JobStatus.QUEUED) == []


def test_simulations_count_among_the_jobs_that_wait(api, make_key, finisher):
    few = make_key(waiting=1)
    solution_id = post(api, few)
    finisher.succeed(solution_id)
    path = f"/v1/solutions/{solution_id}/simulate"
    assert api.post(path, json=LARGE, headers=few).status_code == 202
    assert api.post(path, json=LARGE, headers=few).status_code == 202  # the same
    refused = api.post(path, json={**LARGE, "seed": 1}, headers=few)
    assert (refused.status_code, refused.json()["code"]) == (429, "key-waiting")
    assert api.post("/v1/solutions", json={"model": "rbc"}, headers=few).json()["code"] == "key-waiting"
