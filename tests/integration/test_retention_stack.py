"""Retention and a full store on the real stack: what is beyond a limit goes, and a full store loses nothing."""

import time

import httpx2
import pytest

from worker.store import USED, connect

ENVIRONMENT = {
    "SADDLEPATH_LEASE_S": "5",
    "SADDLEPATH_RECONCILE_S": "1",
    "SADDLEPATH_KEEP_DAYS": "2",
    "SADDLEPATH_SWEEP_S": "0.2",
}
FAST = {"policy": {"family": "polynomial", "degree": 4}}
STATE = {"a": 0, "k": 0.2}


@pytest.fixture(scope="module")
def stack(start_module_stack):
    """A stack whose solutions live for two days."""
    return start_module_stack(environment=ENVIRONMENT)


@pytest.fixture
def api(stack):
    with httpx2.Client(base_url=stack.url, timeout=70) as api:
        yield api


@pytest.fixture
def store(stack):
    (worker,) = stack.children("worker")
    with connect(worker.environ()["SADDLEPATH_REDIS_URL"]) as client:
        yield client
        client.config_set("maxmemory", 0)


def ask(api, seed, wait=60, **method):
    body = {"model": "brock_mirman", "method": {**FAST, **method}, "target": 1e-2, "seed": seed}
    return api.post("/v1/solutions", json=body, headers={"Prefer": f"wait={wait}"})


def test_what_nobody_uses_any_more_is_gone_and_can_be_had_again(api, stack, store):
    old, young = (ask(api, seed).json() for seed in (1, 2))
    assert old["status"] == young["status"] == "succeeded"
    store.zadd(USED, {old["id"]: time.time() - 3 * 86_400})
    stack.wait_for(lambda: api.get(old["links"]["self"]).status_code == 410)
    assert api.get(old["links"]["policy"], params=STATE).json()["deletion"]["reason"] == "age"
    assert api.get(young["links"]["policy"], params=STATE).status_code == 200
    again = ask(api, 1).json()
    assert (again["id"], again["status"]) == (old["id"], "succeeded")


def test_a_full_store_loses_nothing_and_goes_on_when_it_has_memory(api, stack, store):
    done = ask(api, 3).json()
    # One is being solved when the memory runs out, one waits for it.
    training = {"algorithm": "adam", "steps": 1_000_000, "seconds": 3}
    running = ask(api, 4, wait=0, training=training, policy={"hidden": [8]}).json()
    waiting = ask(api, 5, wait=0).json()
    stack.wait_for(lambda: api.get(running["links"]["self"]).json()["progress"])
    store.config_set("maxmemory", 1)
    refused = ask(api, 6)
    assert (refused.status_code, refused.json()["code"]) == (507, "store-full")
    logs = stack.data / "logs"
    stack.wait_for(lambda: any("outcome not stored yet" in log.read_text() for log in logs.glob("worker*")))
    # Longer than a lease: whoever could not renew it would have lost the job by now.
    held_s = time.monotonic()
    stack.wait_for(lambda: time.monotonic() - held_s > 2 * float(ENVIRONMENT["SADDLEPATH_LEASE_S"]))
    for solution, status in ((done, "succeeded"), (running, "running"), (waiting, "queued")):
        assert api.get(solution["links"]["self"]).json()["status"] == status
    assert api.get(done["links"]["policy"], params=STATE).status_code == 200
    assert api.delete(done["links"]["self"]).status_code == 204
    store.config_set("maxmemory", 0)
    for solution in (running, waiting):
        record = api.get(solution["links"]["self"], params={"wait": 60}).json()
        assert (record["status"], record["attempts"]) == ("succeeded", 1)
    assert ask(api, 6).json()["status"] == "succeeded"


def test_a_worker_that_starts_beside_a_full_store_waits_and_solves_when_it_has_memory(api, stack, store):
    store.config_set("maxmemory", 1)
    (worker,) = stack.children("worker")
    (log,) = (stack.data / "logs").glob("worker*")
    told = len(log.read_text())
    worker.kill()
    stack.wait_for(lambda: log.read_text()[told:].count("Trying to reconnect") > 2)
    assert ask(api, 7).status_code == 507
    (waiting,) = stack.children("worker")
    store.config_set("maxmemory", 0)
    record = ask(api, 7).json()
    assert (record["status"], record["attempts"]) == ("succeeded", 1), stack.output()
    assert stack.children("worker") == [waiting]


def test_jobs_that_wait_outlive_a_store_that_fills_up_by_itself(api, stack, store):
    (worker,) = stack.children("worker")
    store.config_set("maxmemory", store.info("memory")["used_memory"] + 300_000)
    asked = [ask(api, seed, wait=0) for seed in range(10, 200)]
    assert {answer.status_code for answer in asked} == {202, 507}
    taken = [answer.json()["links"]["self"] for answer in asked if answer.status_code == 202]
    store.config_set("maxmemory", 0)
    for path in taken:
        record = api.get(path, params={"wait": 60}).json()
        assert (record["status"], record["attempts"]) == ("succeeded", 1)
    assert stack.children("worker") == [worker]
