"""Putting together the record of a solution from what lies in the store."""

from __future__ import annotations

from service.dependencies import Services
from service.errors import StartLostError
from service.policies import require_solved
from solver.diagnostics.certificate import Certificate
from worker.errors import JobNotFoundError
from worker.record import Record, Solved, StoredPolicy


def build_record(services: Services, solution_id: str) -> Record:
    """The record of a solution. Blocks.

    Raises:
        JobNotFoundError: there is no such solution.
        UnsolvedError: it has no policy (yet).
        StartLostError: the solution that it started from is not there any more, or has another policy than it had.
        StoreUnavailableError: the store does not answer.
    """
    told = services.jobs.record(solution_id)
    require_solved(told)
    provenance = told.provenance or {}
    solved = _solved(services, solution_id)
    start = None
    if solved.job.start is not None:
        start = _start(services, solved.job.start, provenance.get("hashes", {}).get("start"))
    return Record(
        id=solution_id,
        job=solved.job,
        policy=solved.policy,
        start=start,
        certificate=Certificate.model_validate(told.certificate),
        provenance=provenance,
    )


def _solved(services: Services, solution_id: str) -> Solved:
    artifact = services.artifacts.load(solution_id)
    return Solved(job=services.jobs.job(solution_id), policy=StoredPolicy.of(artifact))


def _start(services: Services, start_id: str, sha256: str | None) -> Solved:
    """What a solution started from, whose policy had that hash; of an older solution, which does not tell it, any."""
    try:
        start = _solved(services, start_id)
    except JobNotFoundError as error:
        raise StartLostError(start_id, "it was deleted, or is being solved again") from error
    if sha256 not in (None, start.policy.sha256):
        raise StartLostError(start_id, "it was solved again, to another policy than this one started from")
    return start
