"""Simulations, impulse responses, moments and steady states on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.query import Query
from service.schemas.policies import Column
from worker.simulation_job import SimulationRecord

MAX_PERIODS = 1_000_000
MAX_PATHS = 100_000
MAX_LAGS = 50
#: Periods of departure from the steady state that an impulse response drops, where it starts from the long run.
BURN_IN = 200

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Paths = Annotated[int, Field(ge=1, le=MAX_PATHS)]
Numbers = dict[str, float | None]
Series = dict[str, list[float | None]]

_LOST = Field(
    description="Paths that leave the states at which the economy is defined, and are left out of all means."
)
_SEED = "Seed of the draws: the same request is the same answer."


class SimulationRequest(BaseModel):
    """What to simulate; everything is optional."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] = Field(100, description="Periods of each path.")
    paths: Paths = Field(1, description="How many paths, each with shocks of its own.")
    burn_in: Annotated[int, Field(ge=0, le=MAX_PERIODS)] = Field(
        0, description="Periods that are simulated before the first that is told."
    )
    seed: Seed = Field(0, description=_SEED)
    initial: dict[str, Column] = Field(
        {},
        description="States of departure: a number, or one for each path. A state that is left out is at the calibration's "
        "steady state, the regime of a Markov chain drawn from its long-run shares.",
    )


class SimulatedColumns(BaseModel):
    """Simulated paths by columns, one path after the other; null from where a path leaves the economy's states."""

    lost: int = Field(
        description="Paths that leave the states at which the economy is defined: null from there on."
    )
    path: list[int] = Field(description="Number of the path, from 0.")
    t: list[int] = Field(
        description="Number of the period, from 0: that of departure where nothing is burnt in."
    )
    states: Series
    controls: Series
    definitions: Series
    shocks: Series = Field(
        description="Values of the exogenous variables that are no states; null in a period of departure, if drawn."
    )


class SimulationProgressTold(BaseModel):
    """How far a simulation is."""

    periods_done: int = Field(description="Periods of all paths so far, those that are burnt in included.")
    periods: int = Field(description="Periods of all paths.")
    elapsed_s: float = Field(description="Seconds since it began.")
    eta_s: float | None = Field(description="Seconds until it is forecast to end; null while nothing tells.")


class SimulationTold(SimulationRecord):
    """A simulation that is too large for one request: a job, and how that went."""

    progress: SimulationProgressTold | None = None  # type: ignore[assignment]
    links: dict[str, str] = Field(description="self, result and solution.")


class SimulationList(BaseModel):
    """The simulations of a solution that are jobs, newest first."""

    simulations: list[SimulationTold]


class SimulationPage(SimulatedColumns):
    """A page of the result of a simulation; `lost` counts the paths of all pages."""

    page: int = Field(description="Number of the page, from 0.")
    pages: int = Field(description="How many there are.")


class PageQuery(Query):
    """Which page of a result."""

    page: Annotated[int, Field(ge=0, le=10**6)] | None = Field(
        None, description="Number of the page, from 0. Left out, the first in JSON, all in one Arrow stream."
    )


class ImpulseQuery(Query):
    """Which impulse, and how its consequences are found."""

    shock: str = Field(
        examples=["e"],
        description="The exogenous variable whose innovation it is; `regime` for a change of a Markov chain's regime.",
    )
    size: Annotated[float, Field(ge=-100, le=100)] = Field(
        1.0,
        description="In standard deviations of the innovation. Correlated innovations move along, by what is then to be "
        "expected of them; `impulse` tells by how much.",
    )
    to: Annotated[int, Field(ge=0, le=63)] | None = Field(
        None, description="The regime of the first period, of `shock=regime`."
    )
    periods: Annotated[int, Field(ge=1, le=10_000)] = Field(
        40, description="Periods, that of the impulse included."
    )
    paths: Paths = Field(1000, description="Paths that the means are taken over.")
    seed: Seed = Field(0, description=_SEED)
    departure: Literal["ergodic", "steady_state"] | None = Field(
        None,
        description="Where the impulse meets the economy: everywhere that it is in the long run (the default), or at the "
        "calibration's steady state. Given states, the others are at their steady state.",
    )
    burn_in: Annotated[int, Field(ge=1, le=MAX_PERIODS)] | None = Field(
        None,
        description=f"Periods from the steady state to the long run, {BURN_IN} if left out; of `departure=ergodic` only.",
    )


class ImpulseResponse(BaseModel):
    """What an impulse changes: means over paths of the difference between the path with it and the same without."""

    impulse: dict[str, float] = Field(
        description="What the first period's innovations are raised by, or the regime that it has."
    )
    lost: int = _LOST
    t: list[int] = Field(description="Periods; the impulse comes in period 0.")
    baseline: Series = Field(description="Means without the impulse.")
    response: Series = Field(description="Means of the differences that it makes.")
    standard_error: Series = Field(description="Of these means; null of a single path.")


class MomentsQuery(Query):
    """How large a sample."""

    periods: Annotated[int, Field(ge=100, le=MAX_PERIODS)] = Field(
        1000, description="Periods of each path that count."
    )
    paths: Paths = Field(100, description="How many paths.")
    burn_in: Annotated[int, Field(ge=1, le=MAX_PERIODS)] = Field(
        500, description="Periods from the steady state on that do not count."
    )
    seed: Seed = Field(0, description=_SEED)
    lags: Annotated[int, Field(ge=1, le=MAX_LAGS)] = Field(5, description="How many autocorrelations.")


class Moments(BaseModel):
    """Moments of every variable in the long run, from simulated paths."""

    lost: int = _LOST
    mean: Numbers
    standard_error: Numbers = Field(description="Of the means, by the method of batch means.")
    standard_deviation: Numbers
    correlation: dict[str, Numbers] = Field(
        description="By variable and variable; null of what does not vary."
    )
    autocorrelation: Series = Field(description="From one period on; null of what does not vary.")


class Rest(BaseModel):
    """Where the policy keeps the economy as long as no shock comes and the regime stays."""

    found: bool = Field(description="Whether the economy comes to rest there.")
    change: float | None = Field(description="Largest change of a state in the last period, in half domains.")
    states: Numbers
    controls: Numbers
    definitions: Numbers
    shocks: Numbers


class SteadyState(BaseModel):
    """The calibration's steady state, and the policy's own."""

    calibration: dict[str, float] = Field(description="The deterministic steady state of every variable.")
    domain: dict[str, tuple[float, float]] = Field(
        description="Lower and upper bound of each state of the policy over which it was solved; a regime has none."
    )
    policy: list[Rest] = Field(description="The policy's own, for each regime of a Markov chain.")
