"""The next period as a finite list of cases: quadrature nodes of the innovations in every regime that may follow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from solver.expectation.draws import Draws, chosen
from solver.model.economy import Date, Economy
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
from solver.numerics.quasi_monte_carlo import quasi_monte_carlo
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
        regimes: (n_cases,), or (n, n_cases) of draws, as floating-point numbers.
        weights: (n, n_cases) probabilities.
    """

    exogenous: Array
    regimes: Array
    weights: Array


def build_expectation(process: Process, settings: ExpectationSettings, *, finer: bool = False) -> Expectation:
    """The rule that resolved settings of nodes name, or, ``finer``, the next better one of its kind."""
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
    if settings.rule == "quasi_monte_carlo":
        # Finer by twice the points, of a scrambling that shares no error with the other.
        return quasi_monte_carlo(mean, covariance, 2 * nodes if finer else nodes, scramble=int(finer))
    return gauss_hermite(mean, covariance, nodes + 3 if finer else nodes)


def look_ahead(
    xp: Any, space: StateSpace, rule: Expectation | Draws, states: Array, exogenous: Array
) -> Ahead:
    """The next period after states (n, n_columns) with exogenous variables (n, n_exogenous)."""
    if isinstance(rule, Draws):
        following, regimes = rule.follow(xp, space, states, exogenous)
        return Ahead(following[:, None, :], regimes[:, None], xp.ones_like(states[:, :1]))
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
    regimes = xp.reshape(
        xp.arange(space.n_regimes, dtype=rule.weights.dtype)[:, None] + 0.0 * rule.weights, (-1,)
    )
    weights = xp.reshape(chances[:, :, None] * rule.weights, (-1, xp.size(regimes)))
    return Ahead(drift[:, None, :] + offsets, regimes, weights)


class NextPeriod(NamedTuple):
    """Every case of the next period after each of n states, before anything is decided in it.

    Attributes:
        today: the variables of today, (n, 1, ...) each, to stand beside the cases.
        exogenous: (n, n_cases, n_exogenous).
        endogenous: (n, n_cases, n_states) the model's own states.
        states: (n * n_cases, n_columns) the states that a policy is asked about.
        weights: (n, n_cases) probabilities.
    """

    today: Date
    exogenous: Array
    endogenous: Array
    states: Array
    weights: Array

    def decided(self, xp: Any, controls: Array) -> Date:
        """The variables of the next period, (n, n_cases, ...) each, with its controls (n * n_cases, n_controls)."""
        shape = (-1, xp.size(self.weights[0]), controls.shape[1])
        return Date(self.exogenous, self.endogenous, xp.reshape(controls, shape))


def next_period(
    xp: Any,
    economy: Economy,
    space: StateSpace,
    rule: Expectation | Draws,
    parameters: Array,
    states: Array,
    today: Date,
) -> NextPeriod:
    """The next period after decisions at states (n, n_columns).

    Args:
        xp: the array namespace.
        economy: the model, compiled to the same arrays.
        space: the columns of the states.
        rule: the cases, or one draw for each state.
        parameters: (n_parameters,).
        states: of today.
        today: the variables there, (n, ...) each.
    """
    ahead = look_ahead(xp, space, rule, states, today.exogenous)
    now = Date(*(array[:, None, :] for array in today))
    endogenous = economy.transition(parameters, now, ahead.exogenous)
    joined = space.join(xp, ahead.exogenous, endogenous, ahead.regimes + 0.0 * endogenous[:, :, 0])
    flat = xp.reshape(joined, (-1, len(space.names)))
    return NextPeriod(now, ahead.exogenous, endogenous, flat, ahead.weights)


def draw_next(
    xp: Any,
    economy: Economy,
    space: StateSpace,
    rule: Expectation,
    parameters: Array,
    states: Array,
    today: Date,
    chances: Array,
) -> Array:
    """States (n, n_columns) of the next period in one case each, which chances (n,) in [0, 1) choose by its probability."""
    ahead = look_ahead(xp, space, rule, states, today.exogenous)
    case = chosen(xp, chances[:, None], ahead.weights)
    exogenous = xp.sum(case[:, :, None] * ahead.exogenous, axis=1)
    endogenous = economy.transition(parameters, today, exogenous)
    return space.join(xp, exogenous, endogenous, xp.sum(case * ahead.regimes, axis=1))


def expected(xp: Any, values: Array, weights: Array) -> Array:
    """``E[values]``, (n, ...), of values (n, n_cases, ...); a case of no weight does not count, whatever its value."""
    return xp.sum(xp.where(weights[:, :, None] > 0.0, weights[:, :, None] * values, 0.0), axis=1)
