"""The program by which a container's engine asks whether its worker is there, run as it is run there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.presence import PRESENT_S, WORKERS, PresenceStore, process_name

PROGRAM = Path(__file__).parents[2] / "deploy" / "worker_health.py"


@pytest.fixture
def exit_code(store_url):
    def run():
        environment = {**os.environ, "SADDLEPATH_REDIS_URL": store_url}
        return subprocess.run([sys.executable, PROGRAM], timeout=60, env=environment).returncode

    return run


def test_it_is_well_while_a_worker_of_its_host_announces_itself(client, exit_code):
    assert exit_code() == 1
    PresenceStore(client).announce("another-host:12")
    assert exit_code() == 1
    PresenceStore(client).announce(process_name())
    assert exit_code() == 0


def test_it_is_not_once_the_worker_has_fallen_silent(client, exit_code):
    PresenceStore(client).announce(process_name())
    client.zincrby(WORKERS, -2 * PRESENT_S, process_name())
    assert exit_code() == 1


def test_it_is_not_while_the_store_is_away(private_store):
    private_store.kill()
    environment = {**os.environ, "SADDLEPATH_REDIS_URL": private_store.url}
    done = subprocess.run([sys.executable, PROGRAM], timeout=60, env=environment, capture_output=True)
    assert done.returncode != 0
