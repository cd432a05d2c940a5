"""The deterministic neoclassical growth model, written by hand from its equations; knows nothing of the solver.

``a' = (1-ρ) a``, ``k' = (1-δ) k + i``, ``c = exp(λ a) k^θ - i``, ``1 = β (c'/c)^(-γ) (1-δ + θ exp(λ a') k'^(θ-1))``.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Growth:
    beta: float = 0.96
    delta: float = 0.1
    theta: float = 0.36
    gamma: float = 2.0
    rho: float = 0.1
    loading: float = 1.0

    @property
    def k_ss(self):
        return (self.theta / (1 / self.beta - 1 + self.delta)) ** (1 / (1 - self.theta))

    @property
    def c_ss(self):
        return self.k_ss**self.theta - self.delta * self.k_ss

    def output(self, a, k):
        return np.exp(self.loading * a) * k**self.theta

    def next_state(self, a, k, i):
        return (1 - self.rho) * a, (1 - self.delta) * k + i

    def gross_return(self, a, k):
        return 1 - self.delta + self.theta * self.output(a, k) / k

    def discounted_return(self, a, k, rule):
        """``β (c'/c)^(-γ) R'`` where ``rule(a, k)`` is investment today and tomorrow: 1 at a solution."""
        c, c_next, gross = self._ahead(a, k, rule)
        return self.beta * (c_next / c) ** -self.gamma * gross

    def euler_errors(self, a, k, rule):
        """``|(β c'^(-γ) R')^(-1/γ) / c - 1|``."""
        c, c_next, gross = self._ahead(a, k, rule)
        return np.abs((self.beta * c_next**-self.gamma * gross) ** (-1 / self.gamma) / c - 1)

    def _ahead(self, a, k, rule):
        i = rule(a, k)
        a_next, k_next = self.next_state(a, k, i)
        c = self.output(a, k) - i
        c_next = self.output(a_next, k_next) - rule(a_next, k_next)
        return c, c_next, self.gross_return(a_next, k_next)

    def closed_form(self, a, k):
        """Investment where δ = 1 and γ = 1 (Brock and Mirman 1972)."""
        assert self.delta == 1 and self.gamma == 1
        return self.beta * self.theta * self.output(a, k)

    def roots(self):
        """The stable and the unstable root of capital: ``x² - (1 + 1/β - m R_k) x + 1/β = 0`` with ``m = c β/γ``."""
        linear = 1 + 1 / self.beta - self._m * self._gross_return_by_k
        square_root = np.sqrt(linear**2 - 4 / self.beta)
        unstable = (linear + square_root) / 2
        return 1 / self.beta / unstable, unstable

    def linear_rule(self, root=None):
        """Derivatives of investment by a and k at the steady state, on the path of a root; the stable one's if none.

        With ``dc = C_a da + C_k dk`` the Euler equation ``dc' - dc = m dR'`` gives ``C_k = 1/β - root`` and, by the
        coefficients of da, ``C_a (m R_k - C_k - ρ) = m R_a (1-ρ) + (m R_k - C_k) y_a``.
        """
        root = self.roots()[0] if root is None else root
        c_k = 1 / self.beta - root
        y_a = self.loading * self.k_ss**self.theta
        r_a = self.loading * self.theta * self.k_ss ** (self.theta - 1)
        bend = self._m * self._gross_return_by_k - c_k
        c_a = (self._m * r_a * (1 - self.rho) + bend * y_a) / (bend - self.rho)
        return y_a - c_a, self.theta * self.k_ss ** (self.theta - 1) - c_k

    @property
    def _m(self):
        return self.c_ss * self.beta / self.gamma

    @property
    def _gross_return_by_k(self):
        return self.theta * (self.theta - 1) * self.k_ss ** (self.theta - 2)
