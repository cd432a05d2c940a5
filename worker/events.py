"""News of jobs, published on one channel of the store.

A process that waits for jobs subscribes once and wakes its own waiters. News can be lost (a subscriber that
is not connected hears nothing), so a waiter subscribes first, then reads the record, then waits; and after
every reconnection it reads the record again.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from worker.store import PREFIX

EVENTS_CHANNEL = f"{PREFIX}events"


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
