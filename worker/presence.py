"""Which workers are there: each warm one says so every second."""

from __future__ import annotations

import os
import socket
import threading
import time

import redis
import structlog

from worker.errors import StoreUnavailableError
from worker.store import PREFIX, store_errors

WORKERS = f"{PREFIX}workers"
ANNOUNCE_S = 1.0
PRESENT_S = 4.0
_ANNOUNCE = """#!lua flags=allow-oom
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
"""

_log = structlog.get_logger()


def process_name(pid: int | None = None) -> str:
    """How a process of this host is called in the store: this one, or the one with that id."""
    return f"{socket.gethostname()}:{os.getpid() if pid is None else pid}"


class PresenceStore:
    """The workers' announcements; methods raise StoreUnavailableError when the store does not answer."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._announce = client.register_script(_ANNOUNCE)

    def announce(self, worker: str) -> None:
        """Says that ``worker`` is there, and forgets those that have been silent."""
        now = time.time()
        with store_errors():
            self._announce(keys=[WORKERS], args=[worker, now, now - PRESENT_S])

    def count(self) -> int:
        """The number of workers that are there: warm, idle or solving."""
        with store_errors():
            return int(self._client.zcount(WORKERS, time.time() - PRESENT_S, "+inf"))


class Announcer(threading.Thread):
    """Announces this process until it ends."""

    def __init__(self, presence: PresenceStore, worker: str) -> None:
        super().__init__(name="announcer", daemon=True)
        self._presence = presence
        self._worker = worker
        self._is_silenced = threading.Event()

    def stop(self) -> None:
        """Falls silent."""
        self._is_silenced.set()

    def run(self) -> None:
        """Announces once a second; a store that does not answer is asked again."""
        while not self._is_silenced.is_set():
            try:
                self._presence.announce(self._worker)
            except StoreUnavailableError as error:
                _log.warning("not announced", reason=str(error))
            self._is_silenced.wait(ANNOUNCE_S)
