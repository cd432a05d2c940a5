"""The exogenous variables in numbers: the laws of a file at given parameters.

All blocks together are one process: ``m' = values[r'] + mean + persistence (m - mean) + e'``, where r is the regime of
a Markov chain and e' an independent draw from a mixture of normals. Variables of chains have no mean, persistence or
innovation, the others no values.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from solver.errors import CalibrationError, Fault
from solver.language.tree import Expression
from solver.model.exogenous import (
    Autoregression,
    Block,
    Constant,
    Discretised,
    MarkovChain,
    Mixture,
    Normal,
)
from solver.numerics.discretisation import Chain, combine, rouwenhorst, stationary_distribution, tauchen
from solver.numerics.quadrature import gauss_hermite

Evaluate = Callable[[Sequence[Expression]], np.ndarray]

MAX_REGIMES = 64
MAX_COMPONENTS = 16
_PROBABILITY_TOLERANCE = 1e-8
_DISCRETISATIONS: dict[str, Callable[[int, float, float, float], Chain]] = {
    "rouwenhorst": rouwenhorst,
    "tauchen": tauchen,
}


@dataclass(frozen=True)
class Component:
    """One normal of a mixture: with probability ``weight``, ``e' ~ N(mean (n,), covariance (n, n))``."""

    weight: float
    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class Process:
    """The law of all exogenous variables.

    Attributes:
        mean: (n_exogenous,); zero for those of a chain.
        persistence: (n_exogenous, n_exogenous).
        innovations: the mixture of e'; its mean is zero.
        values: (n_regimes, n_exogenous); zero but for those of a chain, and all zero where there is one regime.
        transitions: (n_regimes, n_regimes) probabilities of the next regime, a row for each of today's.
    """

    mean: np.ndarray
    persistence: np.ndarray
    innovations: tuple[Component, ...]
    values: np.ndarray
    transitions: np.ndarray

    @property
    def n_regimes(self) -> int:
        """Number of regimes, 1 where there is no chain."""
        return len(self.values)

    @property
    def innovation_covariance(self) -> np.ndarray:
        """(n_exogenous, n_exogenous) covariance of e'."""
        total = np.zeros_like(self.persistence)
        for part in self.innovations:
            total += part.weight * (part.covariance + np.outer(part.mean, part.mean))
        return total

    @property
    def is_random(self) -> bool:
        """Whether anything of the next period is left to chance."""
        return self.n_regimes > 1 or bool(np.any(self.innovation_covariance))

    def stationary_regimes(self) -> np.ndarray:
        """(n_regimes,) long-run share of time in each regime."""
        return stationary_distribution(self.transitions)

    def stationary_mean(self) -> np.ndarray:
        """(n_exogenous,) long-run means."""
        return np.asarray(self.mean + self.stationary_regimes() @ self.values)


@dataclass(frozen=True)
class _Part:
    """A block's share of the process, in its own variables."""

    mean: np.ndarray
    persistence: np.ndarray
    innovations: tuple[Component, ...]
    values: np.ndarray
    transitions: np.ndarray


def build_process(blocks: Sequence[Block], evaluate: Evaluate) -> Process:
    """The process of some blocks.

    Args:
        blocks: in the order of the exogenous variables.
        evaluate: numbers of undated expressions.

    Raises:
        CalibrationError: a covariance that is none, probabilities that do not sum to one, an explosive autoregression.
    """
    faults: list[Fault] = []
    parts = []
    for block in blocks:
        part = _part(block, evaluate)
        faults.extend(_check(block, part))
        parts.append(part)
    n_regimes = math.prod(len(part.values) for part in parts)
    n_components = math.prod(len(part.innovations) for part in parts)
    for count, most, what in (
        (n_regimes, MAX_REGIMES, "regimes of its Markov chains together"),
        (n_components, MAX_COMPONENTS, "components of its mixtures together"),
    ):
        if count > most:
            faults.append(Fault(("exogenous",), f"the model has {count} {what}, above {most}: take fewer"))
    if faults:
        raise CalibrationError(faults)
    return _combine([_normalised(part) for part in parts])


def _normalised(part: _Part) -> _Part:
    """The same law with probabilities that sum to one, not just nearly; a chain of one regime becomes a constant."""
    total = sum(one.weight for one in part.innovations)
    shift = np.asarray(sum(one.weight * one.mean for one in part.innovations) / total)
    constant = part.values[0] if len(part.values) == 1 else np.zeros_like(part.mean)
    return dataclasses.replace(
        part,
        mean=part.mean + shift + constant,
        values=part.values - constant,
        innovations=tuple(
            Component(one.weight / total, one.mean - shift, one.covariance) for one in part.innovations
        ),
        transitions=part.transitions / part.transitions.sum(axis=1, keepdims=True),
    )


def _combine(parts: Sequence[_Part]) -> Process:
    if not parts:
        empty = np.zeros((0, 0))
        component = Component(1.0, np.zeros(0), empty)
        return Process(np.zeros(0), empty, (component,), np.zeros((1, 0)), np.ones((1, 1)))
    chain = combine([Chain(part.values, part.transitions) for part in parts])
    components = []
    for chosen in itertools.product(*(part.innovations for part in parts)):
        weight = float(np.prod([component.weight for component in chosen]))
        mean = np.concatenate([component.mean for component in chosen])
        components.append(Component(weight, mean, block_diag(*[one.covariance for one in chosen])))
    return Process(
        mean=np.concatenate([part.mean for part in parts]),
        persistence=block_diag(*[part.persistence for part in parts]),
        innovations=tuple(components),
        values=chain.values,
        transitions=chain.transitions,
    )


def _part(block: Block, evaluate: Evaluate) -> _Part:
    law, n = block.law, len(block.names)
    zero, none = np.zeros(n), np.zeros((n, n))
    still = (Component(1.0, zero, none),)
    one_regime = np.zeros((1, n)), np.ones((1, 1))
    if isinstance(law, MarkovChain):
        return _Part(zero, none, still, _matrix(law.values, evaluate), _matrix(law.transitions, evaluate))
    if isinstance(law, Discretised):
        return _Part(zero, none, still, *_chain_of(law, evaluate))
    if isinstance(law, Constant):
        return _Part(evaluate(law.values), none, still, *one_regime)
    if isinstance(law, Autoregression):
        innovation = Component(1.0, zero, _matrix(law.covariance, evaluate))
        return _Part(evaluate(law.mean), _matrix(law.persistence, evaluate), (innovation,), *one_regime)
    if isinstance(law, Normal):
        return _Part(
            evaluate(law.mean), none, (Component(1.0, zero, _matrix(law.covariance, evaluate)),), *one_regime
        )
    return _mixture(law, evaluate, none, one_regime)


def _chain_of(law: Discretised, evaluate: Evaluate) -> tuple[np.ndarray, np.ndarray]:
    """Values (n, 1) and transitions (n, n) of the chain; not finite where the autoregression is none."""
    own = law.autoregression
    mean = evaluate(own.mean).item()
    persistence, variance = (_matrix(rows, evaluate).item() for rows in (own.persistence, own.covariance))
    if not (abs(persistence) < 1 and 0 <= variance < np.inf and np.isfinite(mean)):
        return np.full((law.n, 1), np.nan), np.full((law.n, law.n), np.nan)
    chain = _DISCRETISATIONS[law.method](law.n, persistence, float(np.sqrt(variance)), mean)
    return chain.values[:, None], chain.transitions


def _mixture(
    law: Mixture, evaluate: Evaluate, none: np.ndarray, one_regime: tuple[np.ndarray, np.ndarray]
) -> _Part:
    weights = evaluate(law.weights)
    means = np.array([evaluate(component.mean) for component in law.components])
    mean = weights @ means
    innovations = tuple(
        Component(float(weight), own - mean, _matrix(component.covariance, evaluate))
        for weight, own, component in zip(weights, means, law.components, strict=True)
    )
    return _Part(mean, none, innovations, *one_regime)


def _matrix(rows: Sequence[Sequence[Expression]], evaluate: Evaluate) -> np.ndarray:
    return np.array([evaluate(row) for row in rows])


def _check(block: Block, part: _Part) -> Iterator[Fault]:
    names = ", ".join(block.names)
    arrays = [part.mean, part.persistence, part.values, part.transitions]
    arrays += [np.append(one.covariance, one.weight) for one in part.innovations]
    if not all(np.isfinite(array).all() for array in arrays):
        yield Fault(
            ("exogenous",), f"the law of {names} has numbers that are not finite", symbol=block.names[0]
        )
        return
    for what, table in (
        ("transition probabilities", part.transitions),
        ("probabilities of its mixture", np.array([[one.weight for one in part.innovations]])),
    ):
        totals = table.sum(axis=1)
        if table.min() < 0 or np.abs(totals - 1).max() > _PROBABILITY_TOLERANCE:
            shown = ", ".join(f"{total:g}" for total in totals)
            message = f"the {what} of {names} must be at least 0 and sum to 1, and they sum to {shown}"
            yield Fault(("exogenous",), message, symbol=block.names[0])
    for component in part.innovations:
        try:
            gauss_hermite(component.mean, component.covariance, 1)
        except ValueError:
            message = f"the covariance of {names} must be symmetric and without negative eigenvalues"
            yield Fault(("exogenous",), message, symbol=block.names[0])
    radius = np.abs(np.linalg.eigvals(part.persistence)).max(initial=0.0)
    if radius >= 1:
        message = f"the autoregression of {names} has a root of {radius:g}: it must lie below 1"
        yield Fault(("exogenous",), message, symbol=block.names[0])
