"""The laws of exogenous variables as a file declares them, nothing computed yet.

A model's exogenous variables are split into independent blocks, each with one law. Laws are undated expressions of
parameters, and of other calibrated names that do not depend on an exogenous variable.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from solver.language.tree import Expression, Operation

Vector = tuple[Expression, ...]
Matrix = tuple[Vector, ...]


@dataclass(frozen=True)
class Normal:
    """Independent over time: ``m' ~ N(mean, covariance)``."""

    mean: Vector
    covariance: Matrix


@dataclass(frozen=True)
class Autoregression:
    """First-order: ``m' = mean + persistence (m - mean) + e'`` with ``e' ~ N(0, covariance)``."""

    mean: Vector
    persistence: Matrix
    covariance: Matrix


@dataclass(frozen=True)
class MarkovChain:
    """A chain of regimes: regime r has the values ``values[r]`` and is followed by r' with ``transitions[r][r']``."""

    values: Matrix
    transitions: Matrix


@dataclass(frozen=True)
class Discretised:
    """A Markov chain of ``n`` regimes in the place of an autoregression of one variable.

    ``method`` is ``"rouwenhorst"`` or ``"tauchen"``.
    """

    autoregression: Autoregression
    method: str
    n: int


@dataclass(frozen=True)
class Constant:
    """Always the same."""

    values: Vector


@dataclass(frozen=True)
class Mixture:
    """Independent over time: a draw of component i with probability ``weights[i]``."""

    weights: Vector
    components: tuple[Normal, ...]


Law = Normal | Autoregression | MarkovChain | Discretised | Constant | Mixture


@dataclass(frozen=True)
class Block:
    """Exogenous variables that follow one law together, independent of all others."""

    names: tuple[str, ...]
    law: Law


def regimes_of(law: Law) -> int:
    """Regimes of a law, 1 where it is no chain."""
    if isinstance(law, MarkovChain):
        return len(law.values)
    return law.n if isinstance(law, Discretised) else 1


def mean_of(law: Law) -> Vector | None:
    """The long-run mean of a law; None for a Markov chain, whose mean no expression gives."""
    if isinstance(law, MarkovChain):
        return None
    if isinstance(law, Discretised):
        return law.autoregression.mean
    if isinstance(law, Constant):
        return law.values
    if isinstance(law, Mixture):
        return tuple(
            _weighted_sum(law.weights, means)
            for means in zip(*(component.mean for component in law.components), strict=True)
        )
    return law.mean


def _weighted_sum(weights: Vector, values: Vector) -> Expression:
    terms = (Operation("*", pair) for pair in zip(weights, values, strict=True))
    return functools.reduce(lambda total, term: Operation("+", (total, term)), terms)
