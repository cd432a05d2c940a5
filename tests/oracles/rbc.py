"""Stochastic growth with inelastic labour, written by hand from its equations; knows nothing of the solver.

``a' = φ a + σ ε'``, ``k' = (1-δ) k + i``, ``c = A exp(a) k^θ - i``, ``c^(-γ) = β E c'^(-γ) R'`` with
``R = 1 - δ + θ A exp(a) k^(θ-1)``.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RBC:
    beta: float = 0.96
    delta: float = 0.1
    theta: float = 0.36
    gamma: float = 2.0
    phi: float = 0.9
    sigma: float = 0.02
    scale: float = 1.0  # A

    @property
    def k_ss(self):
        return (self.theta * self.scale / (1 / self.beta - 1 + self.delta)) ** (1 / (1 - self.theta))

    @property
    def c_ss(self):
        return self.output(0, self.k_ss) - self.delta * self.k_ss

    def output(self, a, k):
        return self.scale * np.exp(a) * k**self.theta

    def gross_return(self, a, k):
        return 1 - self.delta + self.theta * self.output(a, k) / k

    def closed_form(self, a, k):
        """Investment where δ = 1 and γ = 1 (Brock and Mirman 1972)."""
        assert self.delta == 1 and self.gamma == 1
        return self.beta * self.theta * self.output(a, k)

    def implied_consumption(self, a, k, rule, nodes=21):
        """``(β E c'^(-γ) R')^(-1/γ)`` where ``rule(a, k)`` is investment today and tomorrow, by Gauss-Hermite, (n,)."""
        e, weights = np.polynomial.hermite_e.hermegauss(nodes)
        a_next = self.phi * a[:, None] + self.sigma * e
        k_next = np.broadcast_to(((1 - self.delta) * k + rule(a, k))[:, None], a_next.shape)
        i_next = rule(a_next.ravel(), k_next.ravel()).reshape(a_next.shape)
        c_next = self.output(a_next, k_next) - i_next
        marginal = c_next**-self.gamma * self.gross_return(a_next, k_next)
        return (self.beta * marginal @ weights / np.sqrt(2 * np.pi)) ** (-1 / self.gamma)

    def euler_errors(self, a, k, rule, nodes=21):
        """``|implied consumption / c - 1|``, (n,)."""
        c = self.output(a, k) - rule(a, k)
        return np.abs(self.implied_consumption(a, k, rule, nodes) / c - 1)

    def linear_rule(self):
        """Derivatives of investment by a and k at the steady state, by undetermined coefficients in logs (Uhlig 1999).

        With ``k^' = v k^ + u a`` and ``c^ = p k^ + q a`` the resources give ``p = (1/β - v) k/c`` and ``k u = y - c q``,
        the Euler equation ``c^ = E c^' - m/γ (a' - (1-θ) k^')`` with ``m = 1 - β (1-δ)`` a quadratic equation of v.
        """
        k, c, y = self.k_ss, self.c_ss, self.output(0, self.k_ss)
        m = (1 - self.beta * (1 - self.delta)) / self.gamma
        middle = 1 + 1 / self.beta + m * (1 - self.theta) * c / k
        v = (middle - np.sqrt(middle**2 - 4 / self.beta)) / 2
        p = (1 / self.beta - v) * k / c
        # q = p u + φ q - m (φ - (1-θ) u), k u + c q = y
        bend = p + m * (1 - self.theta)
        u, _ = np.linalg.solve([[bend, self.phi - 1], [k, c]], [m * self.phi, y])
        return k * u, v - (1 - self.delta)
