"""The Bellman objective: value and policy together, by the Bellman equation and the first-order condition of its right.

With reward u, discount factor β, decisions x and the states s' that follow, residuals at a state s are

- of value, ``(u(s, x) + β E V(s') - V(s)) / (c ∂u/∂c)``, in units of the consumption c of today;
- of each control, of ``now = (∂u/∂x) / (∂u/∂c)`` and ``then = -β E[V_s(s') ∂s'/∂x] / (∂u/∂c)``, in goods for a unit of it:
  ``now log(then / now)`` where both have one sign, as that is nearly linear far from a solution, elsewhere
  ``then - now``. All derivatives are automatic.

Where no reward comes of a consumption, both stay in units of reward. The residual of a control that a condition
``⟂ lower <= x <= upper`` bounds holds with its multiplier, and weighs less deep within a binding region, as an arbitrage
equation does in :mod:`solver.objective.euler`: ``(R - μ) / (1 + (μ/0.1)²)``. Residuals are NaN where consumption is not
positive. The source adds the squares of the two with weights of the user's (Maliar, Maliar and Winant 2021, Journal of
Monetary Economics 122); here each equation is in units of its own Jacobian, see :mod:`solver.training.stages`.

The value is ``V(s) = u(s, x₀(s)) + [c ∂u/∂c](s, x₀(s)) f(s)``: x₀ is the linear rule of the frame, and f an output layer of
its own on the features of the policy's family. What is steep in a value, as where little is left to eat, is in the reward
and its unit, and f is a smooth number of consumptions. V is linear in the weights of f.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import tensorflow as tf

from solver.expectation.ahead import Expectation, expected, next_period
from solver.model.consumption import CONSUMPTION, consumption
from solver.model.economy import Date
from solver.objective.euler import SHALLOW
from solver.objective.tangents import pushforward, tangent_layers
from solver.policy.family import Array, Layer, LinearFamily, Weights
from solver.policy.rule import Decision, DecisionRule, Setting


class BellmanResiduals(NamedTuple):
    """The residuals at n states, and what their derivatives need.

    Attributes:
        values: (n, 1 + n_controls): of value, then of each control.
        decided: the policy's layers at the states.
        valued: the layers of value: at the states, at those that follow, (n * n_cases, ...), and their tangents there, by
            each control.
    """

    values: Array
    decided: list[Layer]
    valued: list[list[Layer]]


class Value(NamedTuple):
    """V at n states, in its parts.

    Attributes:
        reward: (n,) under the linear rule.
        unit: (n,) reward of a consumption there.
        correction: (n,) what the family adds, in these units.
        layers: the family's evaluation, ``(h, z)`` a layer, whose last z is (n, n_regimes).
    """

    reward: Array
    unit: Array
    correction: Array
    layers: list[Layer]

    @property
    def total(self) -> Array:
        """V, (n,)."""
        return self.reward + self.unit * self.correction


@dataclass(frozen=True)
class BellmanObjective:
    """The residuals of a model under a family of policies and values, as TensorFlow graphs.

    Weights are those of the policy, one array a layer, and behind them (n_features, n_regimes) of the value.

    Attributes:
        rule: the structure of the policy, in TensorFlow.
    """

    rule: DecisionRule

    @property
    def value_shape(self) -> tuple[int, int]:
        """The shape of the value's weights."""
        return self.rule.family.shapes[-1][0], self.rule.space.n_regimes

    def residuals(
        self, setting: Setting, expectation: Expectation, weights: Weights, states: Array
    ) -> BellmanResiduals:
        """Residuals at states (n, n_columns), and every evaluation of the family that they depend on."""
        rule, xp = self.rule, self.rule.xp
        economy, parameters = rule.economy, setting.parameters
        today = rule.decide(setting, weights[:-1], states)
        controls = today.date.controls
        reward, discount = economy.lifetime(parameters, today.date)
        value = self.value(setting, weights, states)
        ahead = next_period(xp, economy, rule.space, expectation, parameters, states, today.date)
        then = self.value(setting, weights, ahead.states)
        columns, tangents = [then.total], []
        for direction in tf.unstack(tf.eye(controls.shape[1], dtype=controls.dtype)):
            moves = pushforward(ahead.states, controls, tf.ones_like(controls) * direction)
            slope, layers_moved = self._value_along(then, weights, ahead.states, moves)
            columns.append(slope)
            tangents.append(layers_moved)
        by_case = tf.reshape(tf.stack(columns, axis=1), (-1, tf.shape(ahead.weights)[1], len(columns)))
        follows = discount[:, None] * expected(xp, by_case, ahead.weights)
        marginal_reward = tf.gradients(reward, controls, unconnected_gradients="zero")[0]
        unit, marginal = self._units(parameters, today.date)
        conditions = _compare(marginal_reward / marginal[:, None], -follows[:, 1:] / marginal[:, None])
        of_value = (reward + follows[:, 0] - value.total) / unit
        residuals = tf.concat([of_value[:, None], self._held(conditions, today)], axis=1)
        return BellmanResiduals(residuals, today.layers, [value.layers, then.layers, *tangents])

    def value(self, setting: Setting, weights: Weights, states: Array) -> Value:
        """V at states (n, n_columns)."""
        rule, frame = self.rule, setting.frame
        u = frame.held(rule.xp, frame.scaled(rule.space.continuous(states)))
        layers = rule.family.layers(rule.xp, self._of_value(weights), u)
        linear = self._linear(setting, states)
        reward, _ = rule.economy.lifetime(setting.parameters, linear)
        unit, _ = self._units(setting.parameters, linear)
        return Value(reward, unit, self._in_regime(states, layers[-1][1]), layers)

    def _value_along(
        self, value: Value, weights: Weights, states: Array, direction: Array
    ) -> tuple[Array, list[Layer]]:
        """The derivative of V (n,) along a direction of states (n, n_columns), and the tangents of its layers."""
        tangents = tangent_layers(value.layers, self._of_value(weights), states, direction)
        of_reward, of_unit = (pushforward(part, states, direction) for part in (value.reward, value.unit))
        slope = self._in_regime(states, tangents[-1][1])
        return of_reward + of_unit * value.correction + value.unit * slope, tangents

    @staticmethod
    def _of_value(weights: Weights) -> Weights:
        """The weights of the layers of value: the policy's hidden ones, and an output of its own."""
        return [*weights[:-2], weights[-1]]

    def _in_regime(self, states: Array, by_regime: Array) -> Array:
        """(n,) of values (n, n_regimes) in every regime."""
        return tf.reduce_sum(self.rule.space.regime_weights(self.rule.xp, states) * by_regime, axis=1)

    def _linear(self, setting: Setting, states: Array) -> Date:
        """What the frame's linear rule decides."""
        family = LinearFamily(self.rule.family.shapes[-1][1])
        weights = [tf.zeros(shape, states.dtype) for shape in family.shapes]
        return replace(self.rule, family=family).decide(setting, weights, states).date

    def _units(self, parameters: Array, today: Date) -> tuple[Array, Array]:
        """``c ∂u/∂c`` and ``∂u/∂c``, (n,) each; NaN where c is not positive, one where no reward comes of it."""
        economy = self.rule.economy
        one = tf.ones_like(today.states[:, 0])
        eaten = consumption(economy, parameters, today)
        if eaten is None:
            return one, one
        reward, _ = economy.lifetime(parameters, today, {CONSUMPTION: eaten})
        marginal = tf.gradients(reward, eaten)[0]
        if marginal is None:
            return one, one
        marginal = tf.where(eaten > 0.0, marginal, float("nan"))
        return eaten * marginal, marginal

    def _held(self, residuals: Array, today: Decision) -> Array:
        """The residuals of the controls (n, n_controls), of bounded ones with their multipliers."""
        columns = tf.unstack(residuals, axis=1)
        for condition, multiplier in zip(self.rule.outputs.free, today.multipliers, strict=True):
            weight = 1.0 / (1.0 + (multiplier / SHALLOW) ** 2)
            columns[condition.control] = (columns[condition.control] - multiplier) * weight
        return tf.stack(columns, axis=1)


def _compare(now: Array, then: Array) -> Array:
    """``now log(then / now)`` where both have one sign, elsewhere ``then - now``: to first order the same."""
    are_alike = now * then > 0.0
    # The branch not taken must have a finite gradient as well.
    ratio = tf.where(are_alike, then, 1.0) / tf.where(are_alike, now, 1.0)
    return tf.where(are_alike, now * tf.math.log(ratio), then - now)
