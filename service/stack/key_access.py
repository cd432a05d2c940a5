"""The keys of a server, whether it runs or not.

Keys lie in the store. That of a running server is asked beside it; the embedded store of one that does not run is started
for as long as it takes, under the same lock, so that two never write to one directory.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from service.stack.errors import DirectoryInUseError, StackError
from service.stack.preflight import is_loopback, lock_directory, require_broker
from service.stack.readiness import store_answers
from service.stack.store import CONFIG_NAME, StoreServer, prepare_store, read_url
from worker.keys import KeyStore
from worker.store import connect

POLL_S = 0.05


@contextmanager
def keys_of(data: Path, redis_url: str | None, *, is_made: bool = False) -> Iterator[KeyStore]:
    """The keys in the embedded store of a data directory, or in a store that is there.

    Args:
        data: the data directory; of no account with ``redis_url``.
        redis_url: a store that is there.
        is_made: whether a data directory that is not there is made.

    Raises:
        StackError: there is no such store, or it does not answer.
    """
    with ExitStack() as until_done:
        if redis_url is not None:
            require_broker(redis_url)
            url = redis_url
        elif is_made or (data / "store").is_dir():
            url = until_done.enter_context(_embedded(data))
        else:
            raise StackError(f"{data} holds no server's data: name the directory with --data")
        yield KeyStore(until_done.enter_context(connect(url)))


def require_keys(host: str, data: Path, redis_url: str | None) -> None:
    """Refuse an address that other machines can reach where no key was ever made: everyone there could run solves.

    Raises:
        StackError: it is one, and there is none.
    """
    if is_loopback(host):
        return
    if redis_url is not None or (data / "store").is_dir():
        with keys_of(data, redis_url) as keys:
            if keys.is_any():
                return
    raise StackError(
        f"--host {host} is not a loopback address and no keys are configured: make one with `saddlepath-server keys "
        "create`, or use --host 127.0.0.1"
    )


@contextmanager
def _embedded(data: Path) -> Iterator[str]:
    try:
        lock = lock_directory(data)
    except DirectoryInUseError as error:
        url = read_url(data / "store" / CONFIG_NAME)
        if url is None or not store_answers(url):
            raise StackError(f"the server in {data} has no store that answers yet: try again") from error
        yield url
        return
    with lock:
        store = prepare_store(data / "store")
        logs = data / "logs"
        logs.mkdir(exist_ok=True)
        with _running(store, logs / "store.log"):
            yield store.url


@contextmanager
def _running(store: StoreServer, log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            store.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=store.directory,
            process_group=0,  # Ctrl-C is for this process, which ends that one in order
        )
    try:
        while not store_answers(store.url):
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL_S)
                raise StackError(f"the store dies at its start: {log} says why")
        yield
    finally:
        process.terminate()
        process.wait()
