"""The New Keynesian model of Maliar and Maliar (2015), written by hand from its equations; knows nothing of the solver.

States (R_-1, Δ_-1, η_R, η_a, η_L, η_u, η_B, η_G), controls (C, S, F). Their equations, with an inflation target of 1:
``S = e^(η_u + η_L - η_a) L^ϑ Y + βθ E π'^ε S'``, ``F = e^η_u C^(-γ) Y + βθ E π'^(ε-1) F'``,
``C^(-γ) = β e^(η_B - η_u) R E e^η_u' C'^(-γ) / π'``, ``S/F = [(1 - θ π^(ε-1)) / (1-θ)]^(1/(1-ε))``,
``Δ = {(1-θ) [(1 - θ π^(ε-1)) / (1-θ)]^(ε/(ε-1)) + θ π^ε / Δ_-1}^(-1)``, ``Y = e^η_a L Δ``, ``C = (1 - G e^(-η_G)) Y``,
``Y_n = [e^(η_a (1+ϑ)) (1 - G e^(-η_G))^(-γ) / e^η_L]^(1/(ϑ+γ))``,
``R = max{R_min, 1/β (R_-1 β)^μ [π^φ_π (Y/Y_n)^φ_y]^(1-μ) e^η_R}``.
"""

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

PERSISTENCE = np.array([0.0, 0.95, 0.25, 0.92, 0.0, 0.95])
DEVIATIONS = np.array([0.0028, 0.0045, 0.05, 0.0054, 0.001, 0.0038])


@dataclass(frozen=True)
class NewKeynesian:
    beta: float = 0.99
    gamma: float = 1.0
    vartheta: float = 2.09
    epsilon: float = 4.45
    theta: float = 0.83
    phi_pi: float = 2.21
    phi_y: float = 0.07
    mu: float = 0.82
    g: float = 0.23
    r_min: float = 1.0

    def steady_state(self):
        """Inflation is 1, so that ``S = F``, ``L^ϑ = C^(-γ)`` and ``Y = L``."""
        y = (1 - self.g) ** (-self.gamma / (self.vartheta + self.gamma))
        s = y ** (1 + self.vartheta) / (1 - self.beta * self.theta)
        return np.array([1 / self.beta, 1, *np.zeros(6)]), np.array([(1 - self.g) * y, s, s])

    def inflation(self, x):
        ratio = x[..., 1] / x[..., 2]
        return ((1 - (1 - self.theta) * ratio ** (1 - self.epsilon)) / self.theta) ** (1 / (self.epsilon - 1))

    def today(self, s, x):
        """Inflation, efficiency, output, labour and the gross rate that the Taylor rule asks for."""
        r_last, delta_last, n_r, n_a, n_l, _, _, n_g = np.moveaxis(s, -1, 0)
        pi = self.inflation(x)
        reset = (1 - self.theta * pi ** (self.epsilon - 1)) / (1 - self.theta)
        spread = (1 - self.theta) * reset ** (self.epsilon / (self.epsilon - 1))
        delta = 1 / (spread + self.theta * pi**self.epsilon / delta_last)
        private = 1 - self.g * np.exp(-n_g)
        y = x[..., 0] / private
        labour = y / np.exp(n_a) / delta
        natural = (np.exp(n_a * (1 + self.vartheta)) * private**-self.gamma / np.exp(n_l)) ** (
            1 / (self.vartheta + self.gamma)
        )
        gap = pi**self.phi_pi * (y / natural) ** self.phi_y
        taylor = (r_last * self.beta) ** self.mu * gap ** (1 - self.mu) * np.exp(n_r) / self.beta
        return pi, delta, y, labour, taylor

    def transition(self, s, x, e=0.0):
        _, delta, _, _, taylor = self.today(s, x)
        rate = np.maximum(self.r_min, taylor)
        shocks = PERSISTENCE * s[..., 2:] + e
        lead = np.broadcast_to(np.stack([rate, delta], axis=-1), (*shocks.shape[:-1], 2))
        return np.concatenate([lead, shocks], axis=-1)

    def residual(self, s, x, s_next, x_next):
        """Relative to marginal utility, S and F, (..., 3)."""
        _, _, y, labour, taylor = self.today(s, x)
        rate = np.maximum(self.r_min, taylor)
        n_a, n_l, n_u, n_b = (s[..., j] for j in (3, 4, 5, 6))
        c, sums, revenues = np.moveaxis(x, -1, 0)
        pi_next = self.inflation(x_next)
        marginal = np.exp(s_next[..., 5] - n_u) * (x_next[..., 0] / c) ** -self.gamma / pi_next
        costs = np.exp(n_u + n_l - n_a) * labour**self.vartheta * y
        discount = self.beta * self.theta
        return np.stack(
            [
                1 - self.beta * np.exp(n_b) * rate * marginal,
                1 - (costs + discount * pi_next**self.epsilon * x_next[..., 1]) / sums,
                1
                - (
                    np.exp(n_u) * c**-self.gamma * y
                    + discount * pi_next ** (self.epsilon - 1) * x_next[..., 2]
                )
                / revenues,
            ],
            axis=-1,
        )

    def path(self, policy, seed, periods=100, paths=100):
        """States along simulated paths from the steady state, after a hundred periods, (periods * paths, 8)."""
        rng = np.random.default_rng(seed)
        states, visited = np.tile(self.steady_state()[0], (paths, 1)), []
        for period in range(100 + periods):
            if period >= 100:
                visited.append(states)
            states = self.transition(states, policy(states), DEVIATIONS * rng.normal(size=(paths, 6)))
        return np.concatenate(visited)

    def errors(self, states, policy):
        """Absolute residuals with expectations by a rule of degree five, (n, 3)."""
        nodes, weights = degree_five(6)
        x = policy(states)
        s_next = self.transition(states[:, None], x[:, None], nodes * DEVIATIONS)
        x_next = policy(s_next.reshape(-1, 8)).reshape(*s_next.shape[:-1], 3)
        return np.abs(
            np.einsum("q,nqj->nj", weights, self.residual(states[:, None], x[:, None], s_next, x_next))
        )


def degree_five(n):
    """Nodes, (2 n² + 1, n), and weights of a rule for the standard normal that is exact to degree five (Stroud 1971)."""
    axes = np.concatenate([np.eye(n), -np.eye(n)]) * np.sqrt(n + 2)
    pairs = [
        p * np.eye(n)[i] + q * np.eye(n)[j]
        for (i, j) in combinations(range(n), 2)
        for (p, q) in product((1, -1), repeat=2)
    ]
    nodes = np.concatenate([np.zeros((1, n)), axes, np.sqrt((n + 2) / 2) * np.array(pairs)])
    weights = np.concatenate(
        [[2 / (n + 2)], np.full(2 * n, (4 - n) / (2 * (n + 2) ** 2)), np.full(len(pairs), 1 / (n + 2) ** 2)]
    )
    return nodes, weights
