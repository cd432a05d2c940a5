"""News of jobs: one listener a process, so that a request that waits for a solution wakes when it is there.

The listener has a client of its own without a read timeout: the store's client gives up after seconds of
silence, and silence is the normal state here. News can be lost while the connection is down; so whoever waits
reads the record again every few seconds, and after each reconnection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager

import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from worker.events import EVENTS_CHANNEL, decode_event

RECONNECT_S = 0.5
REREAD_S = 2.0
"""How often one who waits reads the store although no news has come: news can be lost."""
HEALTH_CHECK_S = 10


class _Sleepers:
    """Events that wait for news of jobs, by job."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def one(self, job_id: str) -> Iterator[asyncio.Event]:
        """An event that :meth:`wake` sets."""
        event = asyncio.Event()
        self._events.setdefault(job_id, set()).add(event)
        try:
            yield event
        finally:
            self._events[job_id].discard(event)
            if not self._events[job_id]:
                del self._events[job_id]

    def wake(self, job_id: str) -> None:
        """Sets the events of a job."""
        for event in self._events.get(job_id, ()):
            event.set()

    def wake_all(self) -> None:
        """Sets every event."""
        for job_id in list(self._events):
            self.wake(job_id)


class JobNews:
    """Wakes the waiters of a job when it is over and its followers at every change.

    ``on_change`` is told of every change of status.

    Attributes:
        is_closing: whether the process is going down, so that nobody should wait any more.
    """

    def __init__(self, url: str, on_change: Callable[[str], None]) -> None:
        self._url = url
        self._on_change = on_change
        self._waiters, self._followers = _Sleepers(), _Sleepers()
        self.is_closing = False

    def waiting(self, job_id: str) -> AbstractContextManager[asyncio.Event]:
        """An event, set whenever the job may be over. Enter before reading the record, to miss nothing."""
        return self._waiters.one(job_id)

    def following(self, job_id: str) -> AbstractContextManager[asyncio.Event]:
        """An event, set whenever the job may have changed. Enter before reading its log, to miss nothing."""
        return self._followers.one(job_id)

    def end_waits(self) -> None:
        """Ends every wait, and from now on each as soon as it begins: the process is going down."""
        self.is_closing = True
        self._wake_all()

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
            self._wake_all()
            while True:
                message = await subscription.get_message(timeout=HEALTH_CHECK_S)
                if message is not None:
                    self._tell(message["data"])

    def _tell(self, data: bytes) -> None:
        event = decode_event(data)
        if event.kind == "status":
            self._on_change(event.id)
        self._followers.wake(event.id)
        if event.is_final:
            self._waiters.wake(event.id)

    def _wake_all(self) -> None:
        self._waiters.wake_all()
        self._followers.wake_all()
