"""Paths, moments and the steady state of a solved policy, as they are asked over HTTP.

Everything is computed when it is asked for, from the seed: the same request is the same answer. What one request may take
is bounded beforehand, by a count of the arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.columns import read_columns
from service.errors import RequestError
from service.evaluation import Evaluator
from service.faults import located
from service.schemas.policies import Column
from service.schemas.simulations import MAX_PATHS, MomentsQuery, SimulationRequest
from solver.errors import Fault, StateError
from solver.model.state_space import REGIME
from solver.policy.policy import Policy
from solver.simulation.moments import moments
from solver.simulation.panel import Panel, at_rest, ergodic_panel, simulate_panel
from solver.simulation.paths import draw_shocks
from solver.simulation.rest import come_to_rest

_STREAM = 5
#: What one request may take: by :func:`work_of` one to four seconds of one core, whatever the policy, and at most 0.7 GB.
MAX_WORK = 2.2e8
#: A call of NumPy costs as much as so much arithmetic, and a period takes a few dozens of them, however few the paths.
_WORK_OF_A_PERIOD = 10_000


@dataclass(frozen=True)
class Simulated:
    """Simulated paths by columns, one path after the other; NaN from where a path is lost.

    Attributes:
        n_lost: how many are.
        path: (n_rows,) number of the path.
        t: (n_rows,) number of the period.
        groups: ``states``, ``controls``, ``definitions`` and ``shocks``: by name, (n_rows,).
    """

    n_lost: int
    path: np.ndarray
    t: np.ndarray
    groups: Mapping[str, Mapping[str, np.ndarray]]


def generator(seed: int) -> np.random.Generator:
    """What every draw of a request comes from."""
    return np.random.default_rng([seed, _STREAM])


def check_work(policy: Policy, periods: int, paths: int) -> None:
    """Checks that simulating takes no longer than a request may.

    Args:
        policy: that is simulated.
        periods: of each path, those included that are not told.
        paths: side by side.

    Raises:
        RequestError: it does.
    """
    work = _WORK_OF_A_PERIOD + paths * work_of(policy)
    most = int(MAX_WORK / work)
    if periods > most:
        message = (
            f"{periods} periods (those burnt in and both runs of a response included) of {paths} paths are above {most}, "
            "the most that one request simulates of so many paths of this policy; ask for fewer periods or fewer paths"
        )
        raise RequestError([Fault(("periods" if most else "paths",), message)])


def work_of(policy: Policy) -> int:
    """Of one period of one path: units of the policy's layers, whose functions cost most, and arrays of variables."""
    model = policy.model
    n_variables = (
        len(policy.space.names) + len(model.controls) + len(model.definitions) + len(model.exogenous)
    )
    return sum(len(weight) for weight in policy.weights) + 6 * n_variables + 30


def simulate(evaluator: Evaluator, asked: SimulationRequest, max_rows: int) -> Simulated:
    """Paths from given states on.

    Raises:
        RequestError: more than one request may take.
        StateError: faults of the states of departure.
    """
    policy, paths = evaluator.policy, asked.paths
    if asked.periods * paths > max_rows:
        message = (
            f"{asked.periods} periods of {paths} paths are {asked.periods * paths} rows, above {max_rows}, the most that "
            "one answer has; ask for fewer, or for the moments"
        )
        raise RequestError([Fault(("periods",), message)])
    check_work(policy, asked.burn_in + asked.periods, paths)
    rng = generator(asked.seed)
    with located("initial"):
        evaluator.check_names(asked.initial, may_be_left_out=True)
        initial = departures(evaluator, asked.initial, paths, rng)
    draws = draw_shocks(policy.calibration.process, rng, asked.burn_in + asked.periods - 1, paths)
    panel = simulate_panel(policy, initial, draws).since(asked.burn_in)
    return Simulated(
        panel.n_lost,
        np.repeat(np.arange(paths), asked.periods),
        np.tile(np.arange(asked.periods), paths),
        {
            group: {name: values.T.ravel() for name, values in columns.items()}
            for group, columns in _groups(panel).items()
        },
    )


def departures(
    evaluator: Evaluator, given: Mapping[str, Column], paths: int, rng: np.random.Generator
) -> np.ndarray:
    """States of departure, (paths, n_columns): those given, for all paths or each, the others at their steady state.

    Raises:
        StateError: as many as there are no paths, or states at which the economy is not defined.
    """
    policy = evaluator.policy
    states = at_rest(policy, rng, paths)
    if not given:
        return states
    steady = {**policy.calibration.steady_state, REGIME: 0.0}
    columns = {name: given.get(name, steady[name]) for name in evaluator.state_names}
    rows = read_columns(columns, evaluator.state_names, MAX_PATHS)
    if len(rows) not in (1, paths):
        message = (
            f"there are {len(rows)} states of departure for {paths} paths; give one, or one for each path"
        )
        raise StateError([Fault((), message)])
    evaluator.evaluate(rows)
    keeps_drawn = policy.space.n_regimes > 1 and REGIME not in given
    n_given = policy.space.n_continuous if keeps_drawn else states.shape[1]
    states[:, :n_given] = rows[:, :n_given]
    return states


def moments_of(evaluator: Evaluator, asked: MomentsQuery) -> dict[str, Any]:
    """The moments of every variable in the long run.

    Raises:
        RequestError: more than one request may take.
    """
    policy = evaluator.policy
    check_work(policy, asked.burn_in + asked.periods, asked.paths)
    panel = ergodic_panel(policy, generator(asked.seed), asked.paths, asked.burn_in, asked.periods)
    found = moments(panel, asked.lags)
    return {
        "lost": found.n_lost,
        "mean": _named(found.names, found.mean),
        "standard_error": _named(found.names, found.standard_error),
        "standard_deviation": _named(found.names, found.standard_deviation),
        "correlation": {
            name: _named(found.names, row) for name, row in zip(found.names, found.correlation, strict=True)
        },
        "autocorrelation": _named(found.names, found.autocorrelation.T),
    }


def steady_state_of(evaluator: Evaluator) -> dict[str, Any]:
    """The calibration's steady state with the domain around it, and the policy's own."""
    policy = evaluator.policy
    rest = come_to_rest(policy)
    return {
        "calibration": policy.calibration.steady_state,
        "domain": policy.calibration.domain,
        "policy": [
            {
                "found": bool(rest.is_found[regime]),
                "change": float(rest.changes[regime]),
                **{
                    group: {name: float(values[0, regime]) for name, values in columns.items()}
                    for group, columns in _groups(rest.panel).items()
                },
            }
            for regime in range(policy.space.n_regimes)
        ],
    }


def _groups(panel: Panel) -> dict[str, Mapping[str, np.ndarray]]:
    return {
        "states": panel.states,
        "controls": panel.controls,
        "definitions": panel.definitions,
        "shocks": panel.shocks,
    }


def _named(names: tuple[str, ...], values: np.ndarray) -> dict[str, Any]:
    return dict(zip(names, values.tolist(), strict=True))
