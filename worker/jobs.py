"""Solutions as their owners see them: what all jobs have (:mod:`worker.job_lives`), how they are asked for and listed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from worker.contract import Job, JobRecord, JobStatus, ModelName
from worker.errors import CursorError, WebhooksFullError
from worker.job_lives import JobLives, told
from worker.store import index_key, job_key, store_errors, webhooks_key
from worker.tally import label_of

MAX_WEBHOOKS = 10


@dataclass(frozen=True)
class JobPage:
    """One page of a listing, newest first; ``next_cursor`` is None on the last one."""

    records: tuple[JobRecord, ...]
    next_cursor: str | None


class JobStore(JobLives[JobRecord]):
    """The solutions."""

    _results = ("certificate", "provenance", "problem")

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
        described = (job.model_dump_json(), job.model_name, label_of(job.model_name), job.start or "")
        limits = (MAX_WEBHOOKS, self._max_queued)
        answer = self._life_cycle.run(
            "create", job.id, *described, trace, webhook, *limits, tenant=self._tenant
        )
        if answer.value == "webhooks":
            raise WebhooksFullError(job.id, MAX_WEBHOOKS)
        self._refuse_limits(answer)
        return self.record(job.id), answer.is_done

    def job(self, job_id: str) -> Job:
        """The job itself, with its model's document.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        return Job.model_validate_json(self._content(job_id))

    def has_webhook(self, job_id: str, webhook: str) -> bool:
        """Whether that URL is to be told when a job is over."""
        member = f"{self._tenant.key_id} {webhook}"
        return bool(self._ask(job_id, lambda client: client.sismember(webhooks_key(job_id), member)))

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
            self._read(job_id.decode(), fields)
            for (job_id, _), fields in zip(rows, found, strict=False)
            if fields  # deleted in between
        ]
        next_cursor = f"{int(rows[limit - 1][1]):x}" if len(rows) > limit else None
        return JobPage(tuple(records), next_cursor)

    def _read(self, job_id: str, fields: dict[bytes, bytes]) -> JobRecord:
        job = json.loads(fields[b"content"])
        ended = {
            name: json.loads(fields.get(name.encode(), b"null")) for name in ("certificate", "provenance")
        }
        return JobRecord(
            id=job_id,
            model=ModelName(name=job["model_name"], hash=job["model_hash"]),
            start=job.get("start"),
            **{name: job[name] for name in ("calibration", "method", "target", "seed")},
            **told(fields),
            **ended,
        )


def _parse_cursor(cursor: str) -> int:
    if not re.fullmatch(r"[0-9a-f]{1,13}", cursor):
        raise CursorError(f"{cursor!r} is not a cursor; take next_cursor of the page before")
    return int(cursor, 16)
