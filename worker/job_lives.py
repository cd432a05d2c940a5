"""The lives of jobs of one kind as their owners see them: look, count, cancel, retry, delete.

What a kind says of its jobs, and how they are made, stands with it: :mod:`worker.jobs`, :mod:`worker.simulations`. The
attempts at them are the worker's side of the same records: :mod:`worker.attempts`.
"""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Self, TypeVar

import redis

from worker.contract import JobRecord, JobStatus, utc_now
from worker.data_format import check_format
from worker.errors import JobConflictError, QueueFullError, SecondsLimitError, WaitingLimitError
from worker.gone import GONE_S, missing
from worker.life_cycle import Answer, LifeCycle
from worker.simulation_job import SimulationRecord
from worker.store import index_key, job_key, owners_key, store_errors
from worker.tenant import NO_LIMIT, OPERATOR, Tenant

DAY_S = 86_400
_TEXTS = ("status", "created_at", "started_at", "finished_at", "attempts")
_OBJECTS = ("progress", "problem")
RecordT = TypeVar("RecordT", JobRecord, SimulationRecord)


class JobLives(ABC, Generic[RecordT]):
    """The one owner of the state of jobs of a kind; of the jobs of all kinds that wait, there are ``max_queued`` at most.

    What is asked is asked for a tenant, the operator at first: a job that is not the tenant's is not there.

    Every method raises :class:`~worker.errors.StoreUnavailableError` when the store does not answer; then
    nothing is known about what was asked. Methods block; one instance serves any number of threads.
    """

    _kind: ClassVar[str] = ""
    """How the names of this kind's indexes begin."""
    _results: ClassVar[Sequence[str]] = ("problem",)
    """What of a record tells how the job ended."""

    def __init__(self, client: redis.Redis, max_queued: int = NO_LIMIT) -> None:
        self._client = client
        self._max_queued = max_queued
        self._life_cycle = LifeCycle(client)
        self._tenant = OPERATOR

    @abstractmethod
    def _read(self, job_id: str, fields: dict[bytes, bytes]) -> RecordT:
        """The record in a job's hash."""

    def seen_by(self, tenant: Tenant) -> Self:
        """The same jobs, as ``tenant`` sees them."""
        view = copy.copy(self)
        view._tenant = tenant
        return view

    def record(self, job_id: str) -> RecordT:
        """The record of a job.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        fields: Any = self._ask(job_id, lambda client: client.hgetall(job_key(job_id)))
        if not fields:
            raise missing(self._client, job_id, self._tenant)
        return self._read(job_id, fields)

    def status(self, job_id: str) -> JobStatus | None:
        """The status of a job, None when there is none: the shortest question to ask while waiting."""
        status = self._ask(job_id, lambda client: client.hget(job_key(job_id), "status"))
        return None if status is None else JobStatus(status.decode())

    def require(self, job_id: str) -> None:
        """Returns if there is such a job.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        if self.status(job_id) is None:
            raise missing(self._client, job_id, self._tenant)

    def trace(self, job_id: str) -> str:
        """The trace that a job belongs to; empty for none."""
        with store_errors():
            trace: Any = self._client.hget(job_key(job_id), "trace")
        return "" if trace is None else str(trace.decode())

    def cancel(self, job_id: str) -> RecordT:
        """Cancels a queued or running job at once: a running attempt finds out and stops. Twice is as once.

        One that is another's as well goes on for that one, and is not the tenant's any more.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
            JobConflictError: it has succeeded or failed.
        """
        answer = self._life_cycle.run("cancel", job_id, tenant=self._tenant)
        if answer.value != "given up":
            return self._changed(job_id, answer, "cancelled")
        record = self.seen_by(OPERATOR).record(job_id)
        gone = dict.fromkeys(self._results)
        return record.model_copy(update={**gone, "status": JobStatus.CANCELLED, "finished_at": utc_now()})

    def retry(self, job_id: str) -> RecordT:
        """Makes a failed or cancelled job queued again; it still has to be put on the queue.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
            JobConflictError: it is queued, running or succeeded.
            QueueFullError: as many jobs are waiting as may wait.
            WaitingLimitError: as many of the tenant's jobs are waiting as may wait.
            SecondsLimitError: the tenant has had its seconds for today.
        """
        answer = self._life_cycle.run("retry", job_id, self._max_queued, tenant=self._tenant)
        self._refuse_limits(answer)
        return self._changed(job_id, answer, "retried")

    def delete(self, job_id: str) -> None:
        """Removes a job in any status, with all that it has; a running attempt finds out and stops.

        For a day it is known to have been deleted, unless it is created again.

        One that is another's as well stays there for that one. A solution's simulations go the same way.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        if not self._life_cycle.run("delete", job_id, GONE_S, tenant=self._tenant).is_done:
            raise missing(self._client, job_id, self._tenant)

    def count(self, status: JobStatus) -> int:
        """The number of jobs of this kind in a status, everybody's."""
        with store_errors():
            return int(self._client.zcard(index_key(status, kind=self._kind)))

    def ids(self, status: JobStatus) -> list[str]:
        """The ids of everybody's jobs of this kind in a status, oldest first."""
        with store_errors():
            members: Any = self._client.zrange(index_key(status, kind=self._kind), 0, -1)
        return [job_id.decode() for job_id in members]

    def ping(self) -> None:
        """Returns if the store answers, with data that this release reads.

        Raises:
            DataTooNewError: a later release has written them.
        """
        check_format(self._client)

    def _content(self, job_id: str) -> bytes:
        """What the job itself is, as it was created."""
        content = self._ask(job_id, lambda client: client.hget(job_key(job_id), "content"))
        if content is None:
            raise missing(self._client, job_id, self._tenant)
        return bytes(content)

    def _ask(self, job_id: str, ask: Callable[[redis.Redis], object]) -> Any:
        """What a command answers of a job; None of one that is not the tenant's."""
        with store_errors():
            if self._tenant.sees_all:
                return ask(self._client)
            pipeline = self._client.pipeline(transaction=True)
            pipeline.sismember(owners_key(job_id), self._tenant.key_id)
            ask(pipeline)
            is_owned, answer = pipeline.execute()
        return answer if is_owned else None

    def _changed(self, job_id: str, answer: Answer, participle: str) -> RecordT:
        record = self.record(job_id)
        if not answer.is_done:
            raise JobConflictError(job_id, answer.value or record.status, participle)
        return record

    def _refuse_limits(self, answer: Answer) -> None:
        if answer.value == "full":
            raise QueueFullError(self._max_queued)
        if answer.value == "waiting":
            raise WaitingLimitError(self._tenant.max_waiting)
        if answer.value == "seconds":
            raise SecondsLimitError(self._tenant.max_seconds, _seconds_left_today())


def told(fields: dict[bytes, bytes]) -> dict[str, Any]:
    """What the hash of a job of any kind tells of its life, by the names of its record."""
    texts = {name: fields.get(name.encode()) for name in _TEXTS}
    found: dict[str, Any] = {name: None if text is None else text.decode() for name, text in texts.items()}
    return found | {name: json.loads(fields.get(name.encode(), b"null")) for name in _OBJECTS}


def _seconds_left_today() -> int:
    now = datetime.now(UTC)
    return DAY_S - (now.hour * 60 + now.minute) * 60 - now.second
