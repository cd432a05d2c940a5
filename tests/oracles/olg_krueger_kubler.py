"""Overlapping generations with stochastic production and its closed form, written by hand; knows nothing of the solver.

Ages 1 to A; one unit of labour at age 1; log utility. ``w = (1-α) z K^α``, ``R = α z K^(α-1) + 1 - d``. Age h saves the
share ``x_h = β (1 - β^(A-h)) / (1 - β^(A-h+1))`` of its income (Krueger and Kubler 2004), because income and substitution
effects of the return cancel. States (k_2, ..., k_A), exogenous (z, d).
"""

from dataclasses import dataclass

import numpy as np

SHOCKS = np.array([[0.95, 0.5], [1.05, 0.5], [0.95, 0.9], [1.05, 0.9]])  # equally likely


@dataclass(frozen=True)
class Generations:
    alpha: float = 0.3
    beta: float = 0.7
    ages: int = 6

    def closed_form(self):
        """Shares of income saved at ages 1 to A - 1."""
        left = self.ages - np.arange(1, self.ages)
        return self.beta * (1 - self.beta**left) / (1 - self.beta ** (left + 1))

    def income(self, z, d, k):
        """By age, (..., A), at shocks (...) and capital owned at ages 2 to A, (..., A - 1)."""
        total = k.sum(axis=-1)
        wage = (1 - self.alpha) * z * total**self.alpha
        gross_return = self.alpha * z * total ** (self.alpha - 1) + 1 - d
        return np.concatenate([wage[..., None], gross_return[..., None] * k], axis=-1)

    def euler_errors(self, z, d, k, policy):
        """``|implied consumption / c - 1|`` of ages 1 to A - 1, as are the shares ``policy(z, d, k)``, (n, A - 1)."""
        income = self.income(z, d, k)
        x = policy(z, d, k)
        c = (1 - x) * income[:, :-1]
        k_next = x * income[:, :-1]
        marginal = 0.0
        for z_next, d_next in SHOCKS:
            shocks = np.full(len(k), z_next), np.full(len(k), d_next)
            income_next = self.income(*shocks, k_next)
            consumed = 1 - np.column_stack([policy(*shocks, k_next)[:, 1:], np.zeros(len(k))])
            gross_return = income_next[:, 1:] / k_next
            marginal = marginal + gross_return / (consumed * income_next[:, 1:]) / len(SHOCKS)
        return np.abs(1 / (self.beta * marginal) / c - 1)
