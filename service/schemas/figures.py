"""Queries of figures: what of a solution is drawn."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.query import Query
from service.schemas.simulations import ImpulseQuery, Seed

MAX_POLICY_VARIABLES = 6
MAX_PATH_VARIABLES = 12
MAX_FIGURE_PERIODS = 2000
MAX_FIGURE_PATHS = 1000

_ALONG = Field(None, description="The state of the horizontal axis; left out, the last that is not given.")
_ACROSS = Field(None, description="The state of the vertical axis of the map; left out, the last but one.")
_PATH_VARIABLES = Field(
    None,
    description=f"Names of variables, separated by commas, at most {MAX_PATH_VARIABLES}; left out, six of states, "
    "controls and definitions, consumption among them.",
)


class PolicyFigureQuery(Query):
    """Which policy functions, over which states."""

    variables: str | None = Field(
        None,
        description=f"Names of controls and definitions, separated by commas, at most {MAX_POLICY_VARIABLES}; left out, "
        "the first controls and consumption.",
    )
    along: str | None = _ALONG
    across: str | None = _ACROSS


class ErrorsFigureQuery(Query):
    """Euler errors over which states."""

    along: str | None = _ALONG
    across: str | None = _ACROSS


class SimulationFigureQuery(Query):
    """Which paths."""

    variables: str | None = _PATH_VARIABLES
    periods: Annotated[int, Field(ge=2, le=MAX_FIGURE_PERIODS)] = Field(
        100, description="Periods of each path."
    )
    paths: Annotated[int, Field(ge=1, le=MAX_FIGURE_PATHS)] = Field(
        500,
        description="How many paths. The first is drawn as a line, of 20 and more the 5th and the 95th percentile, too, of "
        "fewer five at most. Where nothing is left to chance all are the same, and it cannot be given.",
    )
    burn_in: Annotated[int, Field(ge=0, le=MAX_FIGURE_PERIODS)] = Field(
        0, description="Periods that are simulated before the first that is drawn."
    )
    seed: Seed = Field(0, description="Seed of the draws: the same request is the same figure.")


class ImpulseFigureQuery(ImpulseQuery):
    """Which impulse, and which variables."""

    variables: str | None = _PATH_VARIABLES
