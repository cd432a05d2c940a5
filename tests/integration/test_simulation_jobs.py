"""Simulations too large for one request on the real stack: the numbers of a small one, whatever is killed meanwhile."""

import json
import time
import urllib.error
import urllib.request

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.body import ARROW
from service.settings import ServiceSettings
from worker.store import artifact_key, connect

ENVIRONMENT = {
    "SADDLEPATH_LEASE_S": "3",
    "SADDLEPATH_WARM_UP_MODEL": "",
    "SADDLEPATH_MAX_BATCH_STATES": "100000",
}
SHORT = {"periods": 200, "paths": 1500, "burn_in": 20, "seed": 3}
"""Above the stack's limit, and below that of a request elsewhere."""
LONG = {"periods": 10, "paths": 1, "burn_in": 600_000, "seed": 1}
"""Of half a minute or more, in one block."""


VICTIMS = ["child", "worker", "store"]


class Api:
    """The API of a stack."""

    def __init__(self, running):
        self.running = running
        (worker, *_) = running.children("worker")
        self.store_url = worker.environ()["SADDLEPATH_REDIS_URL"]

    def ask(self, method, path, body=None, accept="application/json"):
        """The content of an answer, and its headers."""
        headers = {"Content-Type": "application/json", "Accept": accept, "Prefer": "wait=60"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.running.url + path, content, headers, method=method)
        with urllib.request.urlopen(request, timeout=70) as answer:
            content = answer.read()
            return (json.loads(content) if accept == "application/json" else content), answer.headers

    def simulate(self, solution, asked):
        """The path of a simulation that was acknowledged."""
        record, headers = self.ask("POST", f"{solution}/simulate", asked)
        assert record["status"] in ("queued", "running", "succeeded")
        return headers["Location"]

    def wait_for(self, path, condition, timeout_s=90.0):
        """Waits until a record fulfils a condition, and returns it; the API may be away meanwhile."""

        def found():
            try:
                record, _ = self.ask("GET", path)
            except OSError:
                return None
            return record if condition(record) else None

        return self.running.wait_for(found, timeout_s)


def has_succeeded(record):
    assert record["status"] not in ("failed", "cancelled"), record
    return record["status"] == "succeeded"


def is_under_way(record):
    assert record["status"] in ("queued", "running"), record
    return record["progress"] is not None


def pool_process(running):
    """The process of the one worker that simulates, None between its death and the next."""
    workers = running.children("worker")
    children = workers[0].children() if workers else []
    pool = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    return pool[0] if pool else None


@pytest.fixture(scope="module")
def api(start_module_stack):
    """A stack of one worker."""
    return Api(start_module_stack(environment=ENVIRONMENT))


@pytest.fixture(scope="module")
def solution(api):
    """The path of a solution with shocks."""
    method = {"policy": {"family": "polynomial", "degree": 3}}
    record, _ = api.ask("POST", "/v1/solutions", {"model": "rbc", "method": method, "target": 1e-3})
    assert record["status"] == "succeeded"
    return record["links"]["self"]


def test_a_large_simulation_has_the_numbers_of_a_small_one(api, solution):
    path = api.simulate(solution, SHORT)
    record = api.wait_for(path, has_succeeded)
    assert record["summary"]["rows"] == 300_000 and record["attempts"] == 1
    stream, _ = api.ask("GET", f"{path}/result", accept=ARROW)
    table = pa.ipc.open_stream(stream).read_all()
    with TestClient(create_app(ServiceSettings(redis_url=api.store_url))) as elsewhere:
        answer = elsewhere.post(f"{solution}/simulate", json=SHORT, headers={"Accept": ARROW})
    assert answer.status_code == 200
    assert table.equals(pa.ipc.open_stream(answer.content).read_all())
    last, _ = api.ask("GET", f"{path}/result?page={record['summary']['pages'] - 1}")
    assert last["states"]["k"] == table["k"].to_pylist()[-len(last["t"]) :]


@pytest.mark.parametrize("victim", VICTIMS)
def test_whatever_is_killed_it_is_simulated_once(api, solution, victim):
    path = api.simulate(solution, {**LONG, "burn_in": 60_000, "seed": VICTIMS.index(victim)})
    api.wait_for(path, is_under_way)
    killed = pool_process(api.running) if victim == "child" else api.running.children(victim)[0]
    killed.kill()
    record = api.wait_for(path, has_succeeded)
    assert record["attempts"] in ((1, 2) if victim == "store" else (2,))
    assert record["summary"]["rows"] == 10
    page, _ = api.ask("GET", f"{path}/result")
    assert len(page["states"]["k"]) == 10 and None not in page["states"]["k"]


def test_a_cancelled_one_makes_way_within_two_seconds(api, solution):
    path = api.simulate(solution, LONG)
    api.wait_for(path, is_under_way)
    next_path = api.simulate(solution, {**SHORT, "seed": 11})
    process, cancelled_s = pool_process(api.running), time.monotonic()
    record, _ = api.ask("POST", f"{path}/cancel")
    assert record["status"] == "cancelled"
    api.wait_for(next_path, lambda record: record["status"] != "queued", timeout_s=2)
    assert time.monotonic() - cancelled_s < 2
    assert pool_process(api.running) == process  # it stopped by itself
    api.wait_for(next_path, has_succeeded)
    assert api.ask("GET", path)[0]["status"] == "cancelled"


def test_one_for_which_the_store_has_no_room_fails_and_gives_back_what_it_took(api, solution):
    asked = {**SHORT, "seed": 17}
    with connect(api.store_url) as store:
        before = store.info("memory")["used_memory"]
        store.config_set("maxmemory", before + 8 * 2**20)  # the result takes 14 MB
        try:
            path = api.simulate(solution, asked)
            record = api.wait_for(path, lambda record: record["status"] not in ("queued", "running"))
            assert (record["status"], record["problem"]["code"]) == ("failed", "store-full")
            assert not store.exists(artifact_key(record["id"]))
        finally:
            store.config_set("maxmemory", 0)
    api.ask("POST", f"{path}/retry")
    assert api.wait_for(path, has_succeeded)["summary"]["rows"] == 300_000


def test_it_is_there_after_everything_was_killed_and_gone_with_its_solution(start_stack):
    api = Api(start_stack(environment=ENVIRONMENT))
    record, _ = api.ask("POST", "/v1/solutions", {"model": "rbc", "target": 1e-3})
    done, under_way = (
        api.simulate(record["links"]["self"], one) for one in (SHORT, LONG | {"burn_in": 60_000})
    )
    told = api.wait_for(done, has_succeeded)
    stream, _ = api.ask("GET", f"{done}/result", accept=ARROW)
    api.wait_for(under_way, is_under_way)
    api.running.kill()
    again = Api(start_stack(data=api.running.data, environment=ENVIRONMENT))
    assert again.ask("GET", done)[0] == told
    assert again.ask("GET", f"{done}/result", accept=ARROW)[0] == stream
    assert again.wait_for(under_way, has_succeeded)["attempts"] == 2
    request = urllib.request.Request(again.running.url + record["links"]["self"], method="DELETE")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 204
    for path in (done, under_way):
        with pytest.raises(urllib.error.HTTPError, match="410"):
            again.ask("GET", path)
