"""The jobs as their owner sees them: create, read, list, cancel, retry, delete.

The attempts at solving them are the worker's side of the same records: :mod:`worker.attempts`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from worker.contract import Job, JobRecord, JobStatus, ModelName, utc_now
from worker.data_format import check_format
from worker.errors import (
    CursorError,
    JobConflictError,
    QueueFullError,
    SecondsLimitError,
    WaitingLimitError,
    WebhooksFullError,
)
from worker.gone import GONE_S, missing
from worker.life_cycle import Answer, LifeCycle
from worker.store import index_key, job_key, owners_key, store_errors, webhooks_key
from worker.tally import label_of
from worker.tenant import NO_LIMIT, OPERATOR, Tenant

MAX_WEBHOOKS = 10
DAY_S = 86_400
_TOLD = ("status", "created_at", "started_at", "finished_at", "attempts")
_TOLD_JSON = ("progress", "certificate", "provenance", "problem")


@dataclass(frozen=True)
class JobPage:
    """One page of a listing, newest first; ``next_cursor`` is None on the last one."""

    records: tuple[JobRecord, ...]
    next_cursor: str | None


class JobStore:
    """The one owner of job state; of the jobs that wait, there are ``max_queued`` at most.

    What is asked is asked for a tenant, the operator at first: a job that is not the tenant's is not there.

    Every method raises :class:`~worker.errors.StoreUnavailableError` when the store does not answer; then
    nothing is known about what was asked. Methods block; one instance serves any number of threads.
    """

    def __init__(self, client: redis.Redis, max_queued: int = NO_LIMIT) -> None:
        self._client = client
        self._max_queued = max_queued
        self._life_cycle = LifeCycle(client)
        self._tenant = OPERATOR

    def seen_by(self, tenant: Tenant) -> JobStore:
        """The same jobs, as ``tenant`` sees them."""
        view = copy.copy(self)
        view._tenant = tenant
        return view

    def create(self, job: Job, trace: str = "", webhook: str = "") -> tuple[JobRecord, bool]:
        """The record of ``job``, and whether it is new.

        A job that is there already is returned as it is, whatever its status, and is the tenant's as well from now on. One
        that others have cancelled before it was the tenant's is queued again, and new.

        Args:
            job: what to solve.
            trace: the trace (W3C ``traceparent``) that it belongs to, for the logs; no part of its identity.
            webhook: the URL to be told when it is over, or at once where it is; none of an empty one, nor any part of its
                identity.

        Raises:
            QueueFullError: it is new, and as many jobs are waiting as may wait.
            WebhooksFullError: as many webhooks are asked for of it as may be.
            WaitingLimitError: it is new to the tenant, and as many of its jobs are waiting as may wait.
            SecondsLimitError: it is new to the tenant and not solved yet, and the tenant has had its seconds for today.
            JobNotFoundError: it was deleted before its record could be read.
        """
        described = (job.model_dump_json(), job.model_name, label_of(job), job.start or "")
        limits = (MAX_WEBHOOKS, self._max_queued)
        answer = self._life_cycle.run(
            "create", job.id, *described, trace, webhook, *limits, tenant=self._tenant
        )
        if answer.value == "webhooks":
            raise WebhooksFullError(job.id, MAX_WEBHOOKS)
        self._refuse_limits(answer)
        return self.record(job.id), answer.is_done

    def record(self, job_id: str) -> JobRecord:
        """The record of a job.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        fields: Any = self._ask(job_id, lambda client: client.hgetall(job_key(job_id)))
        if not fields:
            raise missing(self._client, job_id, self._tenant)
        return _to_record(job_id, fields)

    def job(self, job_id: str) -> Job:
        """The job itself, with its model's document.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        content = self._ask(job_id, lambda client: client.hget(job_key(job_id), "content"))
        if content is None:
            raise missing(self._client, job_id, self._tenant)
        return Job.model_validate_json(content)

    def status(self, job_id: str) -> JobStatus | None:
        """The status of a job, None when there is none: the shortest question to ask while waiting."""
        status = self._ask(job_id, lambda client: client.hget(job_key(job_id), "status"))
        return None if status is None else JobStatus(status.decode())

    def has_webhook(self, job_id: str, webhook: str) -> bool:
        """Whether that URL is to be told when a job is over."""
        member = f"{self._tenant.key_id} {webhook}"
        return bool(self._ask(job_id, lambda client: client.sismember(webhooks_key(job_id), member)))

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

    def cancel(self, job_id: str) -> JobRecord:
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
        gone = dict.fromkeys(("certificate", "provenance", "problem"))
        return record.model_copy(update={**gone, "status": JobStatus.CANCELLED, "finished_at": utc_now()})

    def retry(self, job_id: str) -> JobRecord:
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

        One that is another's as well stays there for that one.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        if not self._life_cycle.run("delete", job_id, GONE_S, tenant=self._tenant).is_done:
            raise missing(self._client, job_id, self._tenant)

    def page(
        self,
        model: str | None = None,
        status: JobStatus | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """A page of the jobs, newest first.

        Args:
            model: only jobs of the model of that name.
            status: only jobs in that status.
            limit: records on the page, at least 1.
            cursor: ``next_cursor`` of the page before.

        Raises:
            CursorError: no listing has given out that cursor.
        """
        newest = "+inf" if cursor is None else f"({_parse_cursor(cursor)}"
        owner = None if self._tenant.sees_all else self._tenant.key_id
        with store_errors():
            rows: Any = self._client.zrevrangebyscore(
                index_key(status, model, owner), newest, "-inf", start=0, num=limit + 1, withscores=True
            )
            pipeline = self._client.pipeline(transaction=False)
            for job_id, _ in rows[:limit]:
                pipeline.hgetall(job_key(job_id.decode()))
            found = pipeline.execute()
        records = [
            _to_record(job_id.decode(), fields)
            for (job_id, _), fields in zip(rows, found, strict=False)
            if fields  # deleted in between
        ]
        next_cursor = f"{int(rows[limit - 1][1]):x}" if len(rows) > limit else None
        return JobPage(tuple(records), next_cursor)

    def count(self, status: JobStatus) -> int:
        """The number of jobs in a status, everybody's."""
        with store_errors():
            return int(self._client.zcard(index_key(status)))

    def ids(self, status: JobStatus) -> list[str]:
        """The ids of everybody's jobs in a status, oldest first."""
        with store_errors():
            members: Any = self._client.zrange(index_key(status), 0, -1)
        return [job_id.decode() for job_id in members]

    def ping(self) -> None:
        """Returns if the store answers, with data that this release reads.

        Raises:
            DataTooNewError: a later release has written them.
        """
        check_format(self._client)

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

    def _changed(self, job_id: str, answer: Answer, participle: str) -> JobRecord:
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


def _seconds_left_today() -> int:
    now = datetime.now(UTC)
    return DAY_S - (now.hour * 60 + now.minute) * 60 - now.second


def _to_record(job_id: str, fields: dict[bytes, bytes]) -> JobRecord:
    job = json.loads(fields[b"content"])
    told: dict[str, Any] = {name: _text(fields, name) for name in _TOLD}
    told |= {name: json.loads(fields.get(name.encode(), b"null")) for name in _TOLD_JSON}
    return JobRecord(
        id=job_id,
        model=ModelName(name=job["model_name"], hash=job["model_hash"]),
        start=job.get("start"),
        **{name: job[name] for name in ("calibration", "method", "target", "seed")},
        **told,
    )


def _text(fields: dict[bytes, bytes], name: str) -> str | None:
    value = fields.get(name.encode())
    return None if value is None else value.decode()


def _parse_cursor(cursor: str) -> int:
    if not re.fullmatch(r"[0-9a-f]{1,13}", cursor):
        raise CursorError(f"{cursor!r} is not a cursor; take next_cursor of the page before")
    return int(cursor, 16)
