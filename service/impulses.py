"""Impulse responses of a solved policy as they are asked over HTTP: which impulse, met where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from service.errors import RequestError
from service.evaluation import Evaluator
from service.faults import shown
from service.schemas.simulations import BURN_IN, ImpulseQuery
from service.simulation import check_departures, check_work
from solver.errors import Fault
from solver.model.state_space import REGIME
from solver.policy.policy import Policy
from solver.simulation.experiment import depart, generator
from solver.simulation.impulse import Impulse, innovations_of, respond
from solver.simulation.panel import ergodic_panel
from solver.simulation.paths import draw_shocks


def response_of(evaluator: Evaluator, asked: ImpulseQuery, given: Mapping[str, float]) -> dict[str, Any]:
    """The response to an impulse.

    Args:
        evaluator: the policy.
        asked: which impulse.
        given: states of departure; those left out of some are at their steady state.

    Raises:
        RequestError: an impulse that this model cannot have, or more than one request may take.
        StateError: faults of the states of departure.
    """
    policy = evaluator.policy
    impulse, told = _impulse(policy, asked)
    _check_departure(asked, given)
    is_ergodic = not given and asked.departure != "steady_state"
    burn_in = (asked.burn_in or BURN_IN) if is_ergodic else 0
    check_work(policy, burn_in + 2 * asked.periods, asked.paths)
    check_departures(evaluator, given, asked.paths)
    rng = generator(asked.seed)
    initial = (
        _long_run(policy, rng, asked.paths, burn_in)
        if is_ergodic
        else depart(policy, given, range(asked.paths), rng)
    )
    draws = draw_shocks(policy.calibration.process, rng, asked.periods, len(initial))
    found = respond(policy, initial, draws, impulse)
    parts = {
        "baseline": found.baseline,
        "response": found.response,
        "standard_error": found.standard_error,
    }
    return {
        "impulse": told,
        "lost": found.n_lost + asked.paths - len(initial),
        "t": list(range(asked.periods)),
        **{part: dict(zip(found.names, values.T.tolist(), strict=True)) for part, values in parts.items()},
    }


def _long_run(policy: Policy, rng: np.random.Generator, paths: int, burn_in: int) -> np.ndarray:
    """States (at most paths, n_columns) of the long run: of the paths that are still there."""
    panel = ergodic_panel(policy, rng, paths, burn_in, 1)
    states = np.stack([panel.states[name][0] for name in policy.space.names], axis=-1)
    return np.asarray(states[panel.is_defined[0]])


def _impulse(policy: Policy, asked: ImpulseQuery) -> tuple[Impulse, dict[str, float]]:
    """The impulse, and what is told of it."""
    process, names = policy.calibration.process, policy.model.exogenous
    if process.n_regimes > 1 and asked.shock == REGIME:
        return _change_of_regime(policy, asked)
    if asked.to is not None:
        raise _refusal("to", f"to = {asked.to} is for shock=regime alone; leave it out, and give the size")
    variance = np.diag(process.innovation_covariance)
    known = [name for name, its in zip(names, variance, strict=True) if its > 0]
    if process.n_regimes > 1:
        known.append(REGIME)
    if not known:
        raise _refusal(
            "shock",
            f"shock = {shown(asked.shock)} cannot come: nothing is left to chance in this model at this calibration; to "
            "see how it comes home from another state, POST …/simulate with initial",
        )
    listed = ", ".join(known)
    if asked.shock not in names:
        raise _refusal(
            "shock", f"{shown(asked.shock)} is none of this model's shocks; ask for one of: {listed}"
        )
    place = names.index(asked.shock)
    if np.any(process.values[:, place]):
        message = (
            f"{asked.shock} follows a Markov chain, whose impulse is a change of regime; ask for shock=regime and to, from "
            f"0 to {process.n_regimes - 1}"
        )
        raise _refusal("shock", message)
    if not variance[place] > 0:
        raise _refusal("shock", f"{asked.shock} does not vary at this calibration; ask for one of: {listed}")
    added = innovations_of(process, place, asked.size)
    told = {
        name: float(value) for name, value in zip(names, added, strict=True) if value or name == asked.shock
    }
    return Impulse(added), told


def _change_of_regime(policy: Policy, asked: ImpulseQuery) -> tuple[Impulse, dict[str, float]]:
    last = policy.space.n_regimes - 1
    if "size" in asked.model_fields_set:
        raise _refusal(
            "size", "size is for innovations, and shock=regime has none; leave it out, and give to"
        )
    if asked.to is None or asked.to > last:
        what = "to is missing" if asked.to is None else f"to = {asked.to} is above {last}"
        raise _refusal(
            "to", f"{what}: of shock=regime, give the regime of the first period, from 0 to {last}"
        )
    nothing = np.zeros(policy.space.n_exogenous)
    return Impulse(nothing, asked.to), {REGIME: float(asked.to)}


def _check_departure(asked: ImpulseQuery, given: Mapping[str, float]) -> None:
    """Checks that one departure is asked for, not two."""
    if given and asked.departure is not None:
        names = ", ".join(given)
        raise _refusal(
            "departure",
            f"departure = {shown(asked.departure)} and states of departure ({names}) are given; leave out one",
        )
    if asked.burn_in is not None and (given or asked.departure == "steady_state"):
        message = f"burn_in = {asked.burn_in} is for departure=ergodic; leave it out, or the other departure"
        raise _refusal("burn_in", message)


def _refusal(field: str, message: str) -> RequestError:
    return RequestError([Fault((field,), message)])
