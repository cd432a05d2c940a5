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
    values = np.stack([values[:, stays] for values in quantities.values()], axis=-1)
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
    """Of values (periods, paths, n)."""
    mean = values.mean(axis=(0, 1))
    deviations = values - mean
    flat = deviations.reshape(-1, len(names))
    covariance = flat.T @ flat / len(flat)
    deviation = np.sqrt(np.diag(covariance))
    varies = deviation > _CONSTANT * np.abs(mean)
    unit = np.where(varies, deviation, np.nan)
    correlation = np.clip(covariance / np.outer(unit, unit), -1.0, 1.0)
    correlation[np.diag(varies)] = 1.0
    return Moments(
        names=names,
        mean=mean,
        standard_error=_standard_error(values),
        standard_deviation=deviation,
        correlation=correlation,
        autocorrelation=np.array(
            [np.where(varies, _autocorrelation(deviations, lag), np.nan) for lag in range(1, lags + 1)]
        ),
        n_lost=n_lost,
    )


def _autocorrelation(deviations: np.ndarray, lag: int) -> np.ndarray:
    """(n,) the sum of products of deviations (periods, paths, n) that are ``lag`` apart, relative to their squares."""
    early, late = deviations[:-lag], deviations[lag:]
    size = np.sqrt((early**2).sum(axis=(0, 1)) * (late**2).sum(axis=(0, 1)))
    return np.asarray((early * late).sum(axis=(0, 1)) / size)


def _standard_error(values: np.ndarray) -> np.ndarray:
    """Of the means over values (periods, paths, n), by the method of batch means.

    Each path is cut into batches, as few as make :data:`MIN_BATCHES` of all paths together; the means of these are taken
    for independent.
    """
    periods, paths, n = values.shape
    count = math.ceil(MIN_BATCHES / paths)
    length = periods // count
    batches = values[: count * length].reshape(count, length, paths, n).mean(axis=1).reshape(-1, n)
    return np.asarray(batches.std(axis=0, ddof=1) / math.sqrt(len(batches)))
