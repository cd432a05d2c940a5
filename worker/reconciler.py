"""Brings the queue in line with the jobs: every unfinished job has a message, waiting or delivered.

A message can be lost: its sender crashed between record and message, or a worker crashed between taking it and
marking it taken. One message too many does no harm, since its delivery is refused; so nothing here needs a lock
for the sake of truth, only to spare the workers the same work.
"""

from __future__ import annotations

import json
from typing import Any

import redis

from worker.contract import QUEUE, JobStatus
from worker.jobs import JobStore
from worker.simulations import SimulationStore
from worker.store import PREFIX, UNACKED, store_errors
from worker.submission import Submission

LOCK = f"{PREFIX}reconciler"


class Reconciler:
    """Finds the jobs without a message and enqueues them."""

    def __init__(self, client: redis.Redis, submission: Submission, interval_s: float) -> None:
        self._client = client
        self._stores = (JobStore(client), SimulationStore(client))
        self._submission = submission
        self._interval_s = interval_s

    def reconcile(self) -> tuple[str, ...]:
        """The jobs that were enqueued; none when another worker has reconciled within the interval.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        with store_errors():
            if not self._client.set(LOCK, "", nx=True, px=int(self._interval_s * 1000)):
                return ()
        statuses = (JobStatus.QUEUED, JobStatus.RUNNING)
        unfinished = [job_id for store in self._stores for status in statuses for job_id in store.ids(status)]
        if not unfinished:
            return ()
        with_message = self._ids_with_message()
        orphans = tuple(job_id for job_id in unfinished if job_id not in with_message)
        for job_id in orphans:
            self._submission.enqueue(job_id)
        return orphans

    def _ids_with_message(self) -> set[str]:
        with store_errors():
            pipeline = self._client.pipeline(transaction=True)  # messages move from one to the other
            pipeline.lrange(QUEUE, 0, -1)
            pipeline.hvals(UNACKED)
            waiting, delivered = pipeline.execute()
        messages: list[Any] = [json.loads(message) for message in waiting]
        messages += [json.loads(entry)[0] for entry in delivered]
        return {message["headers"]["id"] for message in messages}
