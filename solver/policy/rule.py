"""A decision rule as a formula: from states to controls, the same on NumPy and TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from solver.model.economy import Date, Economy
from solver.model.state_space import StateSpace
from solver.policy.family import Family, Layer, Weights
from solver.policy.frame import Frame
from solver.policy.output_map import OutputMap

Array = Any


class Setting(NamedTuple):
    """What a rule takes from a calibration, as NumPy arrays or as tensors.

    Attributes:
        parameters: (n_parameters,).
        mean: (n_exogenous,) of the exogenous variables outside chains.
        values: (n_regimes, n_exogenous) of the chains' variables.
        frame: scaling and linear rule.
    """

    parameters: Array
    mean: Array
    values: Array
    frame: Frame


class Decision(NamedTuple):
    """A rule's answer at some states.

    Attributes:
        date: exogenous variables, the model's states, and controls: (n, ...) each.
        multipliers: (n,) for each free condition, in the units of its residual.
        layers: the family's evaluation, ``(h, z)`` a layer.
    """

    date: Date
    multipliers: list[Array]
    layers: list[Layer]


@dataclass(frozen=True)
class DecisionRule:
    """The structure of a decision rule; its numbers are a :class:`Setting` and weights.

    Attributes:
        economy: the model, compiled to the same arrays as ``xp``.
        space: the columns of a state array.
        family: the parameterised function.
        outputs: the map of the controls.
        xp: the array namespace, NumPy's or TensorFlow's.
    """

    economy: Economy
    space: StateSpace
    family: Family
    outputs: OutputMap
    xp: Any

    def notional(self, setting: Setting, weights: Weights, states: Array) -> tuple[Array, list[Layer]]:
        """The notional controls (n, n_notional) at states (n, n_columns), and the family's evaluation."""
        xp, space, frame = self.xp, self.space, setting.frame
        u = frame.scaled(space.continuous(states))
        layers = self.family.layers(xp, weights, frame.held(xp, u))
        base, value = frame.base[0], layers[-1][1]
        if space.n_regimes > 1:
            regime = space.regime_weights(xp, states)
            base = xp.matmul(regime, frame.base)
            shape = (-1, space.n_regimes, self.outputs.n_notional)
            value = xp.sum(regime[:, :, None] * xp.reshape(value, shape), axis=1)
        return base + xp.matmul(u, frame.slope) + frame.scale * value, layers

    def decide(self, setting: Setting, weights: Weights, states: Array) -> Decision:
        """The decision at states (n, n_columns)."""
        xp, space = self.xp, self.space
        notional, layers = self.notional(setting, weights, states)
        exogenous = space.exogenous_of(xp, setting.mean, setting.values, states)
        endogenous = space.endogenous(states)
        lowers: list[Array] = []
        uppers: list[Array] = []
        if self.outputs.conditions:
            lowers, uppers = self.economy.bounds(setting.parameters, exogenous, endogenous)
        controls, multipliers = self.outputs.controls(xp, notional, lowers, uppers)
        return Decision(Date(exogenous, endogenous, controls), multipliers, layers)
