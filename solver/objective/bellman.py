"""The Bellman objective: value and policy together, by the Bellman equation and the first-order condition of its right side.

With reward u, discount factor β, decisions x and the states s' that follow, residuals at a state s are

- of value, ``(u(s, x) + β E V(s') - V(s)) / (c ∂u/∂c)``;
- of each control, ``-(∂u/∂x + β E[V_s(s') ∂s'/∂x]) / (∂u/∂c)``, all derivatives automatic.

The first is in units of the consumption c of today, the second in goods for a unit of the control; without a consumption
both stay in units of reward. The residual of a control that a condition ``⟂ lower <= x <= upper`` bounds holds with its
multiplier, and weighs less deep within a binding region, exactly as an arbitrage equation does in :mod:`solver.objective.euler`:
``(R - μ) / (1 + (μ/0.1)²)``. Residuals are NaN where consumption is not positive. (Maliar, Maliar and Winant 2021, section 3.3,
who weigh the two; here each equation is in units of its own Jacobian, see :mod:`solver.training.stages`.)

The value is ``V(s) = u(s, x₀(s)) + ū · f(s)``: x₀ is the linear rule of the frame, ū the size of ``c ∂u/∂c`` under it in the
middle of the domain, and f an output layer of its own on the features of the policy's family. The reward beside it has what is
steep in a value, as where little is left to eat, and f is left what follows. V is linear in its weights.
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
        value, layers = self.value(setting, weights, states)
        ahead = next_period(xp, economy, rule.space, expectation, parameters, states, today.date)
        value_then, layers_then = self.value(setting, weights, ahead.states)
        columns, tangents = [value_then], []
        for direction in tf.unstack(tf.eye(controls.shape[1], dtype=tf.float64)):
            moves = pushforward(ahead.states, controls, tf.ones_like(controls) * direction)
            slope, layers_moved = self._value_along(setting, weights, ahead.states, layers_then, moves)
            columns.append(slope)
            tangents.append(layers_moved)
        by_case = tf.reshape(tf.stack(columns, axis=1), (-1, tf.shape(ahead.weights)[1], len(columns)))
        follows = discount[:, None] * expected(xp, by_case, ahead.weights)
        slopes = tf.gradients(reward, controls, unconnected_gradients="zero")[0] + follows[:, 1:]
        unit, marginal = self._units(parameters, today.date)
        residuals = tf.concat(
            [((reward + follows[:, 0] - value) / unit)[:, None], self._held(-slopes / marginal[:, None], today)],
            axis=1,
        )
        return BellmanResiduals(residuals, today.layers, [layers, layers_then, *tangents])

    def value(self, setting: Setting, weights: Weights, states: Array) -> tuple[Array, list[Layer]]:
        """V (n,) at states (n, n_columns), and the family's evaluation, whose last z is (n, n_regimes)."""
        rule, frame = self.rule, setting.frame
        u = frame.held(rule.xp, frame.scaled(rule.space.continuous(states)))
        layers = rule.family.layers(rule.xp, self._of_value(weights), u)
        reward, _ = rule.economy.lifetime(setting.parameters, self._linear(setting, states))
        return reward + self._size(setting) * self._in_regime(states, layers[-1][1]), layers

    def _value_along(
        self, setting: Setting, weights: Weights, states: Array, layers: list[Layer], direction: Array
    ) -> tuple[Array, list[Layer]]:
        """The derivative of V (n,) along a direction of states (n, n_columns), and the tangents of its layers."""
        reward, _ = self.rule.economy.lifetime(setting.parameters, self._linear(setting, states))
        tangents = tangent_layers(layers, self._of_value(weights), states, direction)
        slope = self._in_regime(states, tangents[-1][1])
        return pushforward(reward, states, direction) + self._size(setting) * slope, tangents

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
        weights = [tf.zeros(shape, tf.float64) for shape in family.shapes]
        return replace(self.rule, family=family).decide(setting, weights, states).date

    def _size(self, setting: Setting) -> Array:
        """ū."""
        middle = setting.frame.center[None, :]
        regime = tf.zeros_like(middle[:, : len(self.rule.space.names) - self.rule.space.n_continuous])
        unit, _ = self._units(setting.parameters, self._linear(setting, tf.concat([middle, regime], axis=1)))
        return tf.abs(unit)

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
