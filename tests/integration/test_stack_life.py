"""The stack's life on real processes: ready, deaths and restarts, the end, and what is kept across starts."""

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import psutil

from worker.machine import threads

MODEL = {"model": "brock_mirman", "method": {"policy": {"family": "polynomial", "degree": 4}}}
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(url, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    with OPENER.open(request, timeout=90) as response:
        return json.load(response)


def has_workers(stack):
    try:
        return call(f"{stack.url}/readyz")["workers"] > 0
    except (OSError, urllib.error.HTTPError):
        return False


def solve(stack):
    solution = call(f"{stack.url}/v1/solutions", MODEL, Prefer="wait=60")
    assert solution["status"] == "succeeded"
    return solution


def test_ready_means_that_a_solve_is_accepted_and_done(stack):
    assert has_workers(stack)
    assert solve(stack)["certificate"]["verdict"] in {"pass", "warn", "fail"}


def test_neither_the_api_nor_the_supervisor_loads_tensorflow(stack):
    (api,) = stack.children("api")
    for process in (api, psutil.Process(stack.process.pid)):
        assert not [file.path for file in process.memory_maps() if "tensorflow" in file.path]
    (worker,) = stack.children("worker")
    pool = [file.path for child in worker.children(recursive=True) for file in child.memory_maps()]
    assert any("tensorflow" in path for path in pool)


def test_every_child_that_is_killed_is_started_again_and_sigterm_ends_them_all(start_stack):
    stack = start_stack()
    for role in ("store", "api", "worker"):
        (first,) = stack.wait_for(lambda role=role: stack.children(role))
        first.kill()
        stack.wait_for(lambda role=role, first=first: set(stack.children(role)) - {first})
    stack.wait_for(lambda: has_workers(stack))
    solve(stack)
    assert stack.stop(signal.SIGTERM) == 0
    assert stack.survivors() == []


def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_has_every_solution(
    start_stack, tmp_path
):
    stack = start_stack(data=tmp_path / "kept")
    solution = solve(stack)
    assert stack.stop(signal.SIGKILL) == -signal.SIGKILL
    stack.wait_for(lambda: stack.survivors() == [])
    again = start_stack(data=tmp_path / "kept")
    assert call(f"{again.url}/v1/solutions/{solution['id']}") == solution
    assert again.stop(signal.SIGINT) == 0
    assert again.survivors() == []


def pool_processes(stack):
    """The processes in which the workers of a stack solve."""
    children = [child for worker in stack.children("worker") for child in worker.children()]
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_workers_share_the_cores_and_a_store_that_was_there_is_left_alone(start_stack, tmp_path, stack):
    (api,) = stack.children("api")
    url = api.environ()["SADDLEPATH_REDIS_URL"]
    given = {"OMP_NUM_THREADS": "3"}
    guest = start_stack("--redis-url", url, "--workers", "2", data=tmp_path / "guest", environment=given)
    assert guest.children("store") == []
    share = max(1, (len(os.sched_getaffinity(0)) - 1) // 2)
    pools = guest.wait_for(lambda: (found := pool_processes(guest))[1:] and found)
    told = {"blas": 3, "intra_op": share, "inter_op": share}  # of BLAS as the operator said
    assert [threads(pool.environ()) for pool in pools] == [told, told]
    guest.stop()
    assert guest.survivors() == []
    assert stack.children("store")
    assert has_workers(stack)


def test_clients_that_wait_are_answered_when_the_stack_goes_down(start_stack):
    stack = start_stack(environment={"SADDLEPATH_WARM_UP_MODEL": ""})
    endless = {"training": {"algorithm": "adam", "steps": 1_000_000, "seconds": 600.0}}
    body = {"model": "brock_mirman", "method": endless, "target": 1e-12}
    running = call(f"{stack.url}/v1/solutions", body)["id"]
    stack.wait_for(lambda: call(f"{stack.url}/v1/solutions/{running}")["status"] == "running")
    with ThreadPoolExecutor(3) as pool, slow_upload(stack) as upload:
        waiting = [
            pool.submit(ask, f"{stack.url}/v1/solutions", body, Prefer="wait=60"),
            pool.submit(ask, f"{stack.url}/v1/solutions", {**body, "seed": 1}, Prefer="wait=60"),
            pool.submit(ask, f"{stack.url}/v1/solutions/{running}?wait=60"),
        ]
        stack.wait_for(lambda: len(call(f"{stack.url}/v1/solutions")["solutions"]) == 2)
        stopped_s = time.monotonic()
        assert stack.stop(signal.SIGTERM) == 0
        assert time.monotonic() - stopped_s < 10
        answers = [answer.result(timeout=10) for answer in waiting]
        cut_off = upload.recv(65536)
    assert stack.survivors() == []
    assert [status for status, _ in answers] == [202, 202, 200]
    assert {record["status"] for _, record in answers} <= {"queued", "running"}
    head, _, document = cut_off.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ") and b"application/problem+json" in head
    assert b"retry-after: 2" in head.lower()
    assert json.loads(document)["code"] == "shutting-down"


def ask(url, body=None, **headers):
    """The status of an answer and its JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    with OPENER.open(request, timeout=90) as response:
        return response.status, json.load(response)


@contextmanager
def slow_upload(stack):
    """A request whose body does not come to its end."""
    address = urlsplit(stack.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        head = "POST /v1/solutions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(f"{head}{{".encode())
        yield connection
