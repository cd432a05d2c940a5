"""A real store for the tests, as durable as that of the embedded stack; and examples that are the same in every run."""

import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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


class Receiver:
    """A server on loopback that webhooks are sent to.

    Attributes:
        received: (path, headers, body) of each request, in order.
        answers: statuses of the next answers; 204 once they are used up.
        holds: while cleared, answers wait.
    """

    def __init__(self, tls=None):
        self.received, self.answers, self.holds = [], [], threading.Event()
        self.holds.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((self.path, dict(self.headers.items()), body))
                receiver.holds.wait(30)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def wait_for(self, count, timeout_s=60.0):
        """Waits until so many requests have come, and returns them."""
        deadline = time.monotonic() + timeout_s
        while len(self.received) < count:
            assert time.monotonic() < deadline, self.received
            time.sleep(0.01)
        return self.received

    def close(self):
        self.holds.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def make_receiver():
    """Makes receivers of webhooks: ``make_receiver(tls=context)``."""
    made = []

    def make(**options):
        made.append(Receiver(**options))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


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
