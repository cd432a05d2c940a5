"""The solved policies in memory, so that evaluating one does not ask the store.

A solution is named by its content and its policy never changes, so only the deletion of its solution can make a
kept one wrong. The news of the deletion drops it at once, and since news can be lost, each is checked against
the store again once it has been served for ``recheck_s``.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from service.errors import UnsolvedError
from service.evaluation import Evaluator
from service.models import ModelLibrary
from worker.artifacts import ArtifactStore
from worker.contract import JobRecord, JobStatus
from worker.jobs import JobStore


@dataclass
class _Kept:
    evaluator: Evaluator
    finished_at: str | None
    trusted_until: float


class PolicyCache:
    """The policies used last, at most ``size`` of them. Belongs to the event loop.

    Attributes:
        hits: how often one was served from memory.
        misses: how often the store was asked.
    """

    def __init__(
        self, models: ModelLibrary, jobs: JobStore, artifacts: ArtifactStore, *, size: int, recheck_s: float
    ) -> None:
        self._models = models
        self._jobs = jobs
        self._artifacts = artifacts
        self._size = size
        self._recheck_s = recheck_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self.hits = self.misses = 0

    def kept(self, solution_id: str) -> Evaluator | None:
        """The policy if it may be served without asking the store."""
        kept = self._kept.get(solution_id)
        if kept is None or time.monotonic() > kept.trusted_until:
            return None
        self.hits += 1
        self._kept.move_to_end(solution_id)
        return kept.evaluator

    async def load(self, solution_id: str) -> Evaluator:
        """The policy, checked against the store or read from it.

        Raises:
            JobNotFoundError: there is no such solution.
            UnsolvedError: it has no policy (yet).
            StoreUnavailableError: the store does not answer.
        """
        self.misses += 1
        asked_at = time.monotonic()
        record = await run_in_threadpool(self._jobs.record, solution_id)
        require_solved(record)
        kept = self._kept.get(solution_id)
        if kept is None or kept.finished_at != record.finished_at:
            evaluator = await run_in_threadpool(self._read, solution_id)
            kept = _Kept(evaluator, record.finished_at, asked_at)
        kept.trusted_until = asked_at + self._recheck_s
        self._kept[solution_id] = kept
        self._kept.move_to_end(solution_id)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return kept.evaluator

    def drop(self, solution_id: str) -> None:
        """Forgets a policy: its solution has changed or is gone."""
        self._kept.pop(solution_id, None)

    def _read(self, solution_id: str) -> Evaluator:
        job = self._jobs.job(solution_id)
        return Evaluator(self._models.read(job.document), job, self._artifacts.load(solution_id))


def require_solved(record: JobRecord) -> None:
    """Checks that a solution has a policy and a certificate.

    Raises:
        UnsolvedError: it has none (yet).
    """
    if record.status is JobStatus.SUCCEEDED:
        return
    members: dict[str, object] = {
        "solution": {"id": record.id, "status": record.status.value, "progress": record.progress}
    }
    if record.problem is not None:
        members["problem"] = record.problem.model_dump(mode="json")
        detail = f"the solve failed: {record.problem.detail}"
    elif record.status is JobStatus.CANCELLED:
        detail = f"the solve was cancelled; POST /v1/solutions/{record.id}/retry solves it"
    else:
        detail = f"the solution is {record.status.value}; GET /v1/solutions/{record.id}?wait=60 waits for it"
    raise UnsolvedError(detail, members)
