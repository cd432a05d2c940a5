"""News of jobs: published on one channel of the store, and kept in a log for each job.

A process that waits for jobs subscribes once and wakes its own waiters. News can be lost (a subscriber that
is not connected hears nothing), so a waiter subscribes first, then reads the record or the log, then waits; and after
every reconnection it reads again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import redis
from pydantic import BaseModel, ConfigDict

from worker.contract import JobStatus
from worker.store import PREFIX, job_key, log_key, store_errors

EVENTS_CHANNEL = f"{PREFIX}events"
#: Most entries that are read at once: what a slow client holds in memory.
_AT_ONCE = 100


class JobEvent(BaseModel):
    """One piece of news: the job's status changed (``deleted`` included), or it made progress."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Literal["status", "progress"]
    status: Literal["queued", "running", "succeeded", "failed", "cancelled", "deleted"]

    @property
    def is_final(self) -> bool:
        """Whether the job will not change any more by itself."""
        return self.kind == "status" and self.status not in ("queued", "running")


def decode_event(message: bytes) -> JobEvent:
    """The event in a message of :data:`EVENTS_CHANNEL`."""
    return JobEvent.model_validate_json(message)


@dataclass(frozen=True)
class Change:
    """One entry of a job's log.

    Attributes:
        place: where it stands in the log; later ones are greater.
        kind: ``status`` or ``progress``.
        data: what the status or the progress is now, a JSON object.
    """

    place: str
    kind: str
    data: str


class EventLog:
    """Reads the logs of jobs, which :mod:`worker.life_cycle` writes: the latest changes of each, in order."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def after(self, job_id: str, place: str | None) -> tuple[JobStatus | None, tuple[Change, ...]]:
        """The status of a job (None: there is none), and its first changes after a place in the log.

        Where no change is left and the status is terminal, there will be no other unless the job is retried.

        Args:
            job_id: the job.
            place: of the last change that is known; None for none. What a log keeps no longer is passed over.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        with store_errors():
            pipeline = self._client.pipeline(transaction=True)
            pipeline.hget(job_key(job_id), "status")
            pipeline.xrange(log_key(job_id), "-" if place is None else f"({place}", "+", count=_AT_ONCE)
            status, entries = pipeline.execute()
        changes = tuple(_read(entry, fields) for entry, fields in entries)
        return (None if status is None else JobStatus(status.decode())), changes


def _read(place: bytes, fields: dict[bytes, Any]) -> Change:
    return Change(place.decode(), fields[b"kind"].decode(), fields[b"data"].decode())
