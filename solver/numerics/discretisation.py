"""Markov chains in the place of autoregressive processes ``x' = (1 - ρ) mean + ρ x + σ ε``, ε standard normal.

Rouwenhorst's chain has the process's conditional and unconditional means, its variance and its autocorrelation exactly at
any persistence and for any number of states (Kopecky and Suen 2010); Tauchen's has none of them exactly and gets poor as
ρ approaches one, but places states freely.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from scipy.special import comb, ndtr

_PROBABILITY_TOLERANCE = 1e-9


class Chain(NamedTuple):
    """A Markov chain.

    Attributes:
        values: (n,) what the chain takes in each of its states; (n, k) where it stands for k variables.
        transitions: (n, n) probability of going from state (row) to state (column).
    """

    values: np.ndarray
    transitions: np.ndarray


def rouwenhorst(
    n: int, persistence: float, standard_deviation_of_innovation: float, mean: float = 0.0
) -> Chain:
    """Rouwenhorst's chain: n equally spaced states over ``mean ± √(n - 1)`` unconditional standard deviations.

    Of n - 1 independent two-state chains that each stay with probability ``(1 + ρ) / 2`` it counts those that are up; so
    each row is the law of a sum of two binomials.

    Source: Rouwenhorst (1995); Kopecky and Suen (2010), Review of Economic Dynamics 13, with p = q = (1 + ρ) / 2.

    Args:
        n: number of states.
        persistence: ρ, within (-1, 1).
        standard_deviation_of_innovation: σ.
        mean: unconditional mean of the process.

    Returns:
        ``values`` (n,), ascending, and ``transitions`` (n, n).

    Raises:
        ValueError: there is no state, ρ is outside (-1, 1), σ is negative, or one of them is not finite.
    """
    deviation = _standard_deviation(n, persistence, standard_deviation_of_innovation, mean)
    spread = np.sqrt(n - 1) * deviation
    stay, leave = (1 + persistence) / 2, (1 - persistence) / 2
    rows = [np.convolve(_binomial(up, stay), _binomial(n - 1 - up, leave)) for up in range(n)]
    return Chain(mean + np.linspace(-spread, spread, n) if n > 1 else np.array([mean]), np.array(rows))


def tauchen(
    n: int,
    persistence: float,
    standard_deviation_of_innovation: float,
    mean: float = 0.0,
    width: float = 3.0,
) -> Chain:
    """Tauchen's chain: each of n equally spaced states takes the probability of what is nearest to it.

    Source: Tauchen (1986), Economics Letters 20.

    Args:
        n: number of states.
        persistence: ρ, within (-1, 1).
        standard_deviation_of_innovation: σ, positive.
        mean: unconditional mean of the process.
        width: unconditional standard deviations from the mean to the outermost states.

    Returns:
        ``values`` (n,), ascending, and ``transitions`` (n, n).

    Raises:
        ValueError: there is no state, ρ is outside (-1, 1), σ is not positive, ``width`` is not positive, or one of
            them is not finite.
    """
    spread = width * _standard_deviation(n, persistence, standard_deviation_of_innovation, mean)
    if not (np.isfinite(spread) and spread > 0):
        raise ValueError(
            f"width = {width} and a standard deviation of {standard_deviation_of_innovation} must be positive"
        )
    if n == 1:
        return Chain(np.array([mean]), np.ones((1, 1)))
    deviations = np.linspace(-spread, spread, n)
    midpoints = (deviations[1:] + deviations[:-1]) / 2
    below = ndtr((midpoints - persistence * deviations[:, None]) / standard_deviation_of_innovation)
    return Chain(mean + deviations, np.diff(below, prepend=0.0, append=1.0, axis=1))


def combine(chains: Sequence[Chain]) -> Chain:
    """The chain of independent chains side by side.

    Args:
        chains: of n_1, n_2, … states; the last one's state varies fastest.

    Returns:
        ``values`` (R, k), R = n_1 n_2 …, one column for each variable in order, and ``transitions`` (R, R), the Kronecker
        product of the chains'.
    """
    return reduce(_pair, chains, Chain(np.zeros((1, 0)), np.ones((1, 1))))


def _pair(left: Chain, right: Chain) -> Chain:
    n_left, n_right = len(left.values), len(right.values)
    columns = right.values.reshape(n_right, -1)
    values = np.hstack([np.repeat(left.values, n_right, axis=0), np.tile(columns, (n_left, 1))])
    return Chain(values, np.kron(left.transitions, right.transitions))


def stationary_distribution(transitions: np.ndarray) -> np.ndarray:
    """The distribution π with ``π P = π``; of least norm where a chain that falls apart has several.

    Args:
        transitions: P, (n, n); each row is a distribution.

    Returns:
        (n,) probabilities.

    Raises:
        ValueError: P is no matrix of transition probabilities.
    """
    transitions = np.asarray(transitions, dtype=float)
    n = len(transitions)
    if n == 0 or transitions.shape != (n, n):
        raise ValueError(f"transitions of shape {transitions.shape} must be a square matrix")
    sums = transitions.sum(axis=1)
    if not ((transitions >= 0).all() and (np.abs(sums - 1) <= _PROBABILITY_TOLERANCE).all()):
        raise ValueError(
            "transition probabilities must not be negative, and each row of them must sum to one; "
            f"the sums are {sums.tolist()}"
        )
    conditions = np.vstack([transitions.T - np.eye(n), np.ones((1, n))])
    solution = np.linalg.lstsq(conditions, np.append(np.zeros(n), 1.0), rcond=1e-13)[0]
    probabilities = np.maximum(solution, 0.0)
    return np.asarray(probabilities / probabilities.sum())


def _binomial(trials: int, probability: float) -> np.ndarray:
    """Probabilities of 0 … trials successes."""
    successes = np.arange(trials + 1)
    chances = probability**successes * (1 - probability) ** (trials - successes)
    return np.asarray(comb(trials, successes) * chances)


def _standard_deviation(n: int, persistence: float, innovation: float, mean: float) -> float:
    """The process's unconditional standard deviation, once its numbers are checked."""
    if n < 1:
        raise ValueError(f"n = {n} must be at least 1")
    if not -1 < persistence < 1:
        raise ValueError(f"persistence = {persistence} must be above -1 and below 1")
    if not (np.isfinite(innovation) and innovation >= 0):
        raise ValueError(f"standard_deviation_of_innovation = {innovation} must be finite and not negative")
    if not np.isfinite(mean):
        raise ValueError(f"mean = {mean} must be finite")
    return float(innovation / np.sqrt(1 - persistence**2))
