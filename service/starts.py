"""The solution that a request wants to start from, checked before its job is put on the queue."""

from __future__ import annotations

from service.errors import UnsolvedError
from service.models import ModelLibrary
from service.policies import require_solved
from solver.errors import Fault, StartError
from solver.model.spec import Model
from solver.policy.warm_start import check_start
from worker.contract import Job
from worker.errors import JobGoneError, JobNotFoundError
from worker.jobs import JobStore


def require_start(jobs: JobStore, models: ModelLibrary, job: Job, model: Model) -> None:
    """Checks that there is a policy which ``job``, of ``model``, can start from, if it names one.

    A job that is there already has been checked when it came; it is found again whatever became of its start.

    Raises:
        StartError: there is no such solution, it has other states or controls, or nothing is trained.
        UnsolvedError: it has no policy (yet).
        StoreUnavailableError: the store does not answer.
    """
    if job.start is None or jobs.status(job.id) is not None:
        return
    try:
        record, start = jobs.record(job.start), jobs.job(job.start)
    except JobGoneError as error:
        raise StartError([Fault(("start",), f"{error}, or leave start out")]) from error
    except JobNotFoundError as error:
        message = (
            f"there is no solution {job.start}; name one that GET /v1/solutions lists, or leave start out"
        )
        raise StartError([Fault(("start",), message)]) from error
    try:
        require_solved(record)
    except UnsolvedError as error:
        raise UnsolvedError(f"start = {job.start} has no policy: {error}", error.members) from error
    check_start(models.read(start.document), model, job.method.policy)
