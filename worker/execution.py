"""Solving one job: from the document in the store to a policy, or to a problem that says what to try."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import structlog

from solver.calibrate import calibrate
from solver.errors import ArtifactError, InputError
from solver.progress import OnProgress, Progress, ShouldStop
from solver.solution import Provenance, Solution
from solver.solve import solve
from solver.status import Status
from worker.artifacts import Artifact
from worker.contract import Job, Problem, canonical_json
from worker.machine import processor, threads
from worker.stored import Stored, read_model

_log = structlog.get_logger()


@dataclass(frozen=True)
class Success:
    """What a succeeded job leaves: the last report and JSON objects for its record, and the policy."""

    progress: Progress
    certificate: dict[str, Any]
    provenance: dict[str, Any]
    artifact: Artifact


def execute(
    job: Job, on_progress: OnProgress, should_stop: ShouldStop, start: Stored | None = None
) -> Success | Problem | None:
    """Solves ``job``: its policy, the problem that it failed with, or None when it was told to stop.

    ``start`` is what lies in the store of ``job.start``.
    """
    try:
        first = None if start is None else start.read_policy()
        model = read_model(canonical_json(job.document))
        calibration = calibrate(model, job.calibration)
        solution = solve(
            model,
            calibration,
            job.settings,
            start=first,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    except ArtifactError as error:
        return lost_start(job, str(error))
    except InputError as error:
        return Problem(
            type="/problems/unsolvable",
            title="The job cannot be solved",
            detail=str(error),
            code="unsolvable",
        )
    except Exception:  # noqa: BLE001 - whatever goes wrong, the job ends, and what went wrong is in the log
        _log.exception("solve raised", job=job.id)
        return Problem(
            type="/problems/internal",
            title="The solve broke off",
            detail="A fault of the server, which has logged it. Retry, or post the job with another method.",
            code="internal",
        )
    return _outcome(job, start, solution)


def lost_start(job: Job, reason: str) -> Problem:
    """What a job fails with whose start has no policy that can be read."""
    return Problem(
        type="/problems/start-lost",
        title="The solution to start from has no policy any more",
        detail=f"start = {job.start}: {reason}. Post its own request again, which gives it the same id, and retry this one "
        "once it is solved; or post this one without start.",
        code="start-lost",
    )


def _outcome(job: Job, start: Stored | None, solution: Solution) -> Success | Problem | None:
    if solution.status is Status.CANCELLED:
        return None
    if solution.policy is None or solution.certificate is None:
        return Problem(
            type=f"/problems/{solution.status.value.replace('_', '-')}",
            title=solution.status.sentence,
            detail=solution.status.remedy,
            code=solution.status.value.replace("_", "-"),
        )
    artifact = Artifact.pack(solution, solution.policy)
    hashes = {"job": job.id, "model": job.model_hash, "policy": artifact.sha256}
    if start is not None:
        hashes["start"] = start.artifact.sha256
    return Success(
        solution.history[-1],
        solution.certificate.model_dump(mode="json"),
        _describe(solution.status, solution.provenance) | {"hashes": hashes},
        artifact,
    )


def _describe(status: Status, provenance: Provenance) -> dict[str, Any]:
    return {
        "status": status.value,
        "cpu": processor(),
        "threads": threads(os.environ),
        "versions": dict(provenance.versions),
        "device": provenance.device,
        "dtype": provenance.dtype,
        "solve_s": provenance.solve_s,
        "training_s": provenance.training_s,
        "start": provenance.start and provenance.start.value,
    }
