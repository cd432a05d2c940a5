"""Checks of where the economy goes under a policy: home, or where others go that meet the same shocks, and not beyond."""

from __future__ import annotations

import numpy as np

from solver.diagnostics.case import Case
from solver.diagnostics.certificate import Check
from solver.simulation.paths import Paths, draw_shocks, no_shocks, simulate

PATH_PERIODS = 100
_HORIZON = 20 * PATH_PERIODS
_AROUND_PASS, _AROUND_WARN = 0.5, 1.0
_RETURN_PASS, _RETURN_WARN = 1e-3, 1e-2
_SLACK = 3.0
_LEAVE_PASS, _LEAVE_WARN = 0.3, 1.0


def check_around(case: Case, visited: np.ndarray) -> Check:
    """With shocks the deterministic steady state is no fixed point, but the economy's means must lie about it."""
    value = float(case.distance(visited.mean(axis=(0, 1))))
    return Check.of(
        "steady-state",
        value,
        _AROUND_PASS,
        _AROUND_WARN,
        "How far the means of the states along simulated paths are from the deterministic steady state, in half "
        "domains.",
    )


def check_convergence(case: Case, paths: Paths, spectral_radius: Check) -> Check:
    """From the corners of the domain, and from random states of it, the economy must come home.

    Where its largest root is so near one that this takes longer than anybody looks, it must be as far on its way as
    that root explains; then the check warns.
    """
    periods, states = PATH_PERIODS, paths.states[-1]
    draws = no_shocks(case.calibration.process, PATH_PERIODS)
    while periods < _HORIZON and np.any(case.distance(states) > _RETURN_PASS):
        states = simulate(case.policy, states, draws).states[-1]
        periods += PATH_PERIODS
    value = float(case.distance(states).max())
    return Check.of(
        "convergence",
        value,
        _RETURN_PASS,
        max(_RETURN_WARN, _on_its_way(spectral_radius, periods)),
        f"How far from the steady state, in half domains, paths from the corners of the domain and from "
        f"random states still are after {periods} periods.",
    )


def check_meeting(case: Case, rng: np.random.Generator, ends: np.ndarray, spectral_radius: Check) -> Check:
    """Economies that start at different corners in the same regime and meet the same shocks must become one.

    As long as the largest root explains that they have not yet, the check warns.
    """
    groups = case.policy.space.n_regimes
    states, periods, gap = ends, 0, np.inf
    while periods < _HORIZON and not gap <= _RETURN_PASS:
        draws = draw_shocks(case.calibration.process, rng, PATH_PERIODS, 1)
        states = simulate(case.policy, states, draws).states[-1]
        periods += PATH_PERIODS
        scaled = case.scaled(states).reshape(groups, len(ends) // groups, -1)
        gap = float((scaled.max(axis=1) - scaled.min(axis=1)).max())
    return Check.of(
        "convergence",
        gap,
        _RETURN_PASS,
        max(10 * _RETURN_WARN, _on_its_way(spectral_radius, periods)),
        "How far apart, in half domains, paths from the corners of the domain that meet the same shocks still are "
        f"after {periods} periods.",
    )


def _on_its_way(spectral_radius: Check, periods: int) -> float:
    """How much of a distance the largest root may leave after some periods, at most 1; 0 where it is not below one."""
    root = spectral_radius.value
    return min(_SLACK * root**periods, 1.0) if root is not None and root < 1 else 0.0


def check_stays(case: Case, visited: np.ndarray) -> Check:
    """Paths should not go where the policy is extrapolated; what they meet there is in the ergodic errors."""
    beyond = np.abs(case.scaled(visited)).max(axis=-1) - 1
    value = np.quantile(beyond, 0.99) if case.is_random else beyond.max()
    which = (
        "99 % of the periods of simulated paths"
        if case.is_random
        else "paths from its corners and from random states"
    )
    return Check.of(
        "stays-in-domain",
        float(np.maximum(value, 0.0)),
        _LEAVE_PASS,
        _LEAVE_WARN,
        f"How far beyond the domain, in half domains, {which} go: the policy is extrapolated there.",
    )
