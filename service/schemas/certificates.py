"""Certificates on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from service.query import Query
from service.schemas.solutions import MAX_WAIT_S
from solver.diagnostics.certificate import Certificate, EulerErrors, Verdict
from worker.contract import JobStatus


class CertificateQuery(Query):
    """What to hold the policy against."""

    compare: Literal["time_iteration"] | None = Field(
        None,
        description="Hold the policy against that of the classical method, which is solved on demand, as a solution of its "
        "own. Until it is over the answer is a 202 without differences.",
    )
    wait: Annotated[int, Field(ge=0, le=MAX_WAIT_S)] = Field(
        0, description="Seconds to wait for the solution that is compared with."
    )


class ComparedRun(BaseModel):
    """One of the two solves."""

    solution: str = Field(description="Its id.")
    status: JobStatus
    algorithm: str
    verdict: Verdict | None
    euler_errors: EulerErrors | None
    steps: int | None
    states_visited: int | None = Field(description="Training states at which residuals were evaluated.")
    training_s: float | None


class Difference(BaseModel):
    """How far apart the policies of one control are, relative to its mean absolute value, over fresh states."""

    largest: float | None
    mean: float | None
    at: dict[str, float] = Field(description="The state of the largest.")


class Comparison(BaseModel):
    """A solution and the one by time iteration, side by side."""

    this: ComparedRun
    other: ComparedRun
    differences: dict[str, Difference] | None = Field(
        description="By control; null while the other has no policy, and where its solve failed or was cancelled."
    )


class ComparedCertificate(Certificate):
    """The verdict, and where it is asked for the comparison."""

    comparison: Comparison | None = Field(None, description="Where compare asks for it.")
