"""The Euler objective: mean squared residual of the arbitrage equations at random states.

Ξ(w) = E R(s; w)², where R(s; w) is the arbitrage residual at state s when the policy with weights w holds today and
tomorrow (Maliar, Maliar and Winant 2021, section 3). It comes in two forms with the same zeros:

- as written, ``R = left - right``: what the source's first-order methods minimise;
- as a ratio, ``R = log(left / right)`` wherever both sides are positive: to first order the same at a solution, but free
  of units and nearly linear in log consumption, ``γ (log c' - log c) - log(β R')`` for a CRRA consumer. Least squares
  takes this form, whose linear model holds farther from a solution.

A residual is NaN where consumption is not positive, today or tomorrow: a ratio of two negative consumptions would
otherwise pass for a solution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from solver.model.consumption import consumption
from solver.model.economy import Economy
from solver.policy.family import Family, Layer, Weights
from solver.policy.frame import Frame

Array = Any


@dataclass(frozen=True)
class EulerObjective:
    """The residuals of a model under a family of policies.

    Attributes:
        economy: the model, compiled to the same arrays as ``xp``.
        family: the parameterised function.
        xp: the array namespace, NumPy's or TensorFlow's.
        as_ratio: whether residuals are log ratios of the two sides.
    """

    economy: Economy
    family: Family
    xp: Any
    as_ratio: bool

    def residuals(
        self, parameters: Array, frame: Frame, weights: Weights, states: Array
    ) -> tuple[Array, list[list[Layer]]]:
        """Residuals and every evaluation of the family that they depend on.

        Args:
            parameters: (n_parameters,).
            frame: the frame of the policy.
            weights: one array a layer.
            states: (n, n_states).

        Returns:
            (n, n_equations) residuals, and the layers ``(h, z)`` of the evaluation today and of the one tomorrow.
        """
        economy, xp = self.economy, self.xp
        controls, today = self._decide(frame, weights, states)
        next_states = economy.transition(parameters, states, controls)
        next_controls, tomorrow = self._decide(frame, weights, next_states)
        residuals = self._compare(
            *economy.arbitrage_sides(parameters, states, controls, next_states, next_controls)
        )
        now = consumption(economy, parameters, states, controls)
        if now is not None:
            then = consumption(economy, parameters, next_states, next_controls)
            is_feasible = xp.minimum(now, then) > 0.0
            residuals = xp.where(is_feasible[..., None], residuals, float("nan"))
        return residuals, [today, tomorrow]

    def _compare(self, left: Array, right: Array) -> Array:
        if not self.as_ratio:
            return left - right
        xp = self.xp
        are_positive = xp.minimum(left, right) > 0.0
        # The branch not taken must have a finite gradient as well.
        ratio = xp.where(are_positive, left, 1.0) / xp.where(are_positive, right, 1.0)
        return xp.where(are_positive, xp.log(ratio), left - right)

    def _decide(self, frame: Frame, weights: Weights, states: Array) -> tuple[Array, list[Layer]]:
        u = frame.scaled(states)
        layers = self.family.layers(self.xp, weights, u)
        return frame.controls(self.xp, u, layers[-1][1]), layers
