"""The tasks on the queue: one delivery of one job becomes at most one attempt, and at most one outcome.

The other task writes the policy of a solved job in the form that takes TensorFlow.

Imported by worker processes only; TensorFlow comes with :mod:`worker.execution`, in the pool's child alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import structlog
from celery import Task, shared_task
from celery.exceptions import Reject
from structlog.contextvars import bound_contextvars

from solver.progress import Progress
from worker.artifacts import ArtifactStore
from worker.attempts import Attempt, AttemptStore
from worker.contract import EXPORT_TASK, SOLVE_TASK, Job, JobStatus, Problem
from worker.errors import AttemptRefusedError, JobNotFoundError, StoreFullError, StoreUnavailableError
from worker.exports import ExportStore, origin_of
from worker.jobs import JobStore
from worker.lease import Lease
from worker.settings import WorkerSettings
from worker.simulating import Simulating
from worker.simulation_job import SIMULATE_TASK, SimulationProgress
from worker.simulations import SimulationStore
from worker.store import connect
from worker.stored import Stored

if TYPE_CHECKING:
    from worker.execution import Success

PROGRESS_S = 0.15
RETRY_S = 0.5

_log = structlog.get_logger()


class StoreTask(Task):  # type: ignore[misc]
    """What a worker process keeps between its tasks: the connection to the store."""

    @cached_property
    def settings(self) -> WorkerSettings:
        """The operator's settings."""
        return WorkerSettings()

    @cached_property
    def jobs(self) -> JobStore:
        """The jobs."""
        return JobStore(connect(self.settings.redis_url))

    @cached_property
    def simulations(self) -> SimulationStore:
        """The jobs that simulate."""
        return SimulationStore(connect(self.settings.redis_url))

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """The policies that they were solved to."""
        return ArtifactStore(connect(self.settings.redis_url))

    @cached_property
    def exports(self) -> ExportStore:
        """What else was written of them."""
        return ExportStore(connect(self.settings.redis_url))

    @cached_property
    def attempts(self) -> AttemptStore:
        """The attempts at them."""
        client = connect(self.settings.redis_url)
        return AttemptStore(client, self.settings.lease_s, self.settings.max_attempts)


@shared_task(name=SOLVE_TASK, base=StoreTask, bind=True)  # type: ignore[untyped-decorator]
def solve_job(self: StoreTask, job_id: str) -> None:
    """Solves a job, unless it is over or being solved elsewhere.

    Raises:
        Reject: the worker shuts down; the message goes back to the queue.
    """
    _attempt(self, job_id, _solve_and_store)


@shared_task(name=SIMULATE_TASK, base=StoreTask, bind=True)  # type: ignore[untyped-decorator]
def simulate_job(self: StoreTask, job_id: str) -> None:
    """Simulates what is too large for one request, unless it is over or being simulated elsewhere.

    Raises:
        Reject: the worker shuts down; the message goes back to the queue.
    """
    _attempt(self, job_id, _simulate_and_store)


def _attempt(task: StoreTask, job_id: str, work: Callable[[StoreTask, Attempt, Lease], None]) -> None:
    """At most one attempt at a job, under its lease."""
    try:
        attempt = task.attempts.begin(job_id, task.request.properties["delivery_tag"])
    except AttemptRefusedError as refusal:
        _log.info("refused", job=job_id, reason=refusal.reason)
        return
    with (
        bound_contextvars(job=job_id, trace=task.jobs.trace(job_id), token=attempt.token),
        Lease(task.attempts, attempt, task.settings.stall_s) as lease,
    ):
        work(task, attempt, lease)
    if lease.is_over() and task.jobs.status(job_id) is JobStatus.QUEUED:
        raise Reject("released", requeue=True)


# Acknowledged at once: a message that takes its worker down must not come back, and one that is lost is asked for again.
@shared_task(name=EXPORT_TASK, base=StoreTask, bind=True, acks_late=False)  # type: ignore[untyped-decorator]
def export_policy(self: StoreTask, job_id: str) -> None:
    """Writes the policy of a succeeded job as a SavedModel, unless that is there already or the job is gone."""
    with bound_contextvars(job=job_id, trace=self.jobs.trace(job_id)):
        try:
            if self.exports.load(job_id) is None:
                is_kept = self.exports.keep(job_id, _write_export(self, job_id))
                _log.info("exported", is_kept=is_kept)
        except JobNotFoundError:
            _log.info("not exported", reason="the job is gone")
        except Exception:  # noqa: BLE001 - whatever goes wrong is told to who asks, and is in the log
            _log.exception("export raised")
            self.exports.fail(job_id)


def _write_export(task: StoreTask, job_id: str) -> bytes:
    from solver.export.saved_model import to_saved_model

    stored = Stored(task.jobs.job(job_id), task.artifacts.load(job_id))
    return to_saved_model(stored.read_policy(), origin_of(task.jobs.record(job_id)))


def _solve_and_store(task: StoreTask, attempt: Attempt, lease: Lease) -> None:
    outcome = _solve(task, task.jobs.job(attempt.job_id), Reporter(task.attempts, attempt, lease), lease)
    if outcome is None:
        return
    if isinstance(outcome, Problem):
        is_written = insist(lambda: task.attempts.fail(attempt, outcome), lease)
    else:
        is_written = insist(
            lambda: task.attempts.succeed(
                attempt, outcome.progress, outcome.certificate, outcome.provenance, outcome.artifact
            ),
            lease,
        )
    _log.info("finished", outcome=type(outcome).__name__, is_written=is_written)


def _solve(task: StoreTask, job: Job, report: Reporter, lease: Lease) -> Success | Problem | None:
    """The outcome of a job, from the policy that it starts from if it names one."""
    from worker.execution import execute, lost_start

    def is_over() -> bool:
        """Asked within a step, too: a solve that asks is no hanging one."""
        lease.note_progress()
        return lease.is_over()

    if job.start is None:
        return execute(job, report, is_over)
    try:
        start = Stored(task.jobs.job(job.start), task.artifacts.load(job.start))
    except JobNotFoundError:
        return lost_start(job, "it was deleted, or is not solved")
    return execute(job, report, is_over, start)


def _simulate_and_store(task: StoreTask, attempt: Attempt, lease: Lease) -> None:
    try:
        job = task.simulations.job(attempt.job_id)
        policy = Stored(task.jobs.job(job.solution), task.artifacts.load(job.solution)).read_policy()
    except JobNotFoundError:  # deleted meanwhile: this one, or its solution and this one with it
        return
    report = Reporter(task.attempts, attempt, lease)
    simulating = Simulating(policy, job.experiment, report, lease.is_over)

    def keep(number: int, page: bytes) -> bool:
        return insist(lambda: task.attempts.keep_page(attempt, number, page), lease, waits_for_room=False)

    outcome = simulating.run(keep)
    if outcome is None:
        return
    if isinstance(outcome, Problem):
        is_written = insist(lambda: task.attempts.fail(attempt, outcome), lease)
    else:
        is_written = insist(lambda: task.attempts.complete(attempt, *outcome), lease)
    _log.info("finished", outcome=type(outcome).__name__, is_written=is_written)


def insist(write: Callable[[], bool], lease: Lease, *, waits_for_room: bool = True) -> bool:
    """Writes an outcome, however long the store is away or full, while the attempt lasts: a solve is dearer than the wait.

    Args:
        write: writes it and says whether the attempt was not over yet.
        lease: hears that waiting is no hanging, and knows whether the attempt is over.
        waits_for_room: whether a full store is waited for, too.

    Raises:
        StoreFullError: the store is full, and that is not waited for.
    """
    pause = threading.Event()
    while True:
        try:
            return write()
        except StoreUnavailableError as error:
            if isinstance(error, StoreFullError) and not waits_for_room:
                raise
            _log.warning("outcome not stored yet", reason=str(error))
            if lease.is_over():
                return False
            lease.note_progress()
            pause.wait(RETRY_S)


class Reporter:
    """Writes progress into the record, seven times a second at most; the lease hears of all of it.

    In the long run: what comes a little late does not put off what follows.
    """

    def __init__(self, attempts: AttemptStore, attempt: Attempt, lease: Lease) -> None:
        self._attempts = attempts
        self._attempt = attempt
        self._lease = lease
        self._next_s = time.monotonic() + PROGRESS_S  # a solve that is over by then is spared the writing

    def __call__(self, progress: Progress | SimulationProgress) -> None:
        """Reports ``progress``."""
        self._lease.note_progress()
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = max(self._next_s, now_s - PROGRESS_S) + PROGRESS_S
        try:
            self._attempts.write_progress(self._attempt, progress)
        except StoreUnavailableError as error:
            _log.warning("progress not stored", reason=str(error))
