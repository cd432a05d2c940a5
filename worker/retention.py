"""How long solutions are kept: until they are deleted, or are beyond an operator's limit of age or of size.

Both limits are for the least recently used, and never for one that is queued or running, nor one that a job which is still
to be solved starts from. Every deletion is decided anew by the store (``worker/lua``), which refuses it for what has
been used since it was looked at; so sweeps of several workers at once, or of one that was killed, do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import redis

from worker.contract import JobStatus
from worker.gone import GONE_S
from worker.life_cycle import LifeCycle
from worker.simulation_job import KIND
from worker.store import USED, index_key, job_key, store_errors
from worker.usage import UsageStore

PAGE = 500
_DAY_S = 24 * 60 * 60
Reason = Literal["age", "size"]


@dataclass(frozen=True)
class Removal:
    """A solution that was deleted, and which limit it was beyond."""

    job_id: str
    reason: Reason


class Retention:
    """Deletes what is beyond the limits; None for no limit."""

    def __init__(self, client: redis.Redis, keep_days: float | None, keep_bytes: int | None) -> None:
        self._client = client
        self._life_cycle = LifeCycle(client)
        self._usage = UsageStore(client)
        self._keep_days = keep_days
        self._keep_bytes = keep_bytes

    def sweep(self) -> Iterator[Removal]:
        """Deletes what is beyond the limits now, and tells of each as it goes.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        if self._keep_days is None and self._keep_bytes is None:
            return
        self._adopt()
        if self._keep_days is not None:
            yield from self._remove("age", self._usage.now_s() - self._keep_days * _DAY_S)
        if self._keep_bytes is not None and self._usage.kept_bytes() > self._keep_bytes:
            yield from self._remove("size", self._usage.now_s())

    def _remove(self, reason: Reason, until_s: float) -> Iterator[Removal]:
        """Goes through the jobs that were used last until then, from the least recently used on."""
        passed = 0
        while page := self._page(until_s, passed):
            starts = self._starts_of_unfinished()  # after the page: see ``queue`` in worker/lua
            for job_id, used_s in page:
                if job_id in starts:
                    passed += 1
                    continue
                answer = self._life_cycle.run("expire", job_id, reason, used_s, self._keep_bytes or 0, GONE_S)
                if answer.value == "enough":
                    return
                if answer.is_done:
                    yield Removal(job_id, reason)
                else:
                    passed += 1

    def _page(self, until_s: float, start: int) -> list[tuple[str, str]]:
        with store_errors():
            rows: Any = self._client.zrange(
                USED, "-inf", repr(until_s), byscore=True, offset=start, num=PAGE, withscores=True
            )
        return [(job_id.decode(), repr(score)) for job_id, score in rows]

    def _starts_of_unfinished(self) -> set[str]:
        with store_errors():
            pipeline = self._client.pipeline(transaction=True)  # jobs move from one to the other
            for status in (JobStatus.QUEUED, JobStatus.RUNNING):
                for kind in ("", KIND):
                    pipeline.zrange(index_key(status, kind=kind), 0, -1)
            unfinished = pipeline.execute()
            pipeline = self._client.pipeline(transaction=False)
            for job_id in chain(*unfinished):
                pipeline.hget(job_key(job_id.decode()), "start")
            starts = pipeline.execute()
        return {start.decode() for start in starts if start is not None}

    def _adopt(self) -> None:
        """Takes the jobs of a release that noted no uses for used now."""
        with store_errors():
            known = sum(self._client.zcard(index_key(kind=kind)) for kind in ("", KIND))
            if self._client.zcard(USED) == known:
                return
            unknown: Any = self._client.zdiff([index_key(), USED])
        for job_id in unknown:
            self._life_cycle.run("adopt", job_id.decode())
