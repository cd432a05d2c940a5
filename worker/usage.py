"""Which solutions were used last, and what they take: a job's changes note both, its readers tell uses here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import redis

from worker.simulation_job import is_simulation
from worker.store import SIZES, USED, store_errors

_LATER_S = 0.001
"""So that of a solution and its simulations, used at once, these go first."""


class UsageStore:
    """Notes uses of jobs, and tells what they take.

    Every method raises :class:`~worker.errors.StoreUnavailableError` when the store does not answer.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def note(self, job_ids: Collection[str]) -> None:
        """Notes that jobs were used just now, in one write; those that are not there are passed over."""
        now_s = self.now_s()
        uses = {job_id: now_s if is_simulation(job_id) else now_s + _LATER_S for job_id in job_ids}
        with store_errors():
            self._client.zadd(USED, uses, xx=True, gt=True)

    def now_s(self) -> float:
        """The time by the clock of uses, which is the store's."""
        with store_errors():
            seconds, microseconds = self._client.time()
        return float(seconds) + float(microseconds) / 1e6

    def kept_bytes(self) -> int:
        """The memory of the store that the jobs which are over take together."""
        with store_errors():
            kept: Any = self._client.hget(SIZES, "*")
        return int(kept or 0)
