"""How many requests a key may send: one bucket a key in the store, shared by all processes of the API.

Taking from a bucket is a write, and a write waits for the disk. So a process takes about a second's worth at once and
hands it out by itself; what it does not use within a few seconds is lost. No process can let through what no bucket has.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from service.errors import RateError
from worker.keys import Key, KeyStore

HELD_S = 5.0
"""How long a process may hold requests that it has taken: longer would let it save them up."""


@dataclass
class _Purse:
    left: int = 0
    held_until: float = 0.0
    empty_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Rates:
    """What this process has taken from the buckets. Belongs to the event loop."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._purses: dict[str, _Purse] = {}

    async def spend_one(self, key: Key) -> None:
        """Counts one request of a key.

        Raises:
            RateError: it has sent as many as it may.
            StoreUnavailableError: the store does not answer.
        """
        purse = self._purses.setdefault(key.id, _Purse())
        async with purse.lock:  # one at a time: each of many at once would take for all
            now = time.monotonic()
            if purse.left < 1 or now >= purse.held_until:
                purse.left = 0
                if now >= purse.empty_until:
                    grant = await run_in_threadpool(self._keys.take, key)
                    purse.left = grant.count
                    purse.held_until, purse.empty_until = now + HELD_S, now + grant.retry_after_s
            if purse.left < 1:
                raise RateError(key.limits.rate, max(1, math.ceil(purse.empty_until - now)))
            purse.left -= 1
