"""The embedded store, run for real: durable, private, and never twice on one directory."""

import subprocess
import time
from contextlib import contextmanager

import pytest
import redis

from service.stack.errors import StackError
from service.stack.preflight import connect
from service.stack.readiness import store_answers
from service.stack.store import find_server, prepare_store


@contextmanager
def running(store):
    process = subprocess.Popen(store.command, cwd=store.directory, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not store_answers(store.url):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.wait()


def test_what_was_acknowledged_survives_a_kill(tmp_path):
    store = prepare_store(tmp_path / "store")
    with running(store) as process, connect(store.url) as client:
        client.set("promise", "kept")
        process.kill()
        process.wait()
    again = prepare_store(tmp_path / "store")
    with running(again), connect(again.url) as client:
        assert client.get("promise") == b"kept"


def test_it_never_evicts_and_syncs_every_write(tmp_path):
    store = prepare_store(tmp_path / "store")
    with running(store), connect(store.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendfsync") == {"appendfsync": "always"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_nobody_gets_in_without_the_password(tmp_path):
    store = prepare_store(tmp_path / "store")
    stranger = connect(f"redis://127.0.0.1:{store.port}/0")
    with running(store), stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert (store.directory / "store.conf").stat().st_mode & 0o077 == 0
    assert store.password not in " ".join(store.command)


def test_a_store_left_by_an_earlier_run_is_shut_down_first(tmp_path):
    orphan = prepare_store(tmp_path / "store")
    with running(orphan) as process:
        prepare_store(tmp_path / "store")
        assert process.wait(20) == 0


def test_every_start_has_a_password_of_its_own(tmp_path):
    assert prepare_store(tmp_path / "store").password != prepare_store(tmp_path / "store").password


def test_a_server_on_the_path_is_the_fallback(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = find_server(lambda name: "/opt/bin/redis-server" if name == "redis-server" else None)
    assert str(found) == "/opt/bin/redis-server"
    with pytest.raises(StackError, match=r"no store server is installed: .*--redis-url"):
        find_server(lambda name: None)
