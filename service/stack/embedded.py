"""The embedded store of a data directory, whether its server runs or not.

That of a running server is asked beside it; that of one that does not run is started for as long as it takes, under the
same lock, so that two never write to one directory.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service.stack.errors import DirectoryInUseError, StackError
from service.stack.preflight import lock_directory, require_format
from service.stack.readiness import store_answers
from service.stack.store import CONFIG_NAME, StoreServer, prepare_store, read_url

POLL_S = 0.05


@contextmanager
def embedded_store(data: Path, *, is_made: bool = False) -> Iterator[str]:
    """Where the store of a data directory answers meanwhile.

    Args:
        data: the data directory.
        is_made: whether one that is not there is made.

    Raises:
        StackError: there is none, it does not answer, or a later release has written it.
    """
    if not (is_made or (data / "store").is_dir()):
        raise StackError(f"{data} holds no server's data: name the directory with --data")
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
        with running(store, store_log(data)):
            require_format(store.url)
            yield store.url


def store_log(data: Path) -> Path:
    """What the store of a data directory prints goes to this file."""
    logs = data / "logs"
    logs.mkdir(exist_ok=True)
    return logs / "store.log"


@contextmanager
def running(store: StoreServer, log: Path, *options: str) -> Iterator[None]:
    """Runs a store that nobody runs, until the end of the block.

    Args:
        store: the store.
        log: takes everything that it prints.
        options: more of its command line, before which the configuration file stands back.

    Raises:
        StackError: it dies at its start.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            (*store.command, *options),
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
