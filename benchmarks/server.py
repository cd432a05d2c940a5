"""Processes that a benchmark measures: the whole stack, or parts of it, on loopback and on data that goes away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis

from service.stack.preflight import listen
from service.stack.store import prepare_store

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0


@contextmanager
def running_stack(*arguments: str) -> Iterator[str]:
    """``saddlepath-server up`` with some arguments on a free port; yields its URL."""
    command = [sys.executable, "-m", "service.cli", "up", "--port", "0", *arguments]
    with (
        tempfile.TemporaryDirectory(prefix="saddlepath-bench-") as directory,
        running([*command, "--data", directory]) as line,
    ):
        yield line.removeprefix("ready ")


@contextmanager
def running_store() -> Iterator[str]:
    """The embedded store alone, as the stack configures it; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="saddlepath-bench-") as directory:
        store = prepare_store(Path(directory) / "store")
        log = Path(directory) / "store.log"
        with log.open("wb") as output:
            process = subprocess.Popen(store.command, cwd=store.directory, stdout=output, stderr=output)
            try:
                _await_store(store.url)
                yield store.url
            finally:
                _stop(process)


@contextmanager
def running_apis(store_url: str, count: int, **environment: str) -> Iterator[tuple[int, list[int]]]:
    """So many processes of the API at one port, on a store that runs; yields the port and their ids."""
    with listen("127.0.0.1", 0) as listener, tempfile.TemporaryFile() as log:
        descriptor, port = listener.fileno(), listener.getsockname()[1]
        command = [sys.executable, "-m", "service.stack.api", str(descriptor)]
        variables = {**os.environ, "SADDLEPATH_REDIS_URL": store_url, **environment}
        processes = [
            subprocess.Popen(command, stdout=log, stderr=log, env=variables, pass_fds=(descriptor,))
            for _ in range(count)
        ]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=START_TIMEOUT_S):
                yield port, [process.pid for process in processes]
        finally:
            for process in processes:
                _stop(process)


@contextmanager
def running(command: Sequence[str]) -> Iterator[str]:
    """A program until left; yields the first line that it prints, which says that it is ready.

    Raises:
        RuntimeError: it ends without that line.
    """
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert process.stdout is not None  # it was opened as a pipe
            line = process.stdout.readline().strip()
            if not line:
                errors.seek(0)
                raise RuntimeError(f"{' '.join(command[1:4])} … did not start:\n{errors.read()}")
            yield line
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(STOP_TIMEOUT_S)


def _await_store(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
