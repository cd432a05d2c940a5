"""The changes of one job as server-sent events, as they come, until the job is over.

What is sent is read from the job's log, a few entries at a time, so that nothing is held for a client that reads slowly,
and one that comes again goes on where it was. Those who stand at the same place of a log read it together.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import run_in_threadpool

from service.errors import BusyError, RequestError, UnauthenticatedError
from service.faults import shown
from service.notifications import REREAD_S, JobNews
from solver.errors import Fault
from worker.contract import JobStatus
from worker.errors import JobNotFoundError, StoreUnavailableError
from worker.events import Change, EventLog
from worker.tenant import Tenant

PING_S = 15.0
"""How often something is sent although nothing has changed: proxies close what is silent for longer."""
RECONNECT_MS = 2000
Seen = tuple[JobStatus, tuple[tuple[str, bytes], ...]]
"""The status of a job, and its first changes after a place in its log: where each stands, and as it goes over the wire."""
Look = Callable[[str | None], Awaitable[Seen]]
"""What is seen after a place; raises where there is no such job."""
_PLACE = re.compile(r"\d{1,19}-\d{1,19}", re.ASCII)


class Followers:
    """The open event streams of this process, ``most`` at most, and each key's own. Belongs to the event loop."""

    def __init__(self, log: EventLog, news: JobNews, most: int) -> None:
        self._log = log
        self._news = news
        self._most = most
        self._open: Counter[str] = Counter()
        self._about_to_read: dict[tuple[str, str, str | None], asyncio.Task[Seen]] = {}

    async def follow(
        self,
        job_id: str,
        place: str | None,
        tenant: Tenant,
        check: Callable[[], None],
        until_sent: ExitStack,
    ) -> AsyncIterator[bytes] | None:
        """The events of a job after a place in its log, as they go over the wire; None where it is over and all were sent.

        Args:
            job_id: the job.
            place: see :meth:`EventLog.after`.
            tenant: that follows; ``check`` says the same to all of one.
            check: blocks, and raises once the job is not there for who follows, or who follows may not any more.
            until_sent: until this is closed, the stream counts as open.

        Raises:
            JobNotFoundError: there is no such job.
            UnauthenticatedError: who follows may not.
            BusyError: as many streams are open as may be.
            StoreUnavailableError: the store does not answer.
        """
        who = tenant.key_id
        look = partial(self._look, job_id, who, check)
        status, changes = await look(place)
        if place is not None and status.is_terminal and not changes:
            return None
        if self._open[who] >= tenant.max_streams:
            raise BusyError(
                f"{tenant.max_streams} event streams of this key are open, the most that may; close one, or try again later"
            )
        if self._open.total() >= self._most:
            raise BusyError(f"{self._most} event streams are open, the most that may; try again later")
        # Counted before anybody else looks: those who read together are all answered at once.
        until_sent.enter_context(self._counted(who))
        return self._stream(job_id, place, look)

    @contextmanager
    def _counted(self, who: str) -> Iterator[None]:
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1
            self._open += Counter()  # keys that follow nothing any more are forgotten

    async def _look(self, job_id: str, who: str, check: Callable[[], None], place: str | None) -> Seen:
        """What is seen by a reading that begins from now on, shared with whoever waits for the same one."""
        key = (job_id, who, place)
        reading = self._about_to_read.get(key)
        if reading is None:
            reading = asyncio.create_task(self._read(key, check))
            reading.add_done_callback(_hear)
            self._about_to_read[key] = reading
        return await asyncio.shield(reading)  # who goes takes it from nobody

    async def _read(self, key: tuple[str, str, str | None], check: Callable[[], None]) -> Seen:
        del self._about_to_read[key]  # who comes from now on may know of news that this one misses
        job_id, _, place = key
        return await run_in_threadpool(_read_log, self._log, job_id, check, place)

    async def _stream(self, job_id: str, place: str | None, look: Look) -> AsyncIterator[bytes]:
        try:
            with self._news.following(job_id) as news:
                yield format_sse_event(retry=RECONNECT_MS)
                async for event in self._events(place, news, look):
                    yield event
        except JobNotFoundError:
            yield format_sse_event(event="status", data_str=json.dumps({"status": "deleted"}))
        # The client comes again, and goes on where it was, or is refused.
        except (StoreUnavailableError, UnauthenticatedError) as error:
            structlog.get_logger().warning("event stream ended", job=job_id, reason=str(error))

    async def _events(self, place: str | None, news: asyncio.Event, look: Look) -> AsyncIterator[bytes]:
        sent_s = time.monotonic()
        while not self._news.is_closing:
            news.clear()
            status, changes = await look(place)
            for where, event in changes:
                yield event
                place, sent_s = where, time.monotonic()
            if changes:
                continue
            if status.is_terminal:
                if place is None:  # solved by a release that kept no log
                    # An id before all others, so that who comes again with it is told that nothing is left.
                    ended = json.dumps({"status": status.value})
                    yield format_sse_event(event="status", data_str=ended, id="0-0")
                return
            if time.monotonic() - sent_s >= PING_S:
                yield KEEPALIVE_COMMENT
                sent_s = time.monotonic()
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), REREAD_S)


def _hear(reading: asyncio.Task[Seen]) -> None:
    """Hears of a failure that nobody is left to hear of."""
    if not reading.cancelled():
        reading.exception()


def _read_log(log: EventLog, job_id: str, check: Callable[[], None], place: str | None) -> Seen:
    status, changes = log.after(job_id, place)
    check()  # behind the reading, so that nothing is told of what came after a key was revoked
    if status is None:
        raise JobNotFoundError(job_id)
    return status, tuple((change.place, _encoded(change)) for change in changes)


def read_place(headers: list[str]) -> str | None:
    """The place in a ``Last-Event-ID`` header, None without one.

    Raises:
        RequestError: it is not the id of an event.
    """
    if not headers or headers == [""]:
        return None
    if len(headers) > 1 or _PLACE.fullmatch(headers[0]) is None:
        value = shown(", ".join(headers))
        message = f"Last-Event-ID = {value} is no id of an event of this stream; send the last one received, or none"
        raise RequestError([Fault(("Last-Event-ID",), message)])
    return headers[0]


def _encoded(change: Change) -> bytes:
    return format_sse_event(event=change.kind, data_str=change.data, id=change.place)
