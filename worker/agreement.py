"""How far a solution that was solved again agrees with its record.

Of the same job, on the same processor with the same versions and threads, the same bytes are promised, and then the verdict
is ``identical``. Elsewhere rounding differs, and two policies that both meet the target differ by about as much: they are
``within_tolerance`` as far as controls and largest Euler errors do by no more than the target, and both certificates come
to the same verdict. A record whose hashes are not those of its content is ``different``, whatever was solved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from solver.calibrate import calibrate
from solver.diagnostics.certificate import Certificate
from solver.diagnostics.distances import distances
from solver.model.canonical import hash_of
from solver.model.load import model_from_document
from worker.artifacts import Artifact
from worker.contract import Job
from worker.record import Record

AGAIN = "provenance.hashes."
"""What the names of hashes begin with that provenance tells once more."""

Outcome = Literal["identical", "within_tolerance", "different"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Line(_Frozen):
    """One thing, as the record has it and as it was found."""

    name: str
    recorded: Any
    found: Any

    @property
    def is_same(self) -> bool:
        """Whether they are equal."""
        return bool(self.recorded == self.found)


class Agreement(_Frozen):
    """A solution that was solved again, held against its record."""

    id: str = Field(description="Of the solution, as the record says.")
    outcome: Outcome
    tolerance: float = Field(
        description="The job's target: the most by which controls and Euler errors may differ."
    )
    contents: list[Line] = Field(description="Hashes that the record tells, and those of what it holds.")
    conditions: list[Line] = Field(
        description="What produced the policies: versions, processor, device, threads, type."
    )
    policy: Line | None = Field(description="SHA-256 of the policy's arrays; null where none was found.")
    differences: dict[str, float | None] | None = Field(
        description="For each control its largest difference over the domain, relative to its mean absolute value there, "
        "null where it is not defined; null where the policy of the record cannot be read."
    )
    certificate: list[Line] = Field(
        description="The verdicts, and the largest Euler errors (log10) over the domain."
    )
    problem: str | None = Field(description="Why it could not be solved again; null where it was.")


def compare(
    record: Record, certificate: Certificate, provenance: Mapping[str, Any], artifact: Artifact
) -> Agreement:
    """What the record's job was solved to, held against what the record says.

    Args:
        record: of the solution.
        certificate: of the policy that was found.
        provenance: of its solve.
        artifact: the policy itself.

    Raises:
        ArtifactError: the policy of the record cannot be read, although its hash is right.
    """
    contents = _contents(record)
    policy = Line(name="policy", recorded=record.policy.artifact.sha256, found=artifact.sha256)
    verdict = Line(name="verdict", recorded=record.certificate.verdict, found=certificate.verdict)
    error = Line(
        name="largest Euler error, log10",
        recorded=record.certificate.euler_errors.box.max_log10,
        found=certificate.euler_errors.box.max_log10,
    )
    is_readable = record.policy.sha256 == policy.recorded
    differences = _differences(record.job, record.policy.artifact, artifact) if is_readable else None
    outcome: Outcome = "different"
    if all(line.is_same for line in contents):
        outcome = _outcome(record.job.target, policy, differences, verdict, error)
    return Agreement(
        id=record.id,
        outcome=outcome,
        tolerance=record.job.target,
        contents=contents,
        conditions=list(_conditions(record.provenance, provenance)),
        policy=policy,
        differences=differences,
        certificate=[verdict, error],
        problem=None,
    )


def unsolved(record: Record, problem: str) -> Agreement:
    """The agreement where the record's job did not lead to a policy."""
    return Agreement(
        id=record.id,
        outcome="different",
        tolerance=record.job.target,
        contents=_contents(record),
        conditions=[],
        policy=None,
        differences=None,
        certificate=[],
        problem=problem,
    )


def _contents(record: Record) -> list[Line]:
    """Every hash that the record tells, beside that of what it holds."""
    told: dict[str, str | None] = {
        "job": record.id,
        "model": record.job.model_hash,
        "policy": record.policy.sha256,
    }
    held = {
        "job": record.job.id,
        "model": hash_of(record.job.document),
        "policy": record.policy.artifact.sha256,
    }
    if record.start is not None:
        told |= {"start's job": record.job.start, "start": record.start.policy.sha256}
        held |= {"start's job": record.start.job.id, "start": record.start.policy.artifact.sha256}
    lines = [Line(name=name, recorded=told[name], found=held[name]) for name in held]
    again = {f"{AGAIN}{name}": (value, held[name]) for name, value in record.hashes.items() if name in held}
    return lines + [Line(name=name, recorded=pair[0], found=pair[1]) for name, pair in again.items()]


def _conditions(recorded: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Line]:
    """What may make the same job come out differently; of an older record, what it tells."""
    for name in ("cpu", "device", "dtype", "threads", "versions"):
        before, now = recorded.get(name), found.get(name)
        if not isinstance(before, dict) or not isinstance(now, dict):
            yield Line(name=name, recorded=before, found=now)
            continue
        for part in sorted({*before, *now}):
            yield Line(name=f"{name}: {part}", recorded=before.get(part), found=now.get(part))


def _differences(job: Job, recorded: Artifact, found: Artifact) -> dict[str, float | None]:
    model = model_from_document(job.document)
    calibration = calibrate(model, job.calibration)
    before, now = (artifact.unpack(model, calibration) for artifact in (recorded, found))
    apart = distances(before, now, job.seed)
    return {name: one.largest if math.isfinite(one.largest) else None for name, one in apart.items()}


def _outcome(
    tolerance: float, policy: Line, differences: Mapping[str, float | None] | None, verdict: Line, error: Line
) -> Outcome:
    if policy.is_same and verdict.is_same and error.is_same:
        return "identical"
    apart = [math.inf if value is None else value for value in (differences or {}).values()]
    apart.append(_apart(error.recorded, error.found))
    return "within_tolerance" if verdict.is_same and max(apart) <= tolerance else "different"


def _apart(before: float | None, now: float | None) -> float:
    """The distance of two errors that are told in log10; infinite where one alone is defined."""
    if before is None or now is None:
        return 0.0 if before == now else math.inf
    return float(abs(10.0**before - 10.0**now))
