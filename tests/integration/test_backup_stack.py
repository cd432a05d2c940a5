"""Backed up while solves run, restored to an empty directory: what was acknowledged is there and evaluates the same."""

import subprocess
import sys

import httpx2
import numpy as np
import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import ServiceSettings
from service.stack.embedded import embedded_store
from worker.data_format import FORMAT, FORMAT_KEY
from worker.store import connect

POLYNOMIAL = {"policy": {"family": "polynomial", "degree": 4}}
ADAM = {"policy": {"hidden": [16]}, "training": {"algorithm": "adam", "steps": 20_000, "seconds": 60}}
STATES = {"states": {"a": [-0.05, 0.0, 0.05], "k": 0.2}}


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )


def request(beta, method=POLYNOMIAL):
    return {"model": "brock_mirman", "method": method, "calibration": {"beta": beta}}


@pytest.fixture
def client_of():
    """A client of a stack."""
    opened = []

    def client_of(stack):
        opened.append(httpx2.Client(base_url=stack.url, timeout=90))
        return opened[-1]

    yield client_of
    for client in opened:
        client.close()


def test_every_acknowledged_solution_is_in_a_backup_taken_while_others_run(start_stack, client_of, tmp_path):
    stack = start_stack(data=tmp_path / "data")
    client = client_of(stack)
    wait = {"Prefer": "wait=60"}
    solved = [client.post("/v1/solutions", json=request(beta), headers=wait).json() for beta in (0.9, 0.95)]
    policies = [client.post(solution["links"]["policy"], json=STATES).json() for solution in solved]
    running = client.post("/v1/solutions", json=request(0.96, ADAM)).json()
    stack.wait_for(lambda: client.get(running["links"]["self"]).json()["status"] == "running")
    queued = [client.post("/v1/solutions", json=request(beta)) for beta in np.linspace(0.8, 0.89, 10)]
    assert {answer.status_code for answer in queued} == {202}

    done = command("backup", tmp_path / "backup", "--data", stack.data)
    assert done.returncode == 0, done.stderr
    assert client.get(running["links"]["self"]).json()["status"] == "running"  # it was taken in the middle
    stack.kill()

    done = command("restore", tmp_path / "backup", "--data", tmp_path / "restored")
    assert done.returncode == 0, done.stderr
    again = client_of(start_stack(data=tmp_path / "restored"))
    for solution, policy in zip(solved, policies, strict=True):
        assert again.get(solution["links"]["self"]).json() == solution
        assert again.post(solution["links"]["policy"], json=STATES).json() == policy
    assert again.post("/v1/solutions", json=request(0.9)).json() == solved[0]  # found, and not solved again
    again.post(f"{running['links']['self']}/cancel")
    for answer in queued:  # what was only waiting is solved by the restored server
        ended = again.get(answer.json()["links"]["self"], params={"wait": 60}).json()
        assert ended["status"] == "succeeded"


def test_a_server_refuses_data_of_a_later_release_and_leaves_it_alone(tmp_path):
    data = tmp_path / "data"
    with embedded_store(data, is_made=True) as url, connect(url) as client:
        client.set(FORMAT_KEY, FORMAT + 1)
    for arguments in (("up", "--port", "0"), ("keys", "list"), ("backup", tmp_path / "backup")):
        done = command(*arguments, "--data", data)
        assert done.returncode == 1
        assert "ready" not in done.stdout
        told = done.stderr.splitlines()[-1]
        assert told.startswith(
            "saddlepath-server: a later release has written the store's data, in form 2"
        ), told
    assert not (tmp_path / "backup").exists()


def test_an_api_is_not_ready_on_data_of_a_later_release(client, store_url):
    with TestClient(create_app(ServiceSettings(redis_url=store_url)), raise_server_exceptions=False) as api:
        assert api.get("/readyz").status_code == 200
        client.set(FORMAT_KEY, FORMAT + 1)
        for path in ("/readyz", "/v2/health/ready"):
            answer = api.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "data-too-new")
        assert api.get("/healthz").status_code == 200
