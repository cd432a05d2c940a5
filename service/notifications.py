"""News of jobs: one listener a process, so that a request that waits for a solution wakes when it is there.

The listener has a client of its own without a read timeout: the store's client gives up after seconds of
silence, and silence is the normal state here. News can be lost while the connection is down; so whoever waits
reads the record again every few seconds, and after each reconnection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from worker.events import EVENTS_CHANNEL, decode_event

RECONNECT_S = 0.5
HEALTH_CHECK_S = 10


class JobNews:
    """Wakes the waiters of a job when it is over, and tells ``on_change`` of every change of status.

    Attributes:
        is_closing: whether the process is going down, so that nobody should wait any more.
    """

    def __init__(self, url: str, on_change: Callable[[str], None]) -> None:
        self._url = url
        self._on_change = on_change
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self.is_closing = False

    @contextmanager
    def waiting(self, job_id: str) -> Iterator[asyncio.Event]:
        """An event, set whenever the job may be over. Enter before reading the record, to miss nothing."""
        event = asyncio.Event()
        self._waiters.setdefault(job_id, set()).add(event)
        try:
            yield event
        finally:
            self._waiters[job_id].discard(event)
            if not self._waiters[job_id]:
                del self._waiters[job_id]

    def end_waits(self) -> None:
        """Ends every wait, and from now on each as soon as it begins: the process is going down."""
        self.is_closing = True
        for job_id in list(self._waiters):
            self._wake(job_id)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listens until left."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except (redis.RedisError, OSError) as error:
                structlog.get_logger().warning("no news from the store", error=str(error))
                await asyncio.sleep(RECONNECT_S)

    async def _hear(self) -> None:
        client = redis.asyncio.Redis.from_url(
            self._url, socket_timeout=None, health_check_interval=HEALTH_CHECK_S, retry=Retry(NoBackoff(), 0)
        )
        async with client, client.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(EVENTS_CHANNEL)
            for job_id in list(self._waiters):
                self._wake(job_id)
            while True:
                message = await subscription.get_message(timeout=HEALTH_CHECK_S)
                if message is not None:
                    self._tell(message["data"])

    def _tell(self, data: bytes) -> None:
        event = decode_event(data)
        if event.kind == "status":
            self._on_change(event.id)
        if event.is_final:
            self._wake(event.id)

    def _wake(self, job_id: str) -> None:
        for event in self._waiters.get(job_id, ()):
            event.set()
