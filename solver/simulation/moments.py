"""Moments of every variable in the long run, from simulated paths.

The moments of a nonlinear economy have no formula, so they are those of a sample, and the standard errors of the means
tell how large it is: periods of one path resemble each other, and count for less than as many independent ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from solver.simulation.panel import Panel

#: Batches that the standard errors rest on, at least.
MIN_BATCHES = 32
#: A variable that varies by less than this share of its size does not vary.
_CONSTANT = 1e-12


@dataclass(frozen=True)
class Moments:
    """Moments of n variables over the paths that stay where the economy is defined; NaN where there is none.

    Attributes:
        names: of the variables.
        mean: (n,).
        standard_error: (n,) of the means.
        standard_deviation: (n,).
        correlation: (n, n); NaN for a variable that does not vary.
        autocorrelation: (lags, n) from one period on; likewise.
        n_lost: paths that do not stay, and are left out.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    standard_error: np.ndarray
    standard_deviation: np.ndarray
    correlation: np.ndarray
    autocorrelation: np.ndarray
    n_lost: int


def moments(panel: Panel, lags: int) -> Moments:
    """The moments of a panel from the long run.

    Args:
        panel: of at least :data:`MIN_BATCHES` periods, and more than ``lags``.
        lags: how many autocorrelations.
    """
    quantities = panel.quantities()
    stays = panel.is_defined[-1]
    # Variables first: each is one piece of memory, whose products need no more of it.
    values = np.stack([values[:, stays] for values in quantities.values()])
    n = len(quantities)
    if not stays.any():
        none = np.full(n, np.nan)
        every_lag = np.full((lags, n), np.nan)
        return Moments(tuple(quantities), none, none, none, np.full((n, n), np.nan), every_lag, panel.n_lost)
    with np.errstate(
        all="ignore"
    ):  # paths may be finite and their squares not; a constant has no correlation
        return _moments(tuple(quantities), values, lags, panel.n_lost)


def _moments(names: tuple[str, ...], values: np.ndarray, lags: int, n_lost: int) -> Moments:
    """Of values (n, periods, paths), which are overwritten."""
    error = _standard_error(values)
    mean = values.mean(axis=(1, 2))
    values -= mean[:, None, None]
    flat = values.reshape(len(names), -1)
    covariance = flat @ flat.T / flat.shape[1]
    deviation = np.sqrt(np.diag(covariance))
    varies = deviation > _CONSTANT * np.abs(mean)
    unit = np.where(varies, deviation, np.nan)
    correlation = np.clip(covariance / np.outer(unit, unit), -1.0, 1.0)
    correlation[np.diag(varies)] = 1.0
    autocorrelation = [[_autocorrelation(own, lag) for own in values] for lag in range(1, lags + 1)]
    return Moments(
        names=names,
        mean=mean,
        standard_error=error,
        standard_deviation=deviation,
        correlation=correlation,
        autocorrelation=np.where(varies, autocorrelation, np.nan),
        n_lost=n_lost,
    )


def _autocorrelation(deviations: np.ndarray, lag: int) -> float:
    """The sum of products of deviations (periods, paths) that are ``lag`` apart, relative to their squares."""
    early, late = deviations[:-lag], deviations[lag:]
    return float(np.vdot(early, late) / np.sqrt(np.vdot(early, early) * np.vdot(late, late)))


def _standard_error(values: np.ndarray) -> np.ndarray:
    """(n,) of the means over values (n, periods, paths), by the method of batch means.

    Each path is cut into batches, as few as make :data:`MIN_BATCHES` of all paths together; the means of these are taken
    for independent.
    """
    n, periods, paths = values.shape
    count = math.ceil(MIN_BATCHES / paths)
    length = periods // count
    batches = values[:, : count * length].reshape(n, count, length, paths).mean(axis=2).reshape(n, -1)
    return np.asarray(batches.std(axis=1, ddof=1) / math.sqrt(batches.shape[1]))
