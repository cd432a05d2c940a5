"""Attempts at jobs: the worker's side of the records. Everything an attempt writes is fenced by its token."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis

from solver.progress import Progress
from worker.artifacts import Artifact
from worker.contract import Problem, describe_progress
from worker.errors import AttemptRefusedError
from worker.life_cycle import LifeCycle
from worker.presence import process_name
from worker.simulation_job import SimulationProgress, SimulationSummary, is_simulation
from worker.simulations import Manifest
from worker.store import UNACKED_INDEX, job_key, store_errors

POISONOUS = Problem(
    type="/problems/worker-lost",
    title="The solve took its worker down",
    detail="Every attempt at this job ended with the loss of its worker, for instance for want of "
    "memory. Retry it, or post it with a smaller network or fewer states.",
    code="worker-lost",
)
POISONOUS_SIMULATION = Problem(
    type="/problems/worker-lost",
    title="The simulation took its worker down",
    detail="Every attempt at this job ended with the loss of its worker, for instance for want of "
    "memory. Retry it, or ask for fewer periods or paths.",
    code="worker-lost",
)


@dataclass(frozen=True)
class Attempt:
    """One try at a job.

    Attributes:
        job_id: the job.
        token: the fencing token; no two attempts share one.
        delivery_tag: names the queue's message that led to it, and so the lease.
    """

    job_id: str
    token: str
    delivery_tag: str


class AttemptStore:
    """Begins attempts and writes what they find.

    Every method raises :class:`~worker.errors.StoreUnavailableError` when the store does not answer.
    """

    def __init__(self, client: redis.Redis, lease_s: float, max_attempts: int) -> None:
        self._client = client
        self._life_cycle = LifeCycle(client)
        self._lease_s = lease_s
        self._max_attempts = max_attempts

    def begin(self, job_id: str, delivery_tag: str) -> Attempt:
        """Makes the job running in a new attempt; from now on every older attempt is refused.

        A job that has used up its attempts is failed as :data:`POISONOUS`, or its like, instead.

        Raises:
            AttemptRefusedError: the job is over, deleted, just failed, or being solved elsewhere.
        """
        horizon = time.time() - self._lease_s
        answer = self._life_cycle.run(
            "begin",
            job_id,
            delivery_tag,
            process_name(),
            horizon,
            self._max_attempts,
            (POISONOUS_SIMULATION if is_simulation(job_id) else POISONOUS).model_dump_json(),
        )
        if not answer.is_done or answer.value is None:
            raise AttemptRefusedError(job_id, str(answer.value))
        return Attempt(job_id, answer.value, delivery_tag)

    def is_held(self, job_id: str, delivery_tag: str, worker: str) -> bool:
        """Whether a job is being solved by that worker process, under a delivery that the queue has not taken back."""
        with store_errors():
            pipeline = self._client.pipeline(transaction=False)
            pipeline.hmget(job_key(job_id), "status", "worker")
            pipeline.zscore(UNACKED_INDEX, delivery_tag)
            (status, holder), renewed_at = pipeline.execute()
        return status == b"running" and holder == worker.encode() and renewed_at is not None

    def keep(self, attempt: Attempt) -> bool:
        """Renews the lease, once a quarter of it has passed; False when the attempt is over.

        It is over when the job was cancelled, deleted or released, when a newer attempt has begun, or when
        the queue has taken the message back because the lease had run out.
        """
        now = time.time()
        renew_before = now - self._lease_s / 4
        answer = self._life_cycle.run(
            "keep", attempt.job_id, attempt.token, attempt.delivery_tag, now, renew_before
        )
        return answer.is_done

    def write_progress(self, attempt: Attempt, progress: Progress | SimulationProgress) -> bool:
        """Tells how far the attempt is; False when it is over."""
        return self._life_cycle.run("progress", attempt.job_id, attempt.token, _told(progress)).is_done

    def succeed(
        self,
        attempt: Attempt,
        progress: Progress,
        certificate: Mapping[str, Any],
        provenance: Mapping[str, Any],
        artifact: Artifact,
    ) -> bool:
        """Ends the job with a policy; False, and nothing written, when the attempt is over.

        ``progress`` is the last report, which a short solve is over before it has told.
        """
        answer = self._life_cycle.run(
            "succeed",
            attempt.job_id,
            attempt.token,
            _told(progress),
            json.dumps(certificate, allow_nan=False),
            certificate["verdict"],
            json.dumps(provenance, allow_nan=False),
            artifact.manifest,
            artifact.arrays,
        )
        return answer.is_done

    def keep_page(self, attempt: Attempt, number: int, content: bytes) -> bool:
        """Keeps a page of a simulation's result; False, and nothing written, when the attempt is over."""
        return self._life_cycle.run("keep_page", attempt.job_id, attempt.token, number, content).is_done

    def complete(
        self,
        attempt: Attempt,
        progress: SimulationProgress,
        summary: SimulationSummary,
        manifest: Manifest,
    ) -> bool:
        """Ends a simulation whose pages are kept; False, and nothing written, when the attempt is over."""
        answer = self._life_cycle.run(
            "complete",
            attempt.job_id,
            attempt.token,
            _told(progress),
            summary.model_dump_json(),
            manifest.model_dump_json(),
        )
        return answer.is_done

    def fail(self, attempt: Attempt, problem: Problem) -> bool:
        """Ends the job without a policy; False, and nothing written, when the attempt is over."""
        return self._life_cycle.run("fail", attempt.job_id, attempt.token, problem.model_dump_json()).is_done

    def release(self, job_id: str, delivery_tag: str) -> bool:
        """Makes a running job queued again, uncounted, since its worker shuts down; False when it is over."""
        return self._life_cycle.run("release", job_id, delivery_tag).is_done


def _told(progress: Progress | SimulationProgress) -> str:
    """A report as the record tells it."""
    return json.dumps(describe_progress(progress))
