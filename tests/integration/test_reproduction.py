"""Solved by a worker, fetched as a record, and solved again from the record alone by ``saddlepath-server reproduce``."""

import json
import os
import subprocess
import sys

import httpx2
import pytest

from service.stack.supervisor import share_of_cores
from worker.machine import thread_limits, threads

FAST = {"policy": {"family": "polynomial", "degree": 8}}
OWN = {
    "name": "full depreciation",
    "symbols": {"states": ["k"], "controls": ["i"], "exogenous": [], "parameters": ["beta", "theta"]},
    "definitions": ["c[t] = k[t]^theta - i[t]"],
    "equations": {
        "transition": ["k[t] = i[t-1]"],
        "arbitrage": ["1 - beta*c[t]/c[t+1]*theta*k[t+1]^(theta - 1)"],
    },
    "calibration": {"beta": 0.96, "theta": 0.36, "k": "(beta*theta)^(1/(1 - theta))", "i": "k"},
    "domain": {"k": ["0.5*k", "1.5*k"]},
}


@pytest.fixture(scope="module")
def fetch(stack):
    """Solves a request and fetches its record: ``fetch(model=…)``."""
    with httpx2.Client(base_url=stack.url, timeout=120.0) as client:

        def fetch(**asked):
            answer = client.post("/v1/solutions", json=asked, headers={"Prefer": "wait=60"})
            assert answer.status_code == 200 and answer.json()["status"] == "succeeded", answer.text
            record = client.get(answer.json()["links"]["record"])
            assert record.status_code == 200, record.text
            return record.json()

        yield fetch


@pytest.fixture
def reproduce(tmp_path):
    """Runs ``saddlepath-server reproduce`` on a document, in an environment without settings of threads."""

    def run(document, *options):
        path = tmp_path / "record.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
        environment = {name: value for name, value in environment.items() if not name.startswith("TF_NUM_")}
        command = [sys.executable, "-m", "service.cli", "reproduce", str(path), *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)

    return run


@pytest.mark.parametrize(
    "asked",
    [
        {"model": "neoclassical"},
        {"model": OWN, "calibration": {"beta": 0.95}, "seed": 3},
        {"model": "rbc", "method": {"training": {"dtype": "float32"}}},
        {"model": "rbc", "method": {"training": {"algorithm": "adam", "steps": 50, "dtype": "float32"}}},
    ],
    ids=["default", "own model", "float32", "adam in float32"],
)
def test_the_record_alone_gives_the_same_bytes(fetch, reproduce, asked):
    record = fetch(**asked)
    assert record["provenance"]["threads"] == threads(
        {**thread_limits(share_of_cores(1), os.environ), **os.environ}
    )
    done = reproduce(record, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    comparison = json.loads(done.stdout)
    assert comparison["outcome"] == "identical"
    lines = [*comparison["contents"], *comparison["conditions"], comparison["policy"]]
    assert all(line["recorded"] == line["found"] for line in lines)
    assert comparison["policy"]["found"] == record["provenance"]["hashes"]["policy"]
    assert set(comparison["differences"].values()) == {0.0}


def test_a_warm_start_is_in_the_record(fetch, reproduce):
    start = fetch(model="neoclassical", method=FAST)
    record = fetch(model="neoclassical", method=FAST, calibration={"beta": 0.955}, start=start["id"])
    assert record["start"]["job"] == start["job"]
    done = reproduce(record)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "identical" in done.stdout and start["id"] in done.stdout


def test_a_record_that_was_tampered_with_is_told(fetch, reproduce):
    record = fetch(model="neoclassical", method=FAST)
    other = reproduce(record | {"job": record["job"] | {"seed": 7}})
    assert other.returncode == 1, other.stderr
    assert "DIFFERENT" in other.stdout
    (line,) = (line for line in other.stdout.splitlines() if line.startswith("job "))
    assert record["id"] in line and line.endswith("<-- differs")
    manifest = record["policy"]["manifest"] | {"sha256": "0" * 64}
    spoilt = reproduce(record | {"policy": record["policy"] | {"manifest": manifest}})
    assert spoilt.returncode == 1, spoilt.stderr
    assert [line.split()[0] for line in spoilt.stdout.splitlines() if "<-- differs" in line] == ["policy"]


@pytest.mark.parametrize(
    "document, told",
    [
        ('{"format": 1', "Invalid JSON"),
        ({"format": 1}, "job: Field required; policy: Field required; id: Field required (and 2 more)"),
    ],
)
def test_what_is_no_record_costs_one_clear_line(reproduce, document, told):
    done = reproduce(document)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("saddlepath-server: this is no record of a solution: ") and told in line


def test_a_file_that_is_not_there_costs_one_clear_line(tmp_path):
    command = [sys.executable, "-m", "service.cli", "reproduce", str(tmp_path / "nothing.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "nothing.json cannot be read (No such file or directory)" in line


def test_a_solve_that_breaks_off_tells_why(fetch, reproduce, tmp_path, monkeypatch):
    """As where TensorFlow is not installed."""
    record = fetch(model="neoclassical", method=FAST)
    (tmp_path / "tensorflow.py").write_text("raise ImportError('there is no TensorFlow here')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    done = reproduce(record)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no TensorFlow here" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("saddlepath-server: the solve broke off with exit code 1")
