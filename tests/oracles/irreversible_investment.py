"""Stochastic growth with investment that cannot be negative, written by hand; knows nothing of the solver.

The economy of ``rbc.py`` with ``i >= 0`` and its multiplier μ: ``c^(-γ) - μ = β E [c'^(-γ) R' - (1-δ) μ']``, ``μ >= 0``,
``i μ = 0``.
"""

from dataclasses import dataclass

import numpy as np

from tests.oracles.rbc import RBC
from tests.oracles.saving import normal_panels


@dataclass(frozen=True)
class Irreversible(RBC):
    delta: float = 0.02
    phi: float = 0.8
    sigma: float = 0.1

    def errors(self, states, policy, panels=100):
        """How far a policy (i, μ) at states (a, k) misses the Euler equation and the constraint, (n, 2).

        The first is relative to consumption; the second is the smaller of i / c and μ c^γ, zero where one of them is and
        neither is negative. The sum over panels takes no notice of where the constraint begins to bind.
        """
        e, weights = normal_panels(np.linspace(-6, 6, panels + 1), 3)
        (a, k), (i, mu) = states.T, policy(states).T
        c = self.output(a, k) - i
        a_next = self.phi * a[:, None] + self.sigma * e
        k_next = np.broadcast_to(((1 - self.delta) * k + i)[:, None], a_next.shape)
        s_next = np.stack([a_next, k_next], axis=-1)
        i_next, mu_next = np.moveaxis(policy(s_next.reshape(-1, 2)).reshape(s_next.shape), -1, 0)
        marginal = (self.output(a_next, k_next) - i_next) ** -self.gamma
        value = (marginal * self.gross_return(a_next, k_next) - (1 - self.delta) * mu_next) @ weights
        by_euler = (mu + self.beta * value) ** (-1 / self.gamma)
        return np.column_stack([np.abs(by_euler / c - 1), np.abs(np.minimum(i / c, mu * c**self.gamma))])
