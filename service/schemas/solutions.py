"""Solutions on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from service.query import Query
from solver.diagnostics.certificate import Certificate
from solver.settings import SolveSettings
from solver.status import Status
from worker.contract import ID_DIGITS, JobRecord, JobStatus
from worker.webhook_url import MAX_LENGTH

MAX_WAIT_S = 60
CURSOR_PATTERN = "^[0-9a-f]{1,13}$"
ID_PATTERN = f"^[0-9a-f]{{{ID_DIGITS}}}$"


class SolutionRequest(SolveSettings):
    """What to solve; everything but the model is optional."""

    model: str | dict[str, Any] = Field(
        description="Name of a model, as GET /v1/models lists them, or a whole model file as an object. That is solved "
        "without being registered; the solution is the same as by the name."
    )
    calibration: dict[str, float] = Field(
        default_factory=dict, description="Values of parameters; those left out keep the model's own."
    )

    start: Annotated[str, Field(pattern=ID_PATTERN)] | None = Field(
        None,
        description="Id of a solved solution to start from, of any calibration, domain and method, and of any model with "
        "the same states and controls. It saves steps and changes nothing of what is accepted: what is trained from it "
        "stands where it meets the target and its certificate passes; if not, training begins again without it, and the "
        "better policy is kept (first-order methods simply go on from it). provenance.start tells: taken; not_better or "
        "undefined, where its errors are not below the linear rule's; missed, where training began again. It is part of "
        "the id.",
    )

    webhook: Annotated[str, Field(max_length=MAX_LENGTH)] | None = Field(
        None,
        description="URL (https://host/path) that is told by a signed POST when the solution has succeeded, failed or been "
        "cancelled, or at once where it has. The operator allows hosts; none by default. It is no part of the solution nor "
        "of its id; up to 10 different ones may be given by as many requests of the same solution.",
        examples=["https://hooks.example.org/saddlepath"],
    )

    def settings(self) -> SolveSettings:
        """The part that is about the method."""
        return SolveSettings(method=self.method, target=self.target, seed=self.seed)


class TrainingProgress(BaseModel):
    """How far training is, and how it is forecast to end; what it does never depends on the forecast."""

    phase: str = Field(description="Stage of training, e.g. gauss-newton.")
    step: int = Field(description="Steps so far, over all stages.")
    loss: float | None = Field(description="What training minimises.")
    euler_error_max_log10: float | None = Field(
        description="log10 of the largest Euler error at the held-out states; null while it is not defined."
    )
    states_visited: int | None = Field(
        None, description="Training states at which residuals were evaluated so far; null of older solutions."
    )
    elapsed_s: float = Field(description="Seconds since the solve began.")
    eta_s: float | None = Field(
        description="Seconds until training is forecast to end, be it by the target, the budget or a stall; null while "
        "nothing tells, as when a stage has just begun. The certificate comes after that."
    )
    forecast: Status | None = Field(
        None,
        description="How training is forecast to end. converged: within the target; out_of_steps or out_of_time: the "
        "budget ends before the target is met; stalled: progress does. null while nothing tells. Once the solve is over, "
        "how it ended.",
    )


class SolutionRecord(JobRecord):
    """A solution: its job, and how that went."""

    progress: TrainingProgress | None = None  # type: ignore[assignment]
    certificate: Certificate | None = None  # type: ignore[assignment]
    links: dict[str, str] = Field(description="self, policy, certificate, artifact, events and record.")


class SolutionPage(BaseModel):
    """A page of solutions, newest first."""

    solutions: list[SolutionRecord]
    next_cursor: str | None = Field(description="Give it as cursor for the next page; null on the last.")


class WaitQuery(Query):
    """How long to be held."""

    wait: Annotated[int, Field(ge=0, le=MAX_WAIT_S)] = Field(
        0, description="Seconds to wait for the solution to be over before it is told as it is."
    )


class ListQuery(Query):
    """Which solutions to list."""

    model: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Only those of the model of that name."
    )
    status: JobStatus | None = Field(None, description="Only those in that status.")
    limit: Annotated[int, Field(ge=1, le=200)] = Field(50, description="Most solutions on a page.")
    cursor: Annotated[str, Field(pattern=CURSOR_PATTERN)] | None = Field(
        None, description="next_cursor of the page before."
    )
