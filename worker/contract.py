"""What service and worker agree on: the job, its identity, the record of its life, the names on the queue.

A job says everything that a solution depends on, so its identity is a hash of its content: the same request
twice is one job. Only the identity travels through the queue; the job itself lies in the store.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from solver.policy.kinks import size_of_problem
from solver.settings import Method, SolveSettings
from solver.version import NUMERICS_VERSION

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from solver.calibrate import Calibration
    from solver.model.spec import Model

SOLVE_TASK = "saddlepath.solve"
EXPORT_TASK = "saddlepath.export"
QUEUE = "saddlepath.solve"
ID_DIGITS = 32


class JobStatus(StrEnum):
    """Where a job is in its life: queued -> running -> one of the three terminal statuses."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether the job is over: such a status changes only when the user asks for a retry."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Problem(BaseModel):
    """Why a job failed, in the members of RFC 9457 that do not depend on HTTP."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    detail: str
    code: str


class ModelName(BaseModel):
    """The name and the content hash of a job's model."""

    model_config = ConfigDict(frozen=True)

    name: str
    hash: str


class Job(BaseModel):
    """Everything that a solution depends on.

    Attributes:
        model_name: the name under which the model was asked for; a label, no part of the identity.
        model_hash: ``Model.hash`` of the document; follows from it.
        document: the model's canonical document (``Model.document``).
        calibration: every parameter of the model.
        method: the method, resolved: nothing left out.
        target: largest Euler error on held-out states at which training stops.
        seed: seed of every random draw.
        numerics_version: changes when the same job would be solved to other figures.
        start: the id of the job whose policy this one starts from, itself a hash of all that this policy depends on. A job
            without one is written without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model_name: str
    model_hash: str
    document: dict[str, Any]
    calibration: dict[str, float]
    method: Method
    target: float
    seed: int
    numerics_version: str
    start: str | None = Field(None, exclude_if=lambda start: start is None)

    @classmethod
    def describe(
        cls,
        name: str,
        model: Model,
        calibration: Calibration,
        settings: SolveSettings,
        start: str | None = None,
    ) -> Job:
        """The job of solving ``model``, known by ``name``, at ``calibration`` with ``settings``, resolved here."""
        resolved = settings.resolve(size_of_problem(model, calibration))
        assert resolved.target is not None
        return cls(
            model_name=name,
            model_hash=model.hash,
            document=dict(model.document),
            calibration=dict(calibration.parameters),
            method=resolved.method,
            target=resolved.target,
            seed=resolved.seed,
            numerics_version=NUMERICS_VERSION,
            start=start,
        )

    @property
    def id(self) -> str:
        """The first 32 hexadecimal digits of the SHA-256 of the job's content in canonical JSON."""
        content = self.model_dump(mode="json", exclude={"model_name", "model_hash"})
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:ID_DIGITS]

    @property
    def settings(self) -> SolveSettings:
        """The settings of the solve."""
        return SolveSettings(method=self.method, target=self.target, seed=self.seed)


class JobRecord(BaseModel):
    """A job's life as told to clients. Times are ISO 8601 in UTC."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: JobStatus
    model: ModelName
    calibration: dict[str, float]
    method: dict[str, Any]
    target: float
    seed: int
    start: str | None = None
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    attempts: int = 0
    progress: dict[str, Any] | None = None
    certificate: dict[str, Any] | None = None
    provenance: dict[str, Any] | None = None
    problem: Problem | None = None


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces, and one spelling for each number (2 and 2.0 are the same, -0.0 is 0).

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def describe_progress(progress: DataclassInstance) -> dict[str, Any]:
    """A report, of training or of whatever else, as JSON: a figure that is not finite is None."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(progress).items()
    }


def utc_now() -> str:
    """The time, ISO 8601 in UTC with milliseconds, e.g. ``2026-01-31T12:00:00.000Z``."""
    return utc_text(datetime.now(UTC))


def utc_text(moment: datetime) -> str:
    """A time in UTC in the same form; such texts are in the order of their times."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
