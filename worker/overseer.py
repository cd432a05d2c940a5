"""Ends a pool process that goes on with a delivery although its job is not, or no longer, its own to solve.

A job may be cancelled, deleted, handed back or overtaken while it is being solved. Its attempt hears of that
(:mod:`worker.lease`) and stops between two steps of the solve. But a step may be one long call of linear algebra, which
nothing within the process can interrupt; so the worker's main process looks after it and, after a grace, kills it. The
queue puts the message of a lost process back, its next delivery is refused unless the job is to be solved again, and
the pool starts another process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

import structlog

from worker.attempts import AttemptStore
from worker.presence import process_name

_log = structlog.get_logger()


@dataclass(frozen=True)
class Delivery:
    """A message that a pool process works on.

    Attributes:
        job_id: the job.
        tag: the message's delivery tag.
        pid: the pool process.
    """

    job_id: str
    tag: str
    pid: int


class Overseer:
    """Remembers since when each delivery has been over."""

    def __init__(self, attempts: AttemptStore, grace_s: float) -> None:
        self._attempts = attempts
        self._grace_s = grace_s
        self._over_since: dict[Delivery, float] = {}

    def look(self, current: Callable[[], Collection[Delivery]], now: float) -> tuple[Delivery, ...]:
        """Kills the processes that had their grace, and returns what they worked on.

        Args:
            current: the deliveries that are being worked on; asked again before anything is killed, since a process
                that has finished meanwhile works on another job by now.
            now: monotonic seconds.

        Raises:
            StoreUnavailableError: the store does not answer; nothing is known, so nobody is killed.
        """
        self._over_since = {
            delivery: self._over_since.get(delivery, now)
            for delivery in current()
            if not self._attempts.is_held(delivery.job_id, delivery.tag, process_name(delivery.pid))
        }
        overdue = [delivery for delivery, since in self._over_since.items() if now - since > self._grace_s]
        killed = tuple(delivery for delivery in overdue if delivery in current())
        for delivery in killed:
            _log.warning("killed", job=delivery.job_id, pid=delivery.pid, grace_s=self._grace_s)
            with suppress(ProcessLookupError):
                os.kill(delivery.pid, signal.SIGKILL)
            self._over_since[delivery] = now  # its end takes a moment to be noticed
        return killed
