"""Exchanges about the economy over time: paths, impulse responses, moments, the policy's own steady state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from saddlepath.display import HtmlTable, number, table_of
from saddlepath.errors import InputError
from saddlepath.evaluating import Solved
from saddlepath.evaluation import Array
from saddlepath.extras import pandas
from saddlepath.large_simulations import GROUPS, result_of
from saddlepath.layouts import floats
from saddlepath.wire import Exchange, Request, ask, ask_json

_PATHS = 200
"""The status of an answer that is the paths; a 202 is the record of a job."""

Part = Literal["response", "standard_error", "baseline"]


@dataclass(frozen=True, repr=False)
class Moments(HtmlTable):
    """Moments of every variable in the long run, from simulated paths.

    Attributes:
        mean: by variable.
        standard_error: of the means.
        standard_deviation: by variable.
        correlation: by variable and variable; None of what does not vary.
        autocorrelation: by variable, from one period on.
        lost: paths that left the states at which the economy is defined, and do not count.
    """

    mean: Mapping[str, float]
    standard_error: Mapping[str, float]
    standard_deviation: Mapping[str, float]
    correlation: Mapping[str, Mapping[str, float | None]]
    autocorrelation: Mapping[str, list[float | None]]
    lost: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Moments:
        """The moments that the service tells."""
        return cls(**{name: told[name] for name in cls.__dataclass_fields__})

    def to_frame(self) -> Any:
        """A DataFrame with a row a variable: mean, its standard error, standard deviation, first autocorrelation.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        columns = {
            "mean": self.mean,
            "standard_error": self.standard_error,
            "standard_deviation": self.standard_deviation,
            "autocorrelation": {name: lags[0] for name, lags in self.autocorrelation.items()},
        }
        return pandas("to_frame()").DataFrame(columns, dtype=float)

    def title(self) -> str:
        """The headline of its table."""
        return "Moments"

    def rows(self) -> list[tuple[str, str]]:
        """A line a variable."""
        return [
            (
                name,
                f"mean {number(mean)}  sd {number(self.standard_deviation[name])}  "
                f"autocorrelation {number(self.autocorrelation[name][0])}",
            )
            for name, mean in self.mean.items()
        ]

    def __repr__(self) -> str:
        return table_of(self.title(), self.rows())


@dataclass(frozen=True)
class Rest:
    """Where the policy keeps the economy as long as no shock comes and the regime stays.

    Attributes:
        values: of every variable.
        is_found: whether the economy comes to rest there.
    """

    values: Mapping[str, float | None]
    is_found: bool


def simulate(
    solution: Solved,
    /,
    periods: int = 100,
    paths: int = 1,
    *,
    burn_in: int = 0,
    seed: int = 0,
    initial: Mapping[str, Any] | None = None,
) -> Exchange[Any]:
    """Simulated paths, as a DataFrame with the index (path, t).

    What is too large for one request is simulated as a job, and waited for.

    Args:
        solution: the solution.
        periods: of each path.
        paths: how many, each with shocks of its own.
        burn_in: periods that are simulated before the first that is told.
        seed: of the draws: the same request is the same answer.
        initial: states of departure, a number or one for each path; by default the steady state.

    Returns:
        A column for each state, control, definition and shock. NaN from where a path leaves the states at which the
        economy is defined; ``attrs["lost"]`` counts such paths.

    Raises:
        InvalidError: an option is out of its bounds.
        SimulationError: it was too large for one request, and the job that it became was cancelled or failed.
        MissingExtraError: pandas is not installed.
    """
    pd = pandas("simulate()")
    found = yield from simulated(
        solution, periods=periods, paths=paths, burn_in=burn_in, seed=seed, initial=initial or {}
    )
    index = pd.MultiIndex.from_arrays([found["path"], found["t"]], names=["path", "t"])
    frame = pd.DataFrame(columns_of(found), index=index)
    frame.attrs["lost"] = found["lost"]
    return frame


def simulated(solution: Solved, /, *, initial: Mapping[str, Any], **options: int) -> Exchange[dict[str, Any]]:
    """Simulated paths as the service tells them; the options are those of :func:`simulate`.

    What is too large for one request is a job of the service's, which is waited for.

    Raises:
        SimulationError: such a job ended without a result.
    """
    departure = {name: floats(name, value).tolist() for name, value in initial.items()}
    body = {**options, "initial": departure}
    answer = yield from ask(Request("POST", f"/v1/solutions/{solution.id}/simulate", body=body))
    told: dict[str, Any] = answer.json()
    return told if answer.status_code == _PATHS else (yield from result_of(answer.headers["Location"], told))


def columns_of(found: Mapping[str, Any]) -> dict[str, Array]:
    """The columns of simulated paths: states, controls, definitions, shocks."""
    groups = (found[group] for group in GROUPS)
    return {name: np.array(column, dtype=np.float64) for group in groups for name, column in group.items()}


def irf(
    solution: Solved,
    /,
    shock: str,
    size: float = 1.0,
    periods: int = 40,
    *,
    part: Part = "response",
    paths: int | None = None,
    seed: int | None = None,
    departure: Literal["ergodic", "steady_state"] | None = None,
    to: int | None = None,
    **states: float,
) -> Exchange[Any]:
    """The generalised impulse response, as a DataFrame with the index t.

    Args:
        solution: the solution.
        shock: whose innovation it is; ``regime`` for a change of a Markov chain's regime.
        size: in standard deviations of the innovation.
        periods: that of the impulse included.
        part: what to return: the response, its standard errors, or the means without the impulse.
        paths: that the means are taken over.
        seed: of the draws.
        departure: where the impulse meets the economy: in the long run (the default), or at the steady state.
        to: the regime of the first period, of ``shock="regime"``.
        **states: where it meets the economy, instead.

    Raises:
        InvalidError: there is no such shock, or nothing is left to chance.
        InputError: ``part`` is none.
        MissingExtraError: pandas is not installed.
    """
    if part not in get_args(Part):
        raise InputError(f"part = {part!r} is not one of {', '.join(get_args(Part))}; choose one of them")
    pd = pandas("irf()")
    asked = {"shock": shock, "size": size, "periods": periods, "paths": paths, "seed": seed}
    found = yield from responses(solution, {**asked, "departure": departure, "to": to, **states})
    frame = pd.DataFrame(found[part], index=pd.Index(found["t"], name="t"), dtype=float)
    frame.attrs |= {"impulse": found["impulse"], "lost": found["lost"]}
    return frame


def responses(solution: Solved, query: Mapping[str, Any], /) -> Exchange[dict[str, Any]]:
    """An impulse response as the service tells it; the query is that of ``GET .../impulse-response``."""
    return (yield from ask_json(Request("GET", f"/v1/solutions/{solution.id}/impulse-response", query)))


def moments(
    solution: Solved,
    /,
    *,
    periods: int | None = None,
    paths: int | None = None,
    burn_in: int | None = None,
    seed: int | None = None,
    lags: int | None = None,
) -> Exchange[Moments]:
    """Moments of every variable in the long run.

    Args:
        solution: the solution.
        periods: of each path, that count.
        paths: how many.
        burn_in: periods from the steady state on that do not count.
        seed: of the draws.
        lags: how many autocorrelations.
    """
    query = {"periods": periods, "paths": paths, "burn_in": burn_in, "seed": seed, "lags": lags}
    return Moments.of((yield from ask_json(Request("GET", f"/v1/solutions/{solution.id}/moments", query))))


def rest(solution: Solved) -> Exchange[list[Rest]]:
    """The policy's own steady state (the risky one), for each regime of a Markov chain."""
    found = yield from ask_json(Request("GET", f"/v1/solutions/{solution.id}/steady-state"))
    return [
        Rest({**one["states"], **one["controls"], **one["definitions"], **one["shocks"]}, one["found"])
        for one in found["policy"]
    ]
