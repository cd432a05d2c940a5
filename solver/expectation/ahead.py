"""The next period as a finite list of cases: quadrature nodes of the innovations in every regime that may follow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from solver.model.process import Process
from solver.model.state_space import StateSpace
from solver.numerics.quadrature import (
    Rule,
    equidistant,
    gauss_hermite,
    mixture,
    monomial_degree_3,
    monomial_degree_5,
)
from solver.settings import ExpectationSettings

Array = Any

#: Standard deviations that the equidistant rule spans: what is beyond, 6e-7 of the draws, is left out. Fewer nodes than
#: these stay closer together, as the rule has them by itself.
_WIDTH = 5.0
_WIDE_FROM = 9


class Expectation(NamedTuple):
    """A rule for E[.], as NumPy arrays or as tensors.

    Attributes:
        mean: (n_exogenous,).
        persistence: (n_exogenous, n_exogenous).
        values: (n_regimes, n_exogenous).
        transitions: (n_regimes, n_regimes).
        nodes: (n_nodes, n_exogenous) innovations.
        weights: (n_nodes,) of the nodes.
    """

    mean: Array
    persistence: Array
    values: Array
    transitions: Array
    nodes: Array
    weights: Array


class Ahead(NamedTuple):
    """The cases of the next period after each of n states.

    Attributes:
        exogenous: (n, n_cases, n_exogenous).
        regimes: (n_cases,) as floating-point numbers.
        weights: (n, n_cases) probabilities.
    """

    exogenous: Array
    regimes: Array
    weights: Array


def build_expectation(process: Process, settings: ExpectationSettings, *, finer: bool = False) -> Expectation:
    """The rule that resolved settings name, or, ``finer``, the next better one of its kind."""
    rules = [
        _rule(component.mean, component.covariance, settings, finer) for component in process.innovations
    ]
    rule = mixture(rules, [component.weight for component in process.innovations])
    return Expectation(
        process.mean, process.persistence, process.values, process.transitions, rule.nodes, rule.weights
    )


def _rule(mean: np.ndarray, covariance: np.ndarray, settings: ExpectationSettings, finer: bool) -> Rule:
    nodes = settings.nodes or 1
    if settings.rule == "monomial":
        return (monomial_degree_5 if finer else monomial_degree_3)(mean, covariance)
    if settings.rule == "equidistant":
        count = 2 * nodes - 1 if finer else nodes
        return equidistant(mean, covariance, count, _WIDTH if count >= _WIDE_FROM else None)
    return gauss_hermite(mean, covariance, nodes + 3 if finer else nodes)


def look_ahead(xp: Any, space: StateSpace, rule: Expectation, states: Array, exogenous: Array) -> Ahead:
    """The next period after states (n, n_columns) with exogenous variables (n, n_exogenous)."""
    if space.n_exogenous == 0:
        one = xp.ones_like(states[:, :1])
        return Ahead(one[:, :, None][:, :, :0], xp.zeros_like(rule.weights), one)
    drift = rule.mean + xp.matmul(exogenous - rule.mean, xp.transpose(rule.persistence))
    if space.n_regimes == 1:
        weights = xp.ones_like(states[:, :1]) * rule.weights
        return Ahead(drift[:, None, :] + rule.nodes, xp.zeros_like(rule.weights), weights)
    n_exogenous = space.n_exogenous
    offsets = xp.reshape(rule.values[:, None, :] + rule.nodes, (-1, n_exogenous))
    chances = xp.matmul(space.regime_weights(xp, states), rule.transitions)
    regimes = xp.reshape(xp.arange(space.n_regimes, dtype="float64")[:, None] + 0.0 * rule.weights, (-1,))
    weights = xp.reshape(chances[:, :, None] * rule.weights, (-1, xp.size(regimes)))
    return Ahead(drift[:, None, :] + offsets, regimes, weights)
