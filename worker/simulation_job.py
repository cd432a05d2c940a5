"""What service and worker agree on of simulations that are too large for one request: jobs of another kind.

Such a job lives by the same rules as a solution (``worker/lua``) and belongs to one: it starts from its policy, and goes
when it goes. Its id carries its kind, so that neither can be taken for the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from solver.simulation.experiment import Experiment
from solver.version import NUMERICS_VERSION
from worker.contract import ID_DIGITS, JobStatus, Problem, canonical_json

SIMULATE_TASK = "saddlepath.simulate"
ID_PREFIX = "sim-"
"""How ids of simulations begin; those of solutions are hexadecimal digits alone."""
KIND = "simulations:"
"""Before the names of their indexes and sums in the store."""


def is_simulation(job_id: str) -> bool:
    """Whether a job of that id is a simulation."""
    return job_id.startswith(ID_PREFIX)


class SimulationJob(BaseModel):
    """Everything that a simulation depends on.

    Attributes:
        solution: id of the solution whose policy is simulated; a hash of all that this depends on.
        label: what the sums over all jobs know its model as; no part of the identity.
        periods, paths, burn_in, seed, initial: see :class:`~solver.simulation.experiment.Experiment`.
        numerics_version: changes when the same job would be simulated to other figures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    solution: str
    label: str
    periods: int
    paths: int
    burn_in: int
    seed: int
    initial: dict[str, float | list[float]]
    numerics_version: str = NUMERICS_VERSION

    @classmethod
    def describe(cls, solution: str, label: str, experiment: Experiment) -> SimulationJob:
        """The job of an experiment with the policy of a solution."""
        initial = {
            name: float(value) if isinstance(value, int | float) else list(value)
            for name, value in experiment.initial.items()
        }
        return cls(
            solution=solution,
            label=label,
            periods=experiment.periods,
            paths=experiment.paths,
            burn_in=experiment.burn_in,
            seed=experiment.seed,
            initial=initial,
        )

    @property
    def id(self) -> str:
        """:data:`ID_PREFIX` and 32 hexadecimal digits of the SHA-256 of the job's content in canonical JSON."""
        content = self.model_dump(mode="json", exclude={"label"})
        return ID_PREFIX + hashlib.sha256(canonical_json(content).encode()).hexdigest()[:ID_DIGITS]

    @property
    def experiment(self) -> Experiment:
        """What to simulate."""
        return Experiment(self.periods, self.paths, self.burn_in, self.seed, self.initial)


@dataclass(frozen=True)
class SimulationProgress:
    """How far a simulation is.

    Attributes:
        periods_done: of all paths, those that are burnt in included.
        periods: of them in all.
        elapsed_s: seconds since it began.
        eta_s: seconds until it is forecast to end; None while nothing tells.
    """

    periods_done: int
    periods: int
    elapsed_s: float
    eta_s: float | None


class SimulationSummary(BaseModel):
    """What a simulation came to."""

    model_config = ConfigDict(frozen=True)

    rows: int = Field(description="Rows of all pages: paths times periods.")
    lost: int = Field(description="Paths that leave the states at which the economy is defined.")
    pages: int = Field(description="Pages of the result.")
    n_bytes: int = Field(description="Bytes that it takes in the store.")


class SimulationRecord(BaseModel):
    """A simulation's life as told to clients. Times are ISO 8601 in UTC."""

    model_config = ConfigDict(frozen=True)

    id: str
    solution: str
    status: JobStatus
    periods: int
    paths: int
    burn_in: int
    seed: int
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    attempts: int = 0
    progress: dict[str, Any] | None = None
    summary: SimulationSummary | None = None
    problem: Problem | None = None
