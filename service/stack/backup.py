"""Backups of the embedded store: one file, taken while the server runs, and a data directory made of it.

The file is the store's own snapshot (RDB). A snapshot is of one moment: all that was acknowledged before it began is in it,
whatever is written meanwhile, and it ends in a checksum. To copy the append-only files instead, their rewriting would have
to be held up.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from service.stack.embedded import POLL_S, embedded_store, running, store_log
from service.stack.errors import StackError
from service.stack.preflight import connect, lock_directory, require_format
from service.stack.store import CONFIG_NAME, prepare_store, stop_leftover
from worker.data_format import FORMAT_KEY

SNAPSHOT = "dump.rdb"
"""What the store calls its snapshot, in its own directory."""
_BUSY = ("in progress", "child process is active")
"""How the store says that it takes a snapshot already, or writes its append-only file anew."""


def back_up(data: Path, file: Path) -> int:
    """Writes everything that the store of a data directory has acknowledged into a new file, readable by its owner only.

    Returns:
        Its size in bytes.

    Raises:
        StackError: the file is there already or cannot be written, there is no such store, or it takes no snapshot.
    """
    with embedded_store(data) as url, _alone(data / "store"), connect(url) as client:
        if file.exists():
            raise StackError(f"{file} is there already: give the backup another name")
        _take_snapshot(client)
        snapshot = data / "store" / SNAPSHOT
        try:
            _write(snapshot, file)
        except OSError as error:
            raise StackError(f"{file} cannot be written ({error.strerror}): give another place") from error
        finally:
            snapshot.unlink()
    return file.stat().st_size


def restore(file: Path, data: Path) -> None:
    """Makes a data directory of a backup.

    Raises:
        StackError: there is one already, or the file is no backup that this release reads.
    """
    if not file.is_file():
        raise StackError(f"there is no file {file}")
    with lock_directory(data):
        if (data / "store").exists():
            raise StackError(
                f"{data} holds a server's data already: give a directory that does not, with --data"
            )
        unfinished = data / "restoring"  # whole, it is called a store: killed before, this leaves none
        stop_leftover(unfinished / CONFIG_NAME)
        _remove(unfinished)
        try:
            _load(file, unfinished, store_log(data))
            unfinished.rename(data / "store")
        finally:
            _remove(unfinished)


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


def _load(file: Path, directory: Path, log: Path) -> None:
    """The store reads the snapshot where it keeps no append-only file, and then begins to keep one."""
    store = prepare_store(directory)
    snapshot = store.directory / SNAPSHOT
    shutil.copyfile(file, snapshot)
    try:
        with running(store, log, "--appendonly", "no"), connect(store.url) as client:
            if not client.exists(FORMAT_KEY):
                raise StackError(f"{file} is not a backup of a saddlepath-server")
            require_format(store.url)
            client.config_set("appendonly", "yes")
            _until(client, lambda told: not told["aof_rewrite_in_progress"] | told["aof_rewrite_scheduled"])
            if client.info("persistence")["aof_last_bgrewrite_status"] != "ok":
                raise StackError(f"the store cannot write its files: {log} says why")
    except StackError as error:
        raise StackError(f"{file} cannot be restored: {error}") from error
    snapshot.unlink()


def _take_snapshot(client: redis.Redis) -> None:
    pause = threading.Event()
    while True:
        try:
            client.bgsave(schedule=False)  # scheduled, it could not be told from one that is over
            break
        except redis.ResponseError as error:
            if not any(words in str(error) for words in _BUSY):
                raise StackError(f"the store takes no snapshot: {error}") from error
            pause.wait(POLL_S)
    told = _until(client, lambda told: not told["rdb_bgsave_in_progress"])
    if told["rdb_last_bgsave_status"] != "ok":
        raise StackError(
            "the store cannot write its snapshot: is its disk full? store.log in the data directory says why"
        )


def _until(client: redis.Redis, is_over: Callable[[Any], bool]) -> Any:
    """What the store tells of its files, once ``is_over`` of that."""
    pause = threading.Event()
    while not is_over(told := client.info("persistence")):
        pause.wait(POLL_S)
    return told


def _write(snapshot: Path, file: Path) -> None:
    """Copies a snapshot so that the file is whole as soon as it has its name, and nothing is left of one that is not."""
    part = file.with_name(f"{file.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with snapshot.open("rb") as source, os.fdopen(descriptor, "wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Lets one backup at a time use the store's directory for its snapshot."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
