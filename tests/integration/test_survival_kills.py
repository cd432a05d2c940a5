"""What was acknowledged outlives ``kill -9`` of any part of the stack, and ends in exactly one result a job.

The leases are short here and the workers do not warm up, so that a take-over takes seconds; nothing else differs
from the stack that users run.
"""

import http.client
import itertools
import json
import signal
import time
import urllib.error
import urllib.request

import psutil
import pytest

from solver.model.zoo import load_zoo
from worker.contract import QUEUE
from worker.store import UNACKED, connect

ENVIRONMENT = {
    "SADDLEPATH_LEASE_S": "3",
    "SADDLEPATH_MAX_ATTEMPTS": "2",
    "SADDLEPATH_WARM_UP_MODEL": "",
}
AWAY = (urllib.error.URLError, http.client.HTTPException, OSError)
MODEL = load_zoo("brock_mirman").document
SEEDS = itertools.count(1)


class Api:
    """The API of a stack, as a patient client sees it."""

    def __init__(self, running):
        self.running = running

    def ask(self, method, path, body=None):
        """One request; the answer's JSON, also of a 4xx."""
        request = urllib.request.Request(
            self.running.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer) if answer.status != 204 else None
        except urllib.error.HTTPError as error:
            with error:
                if error.code >= 500:
                    raise
                return json.load(error)

    def record(self, solution_id):
        """The record of a solution, None while the API or its store is away."""
        try:
            return self.ask("GET", f"/v1/solutions/{solution_id}")
        except AWAY:
            return None

    def wait_for(self, solution_id, *statuses, timeout_s=60.0):
        """Waits until the solution has one of ``statuses`` and returns its record."""

        def found():
            record = self.record(solution_id)
            return record if record and record["status"] in statuses else None

        return self.running.wait_for(found, timeout_s)

    def post_short(self):
        """Posts a job of a fraction of a second."""
        return self._post({"policy": {"family": "polynomial", "degree": 4}}, target=1e-2)

    def post_long(self, seconds=3.0):
        """Posts a job that uses up all its seconds, and waits until it is being trained."""
        training = {"algorithm": "adam", "steps": 1_000_000, "seconds": seconds}
        solution_id = self._post({"training": training, "policy": {"hidden": [8]}}, target=1e-12)

        def is_trained():
            record = self.record(solution_id) or {"status": "unknown", "progress": None}
            assert record["status"] in ("queued", "running", "unknown"), record
            return record["progress"]

        self.running.wait_for(is_trained)
        return solution_id

    def _post(self, method, target):
        body = {"model": "brock_mirman", "method": method, "target": target, "seed": next(SEEDS)}
        return self.ask("POST", "/v1/solutions", body)["id"]


@pytest.fixture(scope="module")
def api(start_module_stack):
    """A stack of one worker. Every test leaves it whole again: its jobs are solved."""
    return Api(start_module_stack(environment=ENVIRONMENT))


def solving_process(running):
    """The pool process of the one worker, None between its death and the next."""
    workers = running.children("worker")
    children = workers[0].children() if workers else []
    pool = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    return pool[0] if pool else None


def kill(process):
    """``kill -9``, and its end awaited."""
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], timeout=10)


def test_a_cancelled_solve_makes_way_within_two_seconds(api):
    long, short = api.post_long(seconds=60), api.post_short()
    cancelled_s = time.monotonic()
    api.ask("POST", f"/v1/solutions/{long}/cancel")
    record = api.wait_for(long, "cancelled", timeout_s=2)
    api.wait_for(short, "running", "succeeded", timeout_s=2)
    assert time.monotonic() - cancelled_s < 2
    assert api.record(long) == record


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_solve_that_does_not_stop_loses_its_process_within_two_seconds_and_is_not_tried_again(api, end):
    running, long = api.running, api.post_long(seconds=60)
    process = solving_process(running)
    process.suspend()  # as deaf as in the midst of one long call of linear algebra
    ended_s = time.monotonic()
    if end == "cancel":
        assert api.ask("POST", f"/v1/solutions/{long}/cancel")["status"] == "cancelled"
    else:
        api.ask("DELETE", f"/v1/solutions/{long}")
    running.wait_for(lambda: has_ended(process), timeout_s=2)
    assert time.monotonic() - ended_s < 2
    assert api.wait_for(api.post_short(), "succeeded")["attempts"] == 1
    running.wait_for(lambda: messages(running) == (0, 0))
    if end == "cancel":
        record = api.record(long)
        assert (record["status"], record["attempts"]) == ("cancelled", 1)


def has_ended(process):
    """Whether a process is gone, or dead and not yet buried."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def messages(running):
    """How many messages wait on the queue, and how many are delivered and not acknowledged."""
    (worker,) = running.children("worker")
    with connect(worker.environ()["SADDLEPATH_REDIS_URL"]) as client:
        return client.llen(QUEUE), client.hlen(UNACKED)


def test_a_killed_solve_is_taken_over_and_its_killer_fails_in_the_end(api):
    running = api.running
    long, short = api.post_long(), api.post_short()
    kill(solving_process(running))
    assert api.wait_for(long, "succeeded")["attempts"] == 2
    assert api.wait_for(short, "succeeded")["attempts"] == 1

    poisonous, other = api.post_long(seconds=60), api.post_short()
    for attempt in (1, 2):
        running.wait_for(lambda attempt=attempt: (api.record(poisonous) or {}).get("attempts") == attempt)
        kill(running.wait_for(lambda: solving_process(running)))
    record = api.wait_for(poisonous, "failed")
    assert record["problem"]["code"] == "worker-lost"
    assert record["attempts"] == 2
    assert api.wait_for(other, "succeeded")["attempts"] == 1


def test_a_worker_killed_with_its_solve_is_started_again_and_solves_it(api):
    running = api.running
    long, short = api.post_long(), api.post_short()
    pool_process = solving_process(running)
    kill(running.children("worker")[0])
    assert api.wait_for(long, "succeeded")["attempts"] == 2
    assert api.wait_for(short, "succeeded")["attempts"] == 1
    assert not pool_process.is_running()


def test_a_killed_api_comes_back_and_the_solve_goes_on(api):
    long, short = api.post_long(), api.post_short()
    kill(api.running.children("api")[0])
    assert api.wait_for(long, "succeeded")["attempts"] == 1
    assert api.wait_for(short, "succeeded")["attempts"] == 1


def test_a_killed_store_comes_back_with_everything(api):
    done = api.wait_for(api.post_short(), "succeeded")
    long, short = api.post_long(), api.post_short()
    kill(api.running.children("store")[0])
    assert api.wait_for(long, "succeeded")["attempts"] in (1, 2)
    assert api.wait_for(short, "succeeded")["attempts"] == 1
    assert api.record(done["id"]) == done


def test_everything_killed_at_once_comes_back_with_everything(start_stack):
    api = Api(start_stack(environment=ENVIRONMENT))
    done = api.wait_for(api.post_short(), "succeeded")
    policy = f"/v1/solutions/{done['id']}/policy?a=0&k=0.2"
    answer = api.ask("GET", policy)
    model = api.ask("POST", "/v1/models", {**MODEL, "title": "of my own"})
    long, short = api.post_long(), [api.post_short() for _ in range(3)]
    api.running.kill()

    again = Api(start_stack(data=api.running.data, environment=ENVIRONMENT))
    assert again.record(done["id"]) == done
    assert again.ask("GET", policy) == answer
    assert again.ask("POST", "/v1/models", {**MODEL, "title": "of my own"}) == model
    assert again.ask("GET", "/v1/models")["models"][-1]["name"] == model["name"]
    assert again.wait_for(long, "succeeded")["attempts"] == 2
    for solution_id in short:
        assert again.wait_for(solution_id, "succeeded")["attempts"] == 1

    # A stop in order is no death: the running job is handed back, and the attempt does not count.
    handed_back = again.post_long()
    assert again.running.stop() == 0
    last = Api(start_stack(data=api.running.data, environment=ENVIRONMENT))
    assert last.wait_for(handed_back, "succeeded")["attempts"] == 1
    assert last.record(done["id"]) == done
