"""A real store for the tests, as durable as that of the embedded stack; and examples that are the same in every run."""

import subprocess
import time

import hypothesis
import pytest
import redis

from service.stack.store import find_server
from worker.store import connect

START_TIMEOUT_S = 10.0

hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile("repeatable")


class LocalStore:
    """A store on a Unix socket, with its data in a directory of its own."""

    def __init__(self, directory):
        self.directory = directory
        self.url = f"unix://{directory}/store.sock"
        self.start()

    def start(self):
        """Starts the server and waits until it answers."""
        options = {
            "port": "0",
            "unixsocket": f"{self.directory}/store.sock",
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self.directory / "store.log").open("ab") as log:
            self._process = subprocess.Popen([find_server(), *arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError((self.directory / "store.log").read_text())
            time.sleep(0.01)

    def _answers(self):
        try:
            with connect(self.url) as client:
                return client.ping()
        except redis.RedisError:
            return False

    def kill(self):
        """``kill -9``."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory):
    """One store for all tests that do not kill it."""
    store = LocalStore(tmp_path_factory.mktemp("store"))
    yield store
    store.kill()


@pytest.fixture
def store_url(shared_store):
    """The address of an empty store."""
    with connect(shared_store.url) as client:
        client.flushall()
    return shared_store.url


@pytest.fixture
def client(store_url):
    """A client of an empty store."""
    with connect(store_url) as client:
        yield client


@pytest.fixture
def private_store(tmp_path):
    """A store that the test may kill and start again."""
    store = LocalStore(tmp_path)
    yield store
    store.kill()
