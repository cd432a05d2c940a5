"""Data bears the mark of its form, and a release works on none of a later form."""

import os
import subprocess
import sys

import pytest

from worker.data_format import FORMAT, FORMAT_KEY, check_format, claim_format
from worker.errors import DataTooNewError, StoreUnavailableError
from worker.store import connect


def test_a_store_without_a_mark_gets_one_and_keeps_it(client):
    check_format(client)
    assert client.get(FORMAT_KEY) is None
    for _ in range(2):
        claim_format(client)
        assert client.get(FORMAT_KEY) == str(FORMAT).encode()
        check_format(client)


def test_an_older_form_is_not_relabelled(client):
    client.set(FORMAT_KEY, FORMAT - 1)
    claim_format(client)
    assert int(client.get(FORMAT_KEY)) == FORMAT - 1


@pytest.mark.parametrize("look", [claim_format, check_format])
def test_a_later_form_is_refused_and_left_alone(client, look):
    client.set(FORMAT_KEY, FORMAT + 1)
    with pytest.raises(
        DataTooNewError, match=rf"in form {FORMAT + 1}; this one reads forms up to {FORMAT}: run that"
    ):
        look(client)
    assert int(client.get(FORMAT_KEY)) == FORMAT + 1


def test_a_full_store_is_marked_all_the_same(private_store):
    with connect(private_store.url) as client:
        client.config_set("maxmemory", "1")
        claim_format(client)
        assert client.exists(FORMAT_KEY)


@pytest.mark.parametrize("look", [claim_format, check_format])
def test_a_store_that_is_away_is_told(private_store, look):
    private_store.kill()
    with connect(private_store.url) as client, pytest.raises(StoreUnavailableError):
        look(client)


def test_a_worker_does_not_start_on_data_of_a_later_form(client, store_url):
    client.set(FORMAT_KEY, FORMAT + 1)
    environment = {**os.environ, "SADDLEPATH_REDIS_URL": store_url}
    done = subprocess.run(
        [sys.executable, "-m", "worker"], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 1
    assert done.stderr.startswith("python -m worker: a later release has written the store's data")
    assert done.stderr.count("\n") == 1


def test_a_worker_waits_for_a_store_that_is_not_there_yet(private_store):
    private_store.kill()
    environment = {**os.environ, "SADDLEPATH_REDIS_URL": private_store.url, "SADDLEPATH_WARM_UP_MODEL": ""}
    worker = subprocess.Popen(
        [sys.executable, "-m", "worker"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        assert "waiting for the store" in worker.stdout.readline()
        with connect(private_store.url) as client:
            private_store.start()
            while not client.exists(FORMAT_KEY):
                assert worker.poll() is None
    finally:
        worker.terminate()
        worker.communicate(timeout=30)
