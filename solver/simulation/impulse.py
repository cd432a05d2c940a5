"""Generalised impulse responses: what a shock changes, on average over where it meets the economy and over what follows.

In a nonlinear economy a response depends on the state that the shock meets and on the shocks after it, so it is the mean
over many paths of the difference that the shock makes on each, everything else the same (Koop, Pesaran and Potter 1996,
Journal of Econometrics 74). In a linear one every path gives the same difference, the textbook's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.model.process import Process
from solver.policy.policy import Policy
from solver.simulation.panel import Panel, record
from solver.simulation.paths import Draws, follow, next_regimes, simulate_in_blocks


@dataclass(frozen=True)
class Impulse:
    """What happens in the first period.

    Attributes:
        innovations: (n_exogenous,) added to those that are drawn.
        regime: that the chain moves to, instead of the one that is drawn; None where it is left alone.
    """

    innovations: np.ndarray
    regime: int | None = None


@dataclass(frozen=True)
class Responses:
    """Responses of n variables, from the period of the impulse on; NaN where no path is left.

    Attributes:
        names: of the variables.
        baseline: (periods, n) means along the paths without the impulse.
        response: (periods, n) means of the differences that it makes.
        standard_error: (periods, n) of these means.
        n_lost: paths that leave where the economy is defined, with or without the impulse, and are left out.
    """

    names: tuple[str, ...]
    baseline: np.ndarray
    response: np.ndarray
    standard_error: np.ndarray
    n_lost: int


def innovations_of(process: Process, place: int, size: float) -> np.ndarray:
    """(n_exogenous,) what is to be expected of all innovations when one is ``size`` standard deviations.

    ``size Σ_j / sqrt(Σ_jj)`` with the covariance Σ of the innovations: correlated ones move along (Pesaran and Shin 1998,
    Economics Letters 58), independent ones stay.

    Args:
        process: whose innovations.
        place: j, of a variable whose innovations vary.
        size: in standard deviations.
    """
    covariance = process.innovation_covariance
    return np.asarray(size * covariance[:, place] / np.sqrt(covariance[place, place]))


def respond(policy: Policy, initial: np.ndarray, draws: Draws, impulse: Impulse) -> Responses:
    """The responses to an impulse.

    Args:
        policy: the decision rule.
        initial: (paths, n_columns) states of the period before the impulse.
        draws: for each path its own, of as many periods as are answered for.
        impulse: what happens in the first of them.
    """
    nothing = Impulse(np.zeros_like(impulse.innovations))
    without, shocked = (_panel(policy, initial, draws, one) for one in (nothing, impulse))
    stays = without.is_defined[-1] & shocked.is_defined[-1]
    quantities = without.quantities()
    baseline, struck = (
        np.stack([values[:, stays] for values in panel.quantities().values()], axis=-1)
        for panel in (without, shocked)
    )
    n_paths = int(stays.sum())
    shape = (len(baseline), len(quantities))
    none = np.full(shape, np.nan)
    difference = struck - baseline
    with np.errstate(all="ignore"):  # differences may be finite and their squares not
        error = difference.std(axis=1, ddof=1) / np.sqrt(n_paths) if n_paths > 1 else none
    return Responses(
        names=tuple(quantities),
        baseline=baseline.mean(axis=1) if n_paths else none,
        response=difference.mean(axis=1) if n_paths else none,
        standard_error=error,
        n_lost=len(stays) - n_paths,
    )


def _panel(policy: Policy, initial: np.ndarray, draws: Draws, impulse: Impulse) -> Panel:
    innovations = draws.innovations.copy()
    innovations[0] += impulse.innovations
    with np.errstate(all="ignore"):
        today = policy.decide(initial)
        regimes = next_regimes(policy.calibration.process, initial, draws.chances[0])
        if impulse.regime is not None:
            regimes = np.full_like(regimes, impulse.regime)
        first = follow(policy, today, innovations[0], regimes)
        paths = simulate_in_blocks(policy, first, Draws(innovations[1:], draws.chances[1:]))
    return record(policy, paths, innovations)
