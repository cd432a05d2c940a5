"""Uses of solutions, gathered in memory and told to the store now and then: reading a policy writes nothing.

The store is told of all of them in one write, since it puts each write on disk. What was not told when a process was killed
is lost, and a solution then taken to have been used some seconds earlier than it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.errors import StoreUnavailableError
from worker.usage import UsageStore

TELL_S = 10.0
MOST = 10_000
"""How many solutions are remembered between two times of telling: a bound of memory, not one that is met."""


class Uses:
    """The solutions that this process has served since it last told the store. Belongs to the event loop."""

    def __init__(self, store: UsageStore, tell_s: float = TELL_S) -> None:
        self._store = store
        self._tell_s = tell_s
        self._noted: set[str] = set()

    def note(self, solution_id: str) -> None:
        """A solution is being used."""
        if len(self._noted) < MOST:
            self._noted.add(solution_id)

    async def tell(self) -> None:
        """Tells the store what has been used; a store that is away, or full, is told the next time."""
        noted, self._noted = self._noted, set()
        if not noted:
            return
        try:
            await run_in_threadpool(self._store.note, noted)
        except StoreUnavailableError as error:
            structlog.get_logger().warning("uses not noted", reason=str(error))
            self._noted |= noted

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Tells the store again and again until left, and a last time then."""
        task = asyncio.create_task(self._tell_for_ever())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await self.tell()

    async def _tell_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._tell_s)
            await self.tell()


class NoteUses:
    """Notes every answer about a solution that is no refusal as a use of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                named = scope.get("path_params", {})
                for job_id in (named.get("simulation_id"), named.get("solution_id")):
                    if job_id is not None:
                        scope["app"].state.services.uses.note(job_id)
            await send(message)

        await self._app(scope, receive, send_noting)
