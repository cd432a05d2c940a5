"""Paths of the economy under a policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.model.process import Process
from solver.policy.policy import Policy


@dataclass(frozen=True)
class Paths:
    """Simulated paths.

    Attributes:
        states: (periods + 1, paths, n_columns) states of the policy.
        controls: (periods + 1, paths, n_controls).
    """

    states: np.ndarray
    controls: np.ndarray


@dataclass(frozen=True)
class Draws:
    """What chance decides, period by period, the same for every path or each its own.

    Attributes:
        innovations: (periods, paths or 1, n_exogenous).
        chances: (periods, paths or 1) uniform on [0, 1): they move the regime.
    """

    innovations: np.ndarray
    chances: np.ndarray


def no_shocks(process: Process, periods: int) -> Draws:
    """Every innovation zero. The regime of a chain stays in the middle of what may follow."""
    return Draws(np.zeros((periods, 1, len(process.mean))), np.full((periods, 1), 0.5))


def draw_shocks(process: Process, rng: np.random.Generator, periods: int, paths: int) -> Draws:
    """Independent draws, for each path its own."""
    parts = process.innovations
    size = (periods, paths)
    chosen = rng.choice(len(parts), size=size, p=[part.weight for part in parts])
    innovations = np.zeros((*size, len(process.mean)))
    for index, part in enumerate(parts if len(process.mean) else ()):
        is_own = chosen == index
        innovations[is_own] = rng.multivariate_normal(
            part.mean, part.covariance, size=int(is_own.sum()), method="eigh"
        )
    return Draws(innovations, rng.uniform(size=size))


def simulate(policy: Policy, initial: np.ndarray, draws: Draws) -> Paths:
    """Follow the economy under a policy, all paths side by side.

    Args:
        policy: the decision rule.
        initial: (paths, n_columns) states of period 0.
        draws: of as many periods as to go on for.

    Returns:
        The paths; a path that leaves the states at which the economy is defined is NaN from there on.
    """
    process, space = policy.calibration.process, policy.space
    parameters = policy.calibration.parameter_vector()
    periods = len(draws.innovations)
    states = np.empty((periods + 1, *initial.shape))
    controls = np.empty((periods + 1, len(initial), len(policy.model.controls)))
    states[0] = initial
    ladder = np.cumsum(process.transitions, axis=1)
    for period in range(periods):
        today = policy.decide(states[period])
        controls[period] = today.controls
        regimes = np.zeros(len(initial), dtype=int)
        if space.n_regimes > 1:
            steps = ladder[states[period, :, -1].astype(int)]
            regimes = np.minimum((draws.chances[period][:, None] >= steps).sum(axis=1), space.n_regimes - 1)
        following = today.exogenous
        if space.n_exogenous:
            drift = process.mean + (today.exogenous - process.mean) @ process.persistence.T
            following = drift + draws.innovations[period] + process.values[regimes]
        moved = policy.economy.transition(parameters, today, following)
        states[period + 1] = space.join(np, following, moved, regimes.astype(float))
    controls[periods] = policy.evaluate(states[periods])
    return Paths(states, controls)
