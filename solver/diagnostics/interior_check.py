"""The check that no control sits where the economy ends."""

from __future__ import annotations

import numpy as np

from solver.diagnostics.case import Case
from solver.diagnostics.certificate import Check
from solver.model.consumption import consumption
from solver.model.economy import Date

_EDGE_PASS, _EDGE_WARN = 0.0, 0.01
_MARGIN = 1e-3


def check_interior(case: Case, states: np.ndarray) -> Check:
    """A policy that saves everything, or nothing, sits where a slightly larger or smaller control ends the economy."""
    today = case.policy.decide(states)
    size = np.maximum(np.abs(case.calibration.control_steady()), np.abs(today.controls).max(axis=0))
    moves = _MARGIN * np.diag(np.where(size > 0, size, 1.0))
    is_interior = np.ones(len(states), dtype=bool)
    process, space = case.calibration.process, case.policy.space
    # What is expected tomorrow without a change of regime.
    regimes = states[:, -1] if space.n_regimes > 1 else np.zeros(len(states))
    following = process.mean + (today.exogenous - process.mean) @ process.persistence.T
    following = following + process.values[regimes.astype(int)]
    for move in (*moves, *-moves):
        moved = today._replace(controls=today.controls + move)
        next_states = case.policy.economy.transition(case.parameters, moved, following)
        is_interior &= _is_defined(case, moved)
        is_interior &= _is_defined(case, case.policy.decide(space.join(np, following, next_states, regimes)))
    value = float(np.mean(~is_interior))
    return Check.of(
        "interior",
        value,
        _EDGE_PASS,
        _EDGE_WARN,
        f"Share of states at which moving a control by {100 * _MARGIN:g} % of its size would end the "
        "economy (no consumption today or tomorrow, or an equation undefined): an artificial bound.",
    )


def _is_defined(case: Case, today: Date) -> np.ndarray:
    """(n,) whether every definition is finite and consumption, where there is one, positive."""
    definitions = case.policy.economy.definitions(case.parameters, today)
    values = np.stack([*np.moveaxis(today.controls, -1, 0), *definitions.values()])
    is_defined: np.ndarray = np.isfinite(values).all(axis=0)
    eaten = consumption(case.policy.economy, case.parameters, today)
    return is_defined if eaten is None else is_defined & (eaten > 0)
