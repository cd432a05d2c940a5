"""The lifetime-reward objective: what a policy earns from random states on, along paths with drawn shocks.

Ξ(w) = -E [Σ_{t<T} β^t u(s_t, x(s_t; w)) + β^T/(1-β) u(s_T, x(s_T; w))], over states s_0 of the domain and the shocks after
them (Maliar, Maliar and Winant 2021, section 3.1). Its gradient is taken through the path: decisions move the states
after them.

The source lets a path end. Here the last reward stands for all that would follow, and T is the first period at which
β^T ≤ ``REMAINING``. By then a path is about where the economy stays, so that its mean reward is that of the periods after:
what is left of the start fades by its own rate λ, and the optimum moves by the order of (βλ)^T instead of β^T. A path that
ended would tempt the policy to eat the capital up.

Each shock is a node of the rule for expectations, drawn by its weight: the law of the other objectives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from solver.expectation.ahead import Expectation, draw_next
from solver.policy.family import Weights
from solver.policy.rule import DecisionRule, Setting

Array = Any


@dataclass(frozen=True)
class LifetimeReward:
    """One period of a path; a lifetime is their discounted sum.

    Attributes:
        rule: the structure of the policy.
    """

    rule: DecisionRule

    def period(
        self, setting: Setting, expectation: Expectation, weights: Weights, states: Array, chances: Array
    ) -> tuple[Array, Array, Array]:
        """A period under the policy.

        Args:
            setting: the calibration and the frame.
            expectation: the law of the shocks.
            weights: of the family, one array a layer.
            states: (n, n_columns).
            chances: (n,) in [0, 1): they choose what follows.

        Returns:
            The rewards and the discount factor, (n,) each, and the states that follow, (n, n_columns).
        """
        rule, parameters = self.rule, setting.parameters
        today = rule.decide(setting, weights, states).date
        reward, discount = rule.economy.lifetime(parameters, today)
        following = draw_next(
            rule.xp, rule.economy, rule.space, expectation, parameters, states, today, chances
        )
        return reward, discount, following
