"""The Euler objective: mean squared residual of the arbitrage conditions at random states.

Ξ(w) = E R(s; w)², where R(s; w) is the arbitrage residual at state s, in expectation over the next period, when the
policy with weights w holds today and tomorrow (Maliar, Maliar and Winant 2021, section 3). It comes in two forms with
the same zeros:

- as written, ``R = E[left] - E[right]``: what the source's first-order methods minimise;
- as a ratio, ``R = log(E[left] / E[right])`` wherever both sides are positive: to first order the same at a solution,
  but free of units and nearly linear in log consumption, ``γ (log c' - log c) - log(β R')`` for a CRRA consumer. Least
  squares takes this form, whose linear model holds farther from a solution.

Bounds hold by construction (see :mod:`solver.policy.output_map`). An equation that a condition ``⟂ lower <= x <= upper``
qualifies holds with its multiplier, ``R - μ = 0``; μ is zero between the bounds, at least zero at the lower and at most
zero at the upper one. The equation of a multiplier that is itself a control holds by construction and is left out. Deep
within a binding region the multiplier matters to nobody: there a residual weighs less, by ``1 / (1 + (μ/0.1)²)``.

A residual is NaN where consumption is not positive, today or tomorrow: a ratio of two negative consumptions would
otherwise pass for a solution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from solver.expectation.ahead import Expectation, NextPeriod, expected, next_period
from solver.expectation.draws import Draws
from solver.model.consumption import consumption
from solver.model.economy import Date
from solver.policy.family import Layer, Weights
from solver.policy.rule import Decision, DecisionRule, Setting

Array = Any


#: Multiplier of a bound, as a log ratio, from where on the weight of its equation falls.
SHALLOW = 0.1


class Sides(NamedTuple):
    """The two sides of the equations at n states, case by case, and how they came about.

    Attributes:
        left: (n, n_cases, n_equations) without those of multiplier pairs.
        right: likewise.
        ahead: the cases of the next period.
        then: the variables in each of them.
        today: the decisions at the states.
        tomorrow: the family's layers at the next states, (n * n_cases, ...).
    """

    left: Array
    right: Array
    ahead: NextPeriod
    then: Date
    today: Decision
    tomorrow: list[Layer]


class Residuals(NamedTuple):
    """The residuals at n states, and what their derivatives need.

    Attributes:
        values: (n, n_equations) without those of multiplier pairs; no multipliers yet.
        today: the decisions at the states.
        tomorrow: the family's layers at the next states, (n * n_cases, ...).
    """

    values: Array
    today: Decision
    tomorrow: list[Layer]


@dataclass(frozen=True)
class EulerObjective:
    """The residuals of a model under a family of policies.

    Attributes:
        rule: the structure of the policy.
        as_ratio: whether residuals are log ratios of the two sides.
    """

    rule: DecisionRule
    as_ratio: bool

    @property
    def equations(self) -> tuple[int, ...]:
        """The arbitrage equations that are residuals: all but those of multiplier pairs."""
        model, outputs = self.rule.economy.model, self.rule.outputs
        paired = {one.equation for one in outputs.conditions if one.multiplier is not None}
        return tuple(place for place in range(len(model.trees.arbitrage)) if place not in paired)

    def residuals(
        self,
        setting: Setting,
        expectation: Expectation | Draws,
        weights: Weights,
        states: Array,
        weights_tomorrow: Weights | None = None,
    ) -> Residuals:
        """Residuals and every evaluation of the family that they depend on; arguments as of :meth:`sides`."""
        sides = self.sides(setting, expectation, weights, states, weights_tomorrow)
        left, right = self.expected_sides(sides)
        compared = self._compare(left, right)
        residuals = self._where_feasible(
            setting.parameters, sides.ahead.today, sides.then, sides.ahead.weights, compared
        )
        return Residuals(residuals, sides.today, sides.tomorrow)

    def sides(
        self,
        setting: Setting,
        expectation: Expectation | Draws,
        weights: Weights,
        states: Array,
        weights_tomorrow: Weights | None = None,
    ) -> Sides:
        """The two sides of the equations in every case of the next period.

        Args:
            setting: the calibration and the frame.
            expectation: the rule for E[.], or one draw for each state.
            weights: one array a layer.
            states: (n, n_columns).
            weights_tomorrow: those of the next period's policy, where it is another.
        """
        rule, xp = self.rule, self.rule.xp
        economy, parameters = rule.economy, setting.parameters
        today = rule.decide(setting, weights, states)
        ahead = next_period(xp, economy, rule.space, expectation, parameters, states, today.date)
        tomorrow = weights if weights_tomorrow is None else weights_tomorrow
        decided = rule.decide(setting, tomorrow, ahead.states)
        then = ahead.decided(xp, decided.date.controls)
        left, right = (
            self._of_residuals(side) for side in economy.arbitrage_sides(parameters, ahead.today, then)
        )
        return Sides(left, right, ahead, then, today, decided.layers)

    def expected_sides(self, sides: Sides) -> tuple[Array, Array]:
        """``E[left]`` and ``E[right]``, (n, n_equations) each."""
        xp, weights = self.rule.xp, sides.ahead.weights
        return expected(xp, sides.left, weights), expected(xp, sides.right, weights)

    def _of_residuals(self, side: Array) -> Array:
        """Those columns of (n, n_cases, all equations) that belong to residuals."""
        is_all = len(self.equations) == side.shape[2]
        return side if is_all else self.rule.xp.take(side, self.equations, axis=2)

    def _compare(self, left: Array, right: Array) -> Array:
        if not self.as_ratio:
            return left - right
        xp = self.rule.xp
        are_positive = xp.minimum(left, right) > 0.0
        # The branch not taken must have a finite gradient as well.
        ratio = xp.where(are_positive, left, 1.0) / xp.where(are_positive, right, 1.0)
        return xp.where(are_positive, xp.log(ratio), left - right)

    def _where_feasible(
        self, parameters: Array, now: Date, then: Date, weights: Array, residuals: Array
    ) -> Array:
        xp, economy = self.rule.xp, self.rule.economy
        eaten = consumption(economy, parameters, now)
        later = consumption(economy, parameters, then)
        if eaten is None or later is None:
            return residuals
        is_feasible = (eaten[:, 0] > 0.0) & xp.all((later > 0.0) | (weights <= 0.0), axis=1)
        return xp.where(is_feasible[:, None], residuals, float("nan"))

    def with_multipliers(self, residuals: Residuals) -> Array:
        """The residuals, (n, n_equations), of equations with their multipliers."""
        xp, free = self.rule.xp, self.rule.outputs.free
        if not free:
            return residuals.values
        columns = [residuals.values[:, place] for place in range(len(self.equations))]
        for condition, multiplier in zip(free, residuals.today.multipliers, strict=True):
            place = self.equations.index(condition.equation)
            columns[place] = (columns[place] - multiplier) / (1.0 + (multiplier / SHALLOW) ** 2)
        return xp.stack(columns, axis=1)
