"""Keys are made and looked up whether their server runs or not, and let it listen beyond this machine."""

import subprocess
from contextlib import ExitStack

import pytest

from service.stack.errors import StackError
from service.stack.key_access import keys_of, require_keys
from service.stack.preflight import lock_directory
from service.stack.readiness import store_answers
from service.stack.store import CONFIG_NAME, prepare_store, read_url
from worker.keys import KeyLimits, Scope

OUTSIDE = ["0.0.0.0", "::", "192.168.1.4", "example.org", "", "127.0.0.1.example.org"]


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def make_key(data):
    with keys_of(data, None, is_made=True) as keys:
        return keys.create("ada", [Scope.READ], None, KeyLimits())[0]


@pytest.mark.parametrize("host", OUTSIDE)
def test_without_keys_an_address_that_others_reach_is_refused_and_nothing_made(data, host):
    with pytest.raises(StackError, match=r"no keys are configured: .*keys create.*--host 127\.0\.0\.1"):
        require_keys(host, data, None)
    assert not data.exists()


def test_a_store_without_keys_refuses_it_too(data, store_url):
    with keys_of(data, None, is_made=True):
        pass
    for redis_url in (None, store_url):
        with pytest.raises(StackError, match="no keys are configured"):
            require_keys("0.0.0.0", data, redis_url)
    require_keys("127.0.0.1", data, None)


@pytest.mark.parametrize("is_revoked", [False, True])
def test_with_keys_it_is_accepted(data, is_revoked):
    key = make_key(data)
    if is_revoked:  # asks for one all the same
        with keys_of(data, None) as keys:
            keys.revoke(key.id)
    require_keys("0.0.0.0", data, None)


def test_keys_outlive_the_store_that_was_started_for_them(data):
    key = make_key(data)
    url = read_url(data / "store" / CONFIG_NAME)
    assert not store_answers(url)
    with keys_of(data, None) as keys:
        assert keys.all() == [key]
    with lock_directory(data):
        pass


def test_a_store_that_a_killed_command_left_behind_is_taken_over(data):
    key = make_key(data)
    store = prepare_store(data / "store")
    leftover = subprocess.Popen(store.command, cwd=store.directory, stdout=subprocess.DEVNULL)
    while not store_answers(store.url):
        assert leftover.poll() is None
    with keys_of(data, None) as keys:
        assert leftover.wait(10) == 0
        assert keys.all() == [key]


def test_a_running_server_is_asked(data):
    key = make_key(data)
    with ExitStack() as running:
        running.enter_context(lock_directory(data))
        store = prepare_store(data / "store")
        server = subprocess.Popen(store.command, cwd=store.directory, stdout=subprocess.DEVNULL)
        running.callback(server.wait)
        running.callback(server.terminate)
        while not store_answers(store.url):
            assert server.poll() is None
        with keys_of(data, None) as keys:
            assert keys.all() == [key]
        assert server.poll() is None


def test_a_server_that_is_still_starting_says_so(data):
    make_key(data)
    with lock_directory(data), pytest.raises(StackError, match="try again"), keys_of(data, None):
        pass


def test_a_store_that_cannot_start_says_where_to_look(data):
    make_key(data)
    (data / "store" / "appendonlydir").chmod(0o700)
    for part in (data / "store" / "appendonlydir").iterdir():
        if part.suffix == ".manifest":
            part.write_text("nonsense")
    with pytest.raises(StackError, match=r"store\.log says why"), keys_of(data, None):
        pass


def test_a_directory_that_is_none_is_not_made(data):
    with pytest.raises(StackError, match="--data"), keys_of(data, None):
        pass
    assert not data.exists()


def test_a_store_that_does_not_answer_is_named(data):
    with pytest.raises(StackError, match="--redis-url"), keys_of(data, "redis://127.0.0.1:1/0"):
        pass
