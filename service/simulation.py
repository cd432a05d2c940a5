"""Paths, moments and the steady state of a solved policy, as they are asked over HTTP.

Everything is computed when it is asked for, from the seed: the same request is the same answer. What one request may take
is bounded beforehand, by a count of the arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from service.columns import read_columns
from service.errors import RequestError
from service.evaluation import Evaluator
from service.faults import located
from service.paths import Paths
from service.schemas.policies import Column
from service.schemas.simulations import MAX_PATHS, MomentsQuery, SimulationRequest
from solver.errors import Fault, StateError
from solver.model.state_space import REGIME
from solver.policy.policy import Policy
from solver.simulation.experiment import Experiment, generator, simulate_experiment
from solver.simulation.moments import moments
from solver.simulation.panel import ergodic_panel
from solver.simulation.rest import come_to_rest

#: What one request may take: by :func:`work_of` one to four seconds of one core, whatever the policy, and at most 0.7 GB.
MAX_WORK = 2.2e8
#: A call of NumPy costs as much as so much arithmetic, and a period takes a few dozens of them, however few the paths.
_WORK_OF_A_PERIOD = 10_000


def check_work(policy: Policy, periods: int, paths: int) -> None:
    """Checks that simulating takes no longer than a request may.

    Args:
        policy: that is simulated.
        periods: of each path, those included that are not told.
        paths: side by side.

    Raises:
        RequestError: it does.
    """
    most = most_periods(policy, paths, MAX_WORK)
    if periods > most:
        message = (
            f"{periods} periods (those burnt in and both runs of a response included) of {paths} paths are above {most}, "
            "the most that one request simulates of so many paths of this policy; ask for fewer periods or fewer paths"
        )
        raise RequestError([Fault(("periods" if most else "paths",), message)])


def most_periods(policy: Policy, paths: int, most_work: float) -> int:
    """The periods of so many paths, side by side, that take so much arithmetic."""
    return int(most_work / (_WORK_OF_A_PERIOD + paths * work_of(policy)))


def work_of(policy: Policy) -> int:
    """Of one period of one path: units of the policy's layers, whose functions cost most, and arrays of variables."""
    model = policy.model
    n_variables = (
        len(policy.space.names) + len(model.controls) + len(model.definitions) + len(model.exogenous)
    )
    return sum(len(weight) for weight in policy.weights) + 6 * n_variables + 30


def fits_request(policy: Policy, experiment: Experiment, max_rows: int) -> bool:
    """Whether one request may have the answer to an experiment."""
    periods = experiment.burn_in + experiment.periods
    return experiment.n_rows <= max_rows and periods <= most_periods(policy, experiment.paths, MAX_WORK)


def read_experiment(evaluator: Evaluator, asked: SimulationRequest) -> Experiment:
    """What a request asks to simulate, its states of departure checked.

    Raises:
        RequestError, StateError: faults of the states of departure.
    """
    with located("initial"):
        evaluator.check_names(asked.initial, may_be_left_out=True)
        check_departures(evaluator, asked.initial, asked.paths)
    return Experiment(asked.periods, asked.paths, asked.burn_in, asked.seed, asked.initial)


def simulate(evaluator: Evaluator, experiment: Experiment) -> Paths:
    """The paths of an experiment."""
    panel = simulate_experiment(evaluator.policy, experiment)
    return Paths(
        panel.n_lost,
        np.repeat(np.arange(experiment.paths), experiment.periods),
        np.tile(np.arange(experiment.periods), experiment.paths),
        {
            group: {name: values.T.ravel() for name, values in columns.items()}
            for group, columns in panel.groups().items()
        },
    )


def check_departures(evaluator: Evaluator, given: Mapping[str, Column], paths: int) -> None:
    """Checks states of departure, those given and the others at their steady state.

    Raises:
        StateError: as many as there are no paths, or states at which the economy is not defined.
    """
    if not given:
        return
    steady = {**evaluator.policy.calibration.steady_state, REGIME: 0.0}
    columns = {name: given.get(name, steady[name]) for name in evaluator.state_names}
    rows = read_columns(columns, evaluator.state_names, MAX_PATHS)
    if len(rows) not in (1, paths):
        message = (
            f"there are {len(rows)} states of departure for {paths} paths; give one, or one for each path"
        )
        raise StateError([Fault((), message)])
    evaluator.evaluate(rows)


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
                    for group, columns in rest.panel.groups().items()
                },
            }
            for regime in range(policy.space.n_regimes)
        ],
    }


def _named(names: tuple[str, ...], values: np.ndarray) -> dict[str, Any]:
    return dict(zip(names, values.tolist(), strict=True))
