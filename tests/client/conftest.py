"""Clients of the real stack, and a small server that misbehaves."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import saddlepath as sp

from tests.integration.conftest import stack  # noqa: F401 (a fixture)

FAST = {"policy": {"family": "polynomial", "degree": 10}}
SLOW = {"training": {"algorithm": "adam", "steps": 8000, "learning_rate": 1e-3}}
SEEDS = itertools.count(31_000)


@pytest.fixture(scope="session")
def server_url(stack):  # noqa: F811
    return stack.url


@pytest.fixture(scope="session")
def client(server_url):
    """A blocking client of the stack."""
    with sp.Client(server_url) as client:
        yield client


@pytest.fixture(scope="session")
def brock_mirman(client):
    """A solution whose truth is known: i = beta theta exp(a) k^theta."""
    return client.solve("brock_mirman")


@pytest.fixture(scope="session")
def rbc(client):
    """A solution with shocks."""
    return client.solve("rbc")


@pytest.fixture
def cancelled(client):
    """A solution that was cancelled, and takes some seconds to be solved."""
    solution = client.submit("neoclassical", method=SLOW, seed=next(SEEDS)).cancel()
    with contextlib.suppress(sp.SolveError):
        solution.wait()
    assert solution.status == "cancelled"
    return solution


@pytest.fixture(scope="session")
def command(server_url):
    """Runs ``saddlepath`` against the stack: ``command("show", ..., environment={}, code=0)``."""

    def run(*arguments, environment=None, code=0):
        process = subprocess.run(
            [sys.executable, "-m", "saddlepath", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "SADDLEPATH_URL": server_url, "COLUMNS": "100", **(environment or {})},
        )
        assert process.returncode == code, process.stderr + process.stdout
        return process

    return run


class Misbehaving:
    """A server that answers by a script.

    Attributes:
        script: for each request (status, headers, body), or None to close the connection without an answer; the last one
            again and again.
        seen: (method, path, headers, body) of each request.
    """

    def __init__(self):
        self.script, self.seen = [], []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def _handler(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.seen.append((self.command, self.path, dict(self.headers.items()), body))
                turn = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                self.close_connection = True
                if turn is None:
                    return
                status, headers, content = turn
                content = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {
                    "Content-Length": str(len(content)),
                    "Connection": "close",
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 (the names are the base class's)

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def misbehaving():
    server = Misbehaving()
    yield server
    server.close()
