"""Work that is heavy on processor or memory: a little of it at once, a bounded amount waiting, off the event loop.

Threads share one interpreter lock and one memory: more of them at once would finish nothing sooner, hold their
documents for longer, and keep the event loop from its turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

from service.errors import BusyError

AT_ONCE = 2

ResultT = TypeVar("ResultT")


class Gate:
    """Lets ``at_once`` pieces of work run at once, and ``max_waiting`` more wait. Belongs to the event loop.

    Attributes:
        at_once: how many.
    """

    def __init__(self, work: str, max_waiting: int, at_once: int = AT_ONCE) -> None:
        self._work = work
        self._max_waiting = max_waiting
        self.at_once = at_once
        self._limiter = anyio.CapacityLimiter(at_once)
        self._inside = 0  # the limiter itself counts a piece only once its turn of the loop has come

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """The result of ``work``, done in a thread.

        Raises:
            BusyError: as much work is waiting as may wait.
        """
        if self._inside >= self.at_once + self._max_waiting:
            raise BusyError(
                f"{self._max_waiting} {self._work} are waiting, the most that may; try again later"
            )
        return await self.go_on(work)

    async def go_on(self, work: Callable[[], ResultT]) -> ResultT:
        """The same for a further piece of what was let in already: it waits for its turn and is never turned away."""
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1
