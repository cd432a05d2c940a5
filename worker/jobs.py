"""The jobs as their owner sees them: create, read, list, cancel, retry, delete.

The attempts at solving them are the worker's side of the same records: :mod:`worker.attempts`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import redis

from worker.contract import Job, JobRecord, JobStatus, ModelName
from worker.errors import CursorError, JobConflictError, QueueFullError, WebhooksFullError
from worker.gone import GONE_S, missing
from worker.life_cycle import Answer, LifeCycle
from worker.store import index_key, job_key, store_errors, webhooks_key
from worker.tally import label_of

NO_LIMIT = 2**53
MAX_WEBHOOKS = 10
_TOLD = ("status", "created_at", "started_at", "finished_at", "attempts")
_TOLD_JSON = ("progress", "certificate", "provenance", "problem")


@dataclass(frozen=True)
class JobPage:
    """One page of a listing, newest first; ``next_cursor`` is None on the last one."""

    records: tuple[JobRecord, ...]
    next_cursor: str | None


class JobStore:
    """The one owner of job state; of the jobs that wait, there are ``max_queued`` at most.

    Every method raises :class:`~worker.errors.StoreUnavailableError` when the store does not answer; then
    nothing is known about what was asked. Methods block; one instance serves any number of threads.
    """

    def __init__(self, client: redis.Redis, max_queued: int = NO_LIMIT) -> None:
        self._client = client
        self._max_queued = max_queued
        self._life_cycle = LifeCycle(client)

    def create(self, job: Job, trace: str = "", webhook: str = "") -> tuple[JobRecord, bool]:
        """The record of ``job``, and whether it is new.

        A job that is there already is returned as it is, whatever its status.

        Args:
            job: what to solve.
            trace: the trace (W3C ``traceparent``) that it belongs to, for the logs; no part of its identity.
            webhook: the URL to be told when it is over, or at once where it is; none of an empty one, nor any part of its
                identity.

        Raises:
            QueueFullError: it is new, and as many jobs are waiting as may wait.
            WebhooksFullError: as many webhooks are asked for of it as may be.
            JobNotFoundError: it was deleted before its record could be read.
        """
        described = (job.model_dump_json(), job.model_name, label_of(job), job.start or "")
        answer = self._life_cycle.run(
            "create", job.id, *described, trace, webhook, MAX_WEBHOOKS, self._max_queued
        )
        if answer.value == "webhooks":
            raise WebhooksFullError(job.id, MAX_WEBHOOKS)
        self._refuse_full(answer)
        return self.record(job.id), answer.is_done

    def record(self, job_id: str) -> JobRecord:
        """The record of a job.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        with store_errors():
            fields: Any = self._client.hgetall(job_key(job_id))
        if not fields:
            raise missing(self._client, job_id)
        return _to_record(job_id, fields)

    def job(self, job_id: str) -> Job:
        """The job itself, with its model's document.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        with store_errors():
            content = self._client.hget(job_key(job_id), "content")
        if content is None:
            raise missing(self._client, job_id)
        return Job.model_validate_json(content)

    def status(self, job_id: str) -> JobStatus | None:
        """The status of a job, None when there is none: the shortest question to ask while waiting."""
        with store_errors():
            status: Any = self._client.hget(job_key(job_id), "status")
        return None if status is None else JobStatus(status.decode())

    def has_webhook(self, job_id: str, webhook: str) -> bool:
        """Whether that URL is to be told when a job is over."""
        with store_errors():
            return bool(self._client.sismember(webhooks_key(job_id), webhook))

    def trace(self, job_id: str) -> str:
        """The trace that a job belongs to; empty for none."""
        with store_errors():
            trace: Any = self._client.hget(job_key(job_id), "trace")
        return "" if trace is None else str(trace.decode())

    def cancel(self, job_id: str) -> JobRecord:
        """Cancels a queued or running job at once: a running attempt finds out and stops. Twice is as once.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
            JobConflictError: it has succeeded or failed.
        """
        return self._change(job_id, "cancel", "cancelled")

    def retry(self, job_id: str) -> JobRecord:
        """Makes a failed or cancelled job queued again; it still has to be put on the queue.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
            JobConflictError: it is queued, running or succeeded.
            QueueFullError: as many jobs are waiting as may wait.
        """
        return self._change(job_id, "retry", "retried", self._max_queued)

    def delete(self, job_id: str) -> None:
        """Removes a job in any status, with all that it has; a running attempt finds out and stops.

        For a day it is known to have been deleted, unless it is created again.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        if not self._life_cycle.run("delete", job_id, GONE_S).is_done:
            raise missing(self._client, job_id)

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
        with store_errors():
            rows: Any = self._client.zrevrangebyscore(
                index_key(status, model), newest, "-inf", start=0, num=limit + 1, withscores=True
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
        """The number of jobs in a status."""
        with store_errors():
            return int(self._client.zcard(index_key(status)))

    def ids(self, status: JobStatus) -> list[str]:
        """The ids of all jobs in a status, oldest first."""
        with store_errors():
            members: Any = self._client.zrange(index_key(status), 0, -1)
        return [job_id.decode() for job_id in members]

    def ping(self) -> None:
        """Returns if the store answers."""
        with store_errors():
            self._client.ping()

    def _change(self, job_id: str, action: str, participle: str, *arguments: int) -> JobRecord:
        answer = self._life_cycle.run(action, job_id, *arguments)
        self._refuse_full(answer)
        record = self.record(job_id)
        if not answer.is_done:
            raise JobConflictError(job_id, answer.value or record.status, participle)
        return record

    def _refuse_full(self, answer: Answer) -> None:
        if answer.value == "full":
            raise QueueFullError(self._max_queued)


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
