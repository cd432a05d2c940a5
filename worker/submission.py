"""Putting jobs on the queue, by the task's name: whoever submits imports no task and no TensorFlow."""

from __future__ import annotations

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from worker.contract import EXPORT_TASK, QUEUE, SOLVE_TASK, Job, JobRecord
from worker.errors import StoreFullError, StoreUnavailableError
from worker.jobs import JobStore
from worker.simulation_job import SIMULATE_TASK, SimulationJob, SimulationRecord, is_simulation
from worker.simulations import SimulationStore
from worker.tenant import Tenant


class Submission:
    """Creates jobs and puts them on the queue.

    The record comes first, the message second: between the two a job is queued without a message, and the
    workers' reconciler would put it there. So a crash, or an error of the second step, never loses a job.
    """

    def __init__(self, jobs: JobStore, simulations: SimulationStore, app: Celery) -> None:
        self._jobs = jobs
        self._simulations = simulations
        self._app = app

    def seen_by(self, tenant: Tenant) -> Submission:
        """The same for a tenant."""
        return Submission(self._jobs.seen_by(tenant), self._simulations.seen_by(tenant), self._app)

    def submit(self, job: Job, trace: str = "", webhook: str = "") -> tuple[JobRecord, bool]:
        """The job's record, and whether it is new; a new one is put on the queue.

        Args:
            job: what to solve.
            trace: see :meth:`JobStore.create`.
            webhook: likewise.

        Raises:
            QueueFullError: it is new, and as many jobs are waiting as may wait.
            WebhooksFullError: as many webhooks are asked for of it as may be.
            WaitingLimitError, SecondsLimitError: see :meth:`JobStore.create`.
            JobNotFoundError: it was deleted before its record could be read.
            StoreUnavailableError: the store does not answer.
        """
        record, is_new = self._jobs.create(job, trace, webhook)
        if is_new:
            self.enqueue(record.id)
        return record, is_new

    def simulate(self, job: SimulationJob, trace: str = "") -> tuple[SimulationRecord, bool]:
        """The record of a simulation, and whether it is new; a new one is put on the queue.

        Raises:
            QueueFullError, WaitingLimitError, SecondsLimitError: see :meth:`SimulationStore.create`.
            JobNotFoundError: its solution is not there any more, or it was deleted before its record could be read.
            StoreUnavailableError: the store does not answer.
        """
        record, is_new = self._simulations.create(job, trace)
        if is_new:
            self.enqueue(record.id)
        return record, is_new

    def retry_simulation(self, job_id: str) -> SimulationRecord:
        """Simulates a failed or cancelled job again; raises as :meth:`retry` does."""
        record = self._simulations.retry(job_id)
        self.enqueue(job_id)
        return record

    def retry(self, job_id: str) -> JobRecord:
        """Solves a failed or cancelled job again.

        Raises:
            JobNotFoundError: there is none.
            JobConflictError: it is queued, running or succeeded.
            QueueFullError: as many jobs are waiting as may wait.
            WaitingLimitError, SecondsLimitError: see :meth:`JobStore.retry`.
            StoreUnavailableError: the store does not answer.
        """
        record = self._jobs.retry(job_id)
        self.enqueue(job_id)
        return record

    def enqueue(self, job_id: str) -> None:
        """Puts a message for a job on the queue. A message too many does no harm: its delivery is refused.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        self._send(SIMULATE_TASK if is_simulation(job_id) else SOLVE_TASK, job_id, task_id=job_id)

    def export(self, job_id: str) -> None:
        """Puts a message on the queue that asks for the SavedModel of a succeeded job.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        self._send(EXPORT_TASK, job_id, task_id=f"{job_id}-export")

    def _send(self, task: str, job_id: str, task_id: str) -> None:
        try:
            self._app.send_task(task, args=(job_id,), task_id=task_id, queue=QUEUE, retry=False)
        except (OperationalError, redis.ConnectionError, redis.TimeoutError, redis.OutOfMemoryError) as error:
            if isinstance(error.__cause__ or error, redis.OutOfMemoryError):
                raise StoreFullError(str(error)) from error
            raise StoreUnavailableError(f"the queue does not answer: {error}") from error
