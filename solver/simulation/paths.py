"""Paths of the economy under a policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solver.model.economy import Date
from solver.model.process import Process
from solver.policy.policy import Policy

#: Paths that are followed side by side: their arrays fit into a cache.
_BLOCK = 1000


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


def simulate(
    policy: Policy, initial: np.ndarray, draws: Draws, on_period: Callable[[], None] | None = None
) -> Paths:
    """Follow the economy under a policy, all paths side by side.

    Args:
        policy: the decision rule.
        initial: (paths, n_columns) states of period 0.
        draws: of as many periods as to go on for.
        on_period: called after each of them; what it raises ends the simulation.

    Returns:
        The paths; a path that leaves the states at which the economy is defined is NaN from there on.
    """
    process = policy.calibration.process
    periods = len(draws.innovations)
    states = np.empty((periods + 1, *initial.shape))
    controls = np.empty((periods + 1, len(initial), len(policy.model.controls)))
    states[0] = initial
    for period in range(periods):
        today = policy.decide(states[period])
        controls[period] = today.controls
        regimes = next_regimes(process, states[period], draws.chances[period])
        states[period + 1] = follow(policy, today, draws.innovations[period], regimes)
        if on_period is not None:
            on_period()
    controls[periods] = policy.evaluate(states[periods])
    return Paths(states, controls)


def simulate_in_blocks(
    policy: Policy, initial: np.ndarray, draws: Draws, on_period: Callable[[], None] | None = None
) -> Paths:
    """The same for any number of paths, each with draws of its own, by as many at a time as a processor's cache holds."""
    starts = range(0, max(len(initial), 1), _BLOCK)
    blocks = [
        simulate(
            policy,
            initial[start : start + _BLOCK],
            Draws(draws.innovations[:, start : start + _BLOCK], draws.chances[:, start : start + _BLOCK]),
            on_period,
        )
        for start in starts
    ]
    if len(blocks) == 1:
        return blocks[0]
    return Paths(
        np.concatenate([block.states for block in blocks], axis=1),
        np.concatenate([block.controls for block in blocks], axis=1),
    )


def next_regimes(process: Process, states: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """The regimes (n,) that follow on states (n, n_columns) as chances, (n,) or (1,), have it; zero without a chain."""
    if process.n_regimes == 1:
        return np.zeros(len(states), dtype=int)
    steps = np.cumsum(process.transitions, axis=1)[states[:, -1].astype(int)]
    return np.asarray(np.minimum((chances[:, None] >= steps).sum(axis=1), process.n_regimes - 1))


def follow(policy: Policy, today: Date, innovations: np.ndarray, regimes: np.ndarray) -> np.ndarray:
    """The states of the next period.

    Args:
        policy: the decision rule.
        today: what it decided, n rows.
        innovations: (n or 1, n_exogenous).
        regimes: (n,) of the next period, whole numbers.

    Returns:
        (n, n_columns); NaN where the economy is not defined.
    """
    process, space = policy.calibration.process, policy.space
    following = today.exogenous
    if space.n_exogenous:
        drift = process.mean + (today.exogenous - process.mean) @ process.persistence.T
        following = drift + innovations + process.values[regimes]
    moved = policy.economy.transition(policy.calibration.parameter_vector(), today, following)
    return np.asarray(space.join(np, following, moved, regimes.astype(float)))
