"""A start that cannot work costs one clear line and a non-zero exit code, and leaves no process."""

import os
import socket
import subprocess
import sys

import psutil
import pytest


def run(*arguments, environment=None):
    """Runs ``saddlepath-server`` where it must fail; returns the lines on stderr."""
    command = [sys.executable, "-m", "service.cli", *arguments]
    before = psutil.Process().children(recursive=True)
    environment = {**os.environ, **(environment or {})}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert psutil.Process().children(recursive=True) == before
    assert result.returncode == 1
    assert result.stdout == ""
    return result.stderr.splitlines()


def refuse(*arguments):
    """Runs ``saddlepath-server`` where it must refuse; returns its one line on stderr."""
    (line,) = run(*arguments)
    assert line.startswith("saddlepath-server: ")
    return line


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def test_a_data_directory_in_use(stack):
    line = refuse("up", "--port", "0", "--data", str(stack.data))
    assert f"in use by another saddlepath-server (process {stack.process.pid})" in line
    assert "--data" in line


def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        line = refuse("up", "--port", str(port), "--data", str(tmp_path))
    assert f"127.0.0.1:{port}" in line and "--port" in line


@pytest.mark.parametrize("data", ["/proc/saddlepath", "/dev/null/data"])
def test_a_data_directory_that_cannot_be_written(data):
    line = refuse("up", "--port", "0", "--data", data)
    assert f"cannot write to the data directory {data}" in line and "--data" in line


def test_a_broker_that_does_not_answer(tmp_path):
    url = f"redis://127.0.0.1:{free_port()}/0"
    line = refuse("up", "--port", "0", "--data", str(tmp_path), "--redis-url", url)
    assert "no store answers" in line and "--redis-url" in line


def test_an_address_that_others_can_reach(tmp_path):
    line = refuse("up", "--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path))
    assert "no keys are configured" in line and "--host 127.0.0.1" in line
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_others_can_reach_of_the_api_alone(store_url):
    environment = {"SADDLEPATH_REDIS_URL": store_url}
    (line,) = run("api", "--host", "0.0.0.0", "--port", "0", environment=environment)
    assert "no keys are configured" in line and "--host 127.0.0.1" in line


def test_a_worker_that_cannot_start(tmp_path):
    lines = run("up", "--port", "0", "--data", str(tmp_path), environment={"SADDLEPATH_LEASE_S": "-1"})
    log = tmp_path / "logs" / "worker-1.log"
    assert lines[-1] == f"saddlepath-server: worker-1 dies at every start: {log} says why"
    assert "lease_s" in log.read_text()
