"""What must hold before anything is started, so that a mistake costs one line and not a half-started stack.

Each check takes hold of the thing that it checks (the lock, the bound socket), so nothing can change between
the check and the use.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import socket
from pathlib import Path
from typing import TextIO

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.stack.errors import DirectoryInUseError, StackError
from worker.data_format import claim_format
from worker.errors import WorkerError

BROKER_TIMEOUT_S = 2.0
OLDEST_STORE = 7
BACKLOG = 2048


def is_loopback(host: str) -> bool:
    """Whether an address is one that no other machine can reach: ``localhost`` or a loopback address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def lock_directory(directory: Path) -> TextIO:
    """Create the data directory and lock it for as long as the returned file is open.

    Raises:
        StackError: the directory cannot be written.
        DirectoryInUseError: another server has it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (directory / "lock").open("a+")
    except OSError as error:
        raise StackError(
            f"cannot write to the data directory {directory} ({error.strerror}): choose another with --data"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise DirectoryInUseError(
            f"the data directory {directory} is in use by another saddlepath-server (process {owner}): "
            "stop that one, or choose another directory with --data"
        ) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes any free one.

    The supervisor keeps it open and hands it to the API, so a restarted API has the same port and clients
    that arrive meanwhile wait in the backlog instead of being refused.

    Raises:
        StackError: the port is in use or may not be used, or the host has no address.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        server = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StackError(
            f"cannot listen on {host}:{port} ({reason}): stop what uses the port, or choose another with "
            "--port (0 takes any free one)"
        ) from error
    # Opened anew from its number, it knows that it speaks TCP; asyncio sets TCP_NODELAY on no other, and without it
    # each answer waits up to 40 ms.
    return socket.socket(fileno=server.detach())


def connect(url: str) -> redis.Redis:
    """A client that fails at once instead of trying again, for checks at start.

    Raises:
        ValueError: ``url`` is not a Redis URL.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=BROKER_TIMEOUT_S,
        socket_connect_timeout=BROKER_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def require_broker(url: str) -> None:
    """Check that a Redis or Valkey server answers at ``url``, of a version that has what is used here.

    Raises:
        StackError: the URL is not one of a Redis server, nothing (or a refusal) answers there, or an older one.
    """
    try:
        with connect(url) as client:
            version = str(client.info("server")["redis_version"])
    except (ValueError, redis.RedisError) as error:
        raise StackError(
            f"no store answers at the --redis-url or SADDLEPATH_REDIS_URL that was given ({error}): start that server, "
            "correct the URL, or leave --redis-url out to use the embedded store"
        ) from error
    if int(version.partition(".")[0]) < OLDEST_STORE:
        raise StackError(
            f"the store at the --redis-url that was given is of version {version}, which has no scripts with flags: take "
            f"Redis {OLDEST_STORE} or later, or Valkey, or leave --redis-url out to use the embedded store"
        )


def require_format(url: str) -> None:
    """Check that the data of a store that answers is of a form that this release reads, and mark it where nothing does.

    Raises:
        StackError: a later release has written it, or nothing can be written.
    """
    try:
        with connect(url) as client:
            claim_format(client)
    except WorkerError as error:
        raise StackError(str(error)) from error
