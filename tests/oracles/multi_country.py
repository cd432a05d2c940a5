"""Growth in N equal countries with adjustment costs, written by hand from its equations; knows nothing of the solver.

``ln a_j' = ρ ln a_j + σ (ε' + ε_j')``, resources ``N c = Σ_j a_j A k_j^α + k_j - k_j' - φ/2 k_j (k_j'/k_j - 1)²`` with
``A = (1-β)/(αβ)``, ``c^(-γ) (1 + φ (k_j'/k_j - 1)) = β E c'^(-γ) [1 + α A a_j' k_j'^(α-1) + φ/2 ((k_j''/k_j')² - 1)]``.
States (ln a, k), controls k'.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np


@dataclass(frozen=True)
class Countries:
    n: int = 2
    alpha: float = 0.36
    beta: float = 0.99
    gamma: float = 1.0
    phi: float = 0.5
    rho: float = 0.95
    sigma: float = 0.01

    def steady_state(self):
        return np.concatenate([np.zeros(self.n), np.ones(self.n)]), np.ones(self.n)

    def transition(self, s, x, e=0.0):
        a_next = self.rho * s[..., : self.n] + e
        return np.concatenate([a_next, np.broadcast_to(x, a_next.shape)], axis=-1)

    def consumption(self, s, x):
        k = s[..., self.n :]
        costs = self.phi / 2 * k * (x / k - 1) ** 2
        return np.mean(self._product(s) * k + k - x - costs, axis=-1)

    def residual(self, s, x, s_next, x_next):
        growth = (self.consumption(s_next, x_next) / self.consumption(s, x)) ** -self.gamma
        return self._price(s, x) - self.beta * growth[..., None] * self._payoff(s_next, x_next)

    def errors(self, states, policy, nodes=5):
        """``|implied consumption / c - 1|`` by each country's Euler equation, (n_states, N)."""
        e, weights = self.innovations(nodes)
        x = policy(states)
        s_next = self.transition(states[:, None], x[:, None], e)
        x_next = policy(s_next.reshape(-1, 2 * self.n)).reshape(*s_next.shape[:-1], self.n)
        marginal = self.consumption(s_next, x_next) ** -self.gamma
        value = np.einsum("q,nq,nqj->nj", weights, marginal, self._payoff(s_next, x_next))
        implied = (self.beta * value / self._price(states, x)) ** (-1 / self.gamma)
        return np.abs(implied / self.consumption(states, x)[:, None] - 1)

    def innovations(self, nodes):
        """Of log productivities: a tensor product of Gauss-Hermite rules, (nodes^(N+1), N), and weights."""
        x, w = np.polynomial.hermite_e.hermegauss(nodes)
        grid = np.array(list(product(x, repeat=self.n + 1)))
        weights = np.array(list(product(w / np.sqrt(2 * np.pi), repeat=self.n + 1))).prod(axis=1)
        return self.sigma * (grid[:, :1] + grid[:, 1:]), weights

    def _product(self, s):
        """Output by unit of capital."""
        scale = (1 / self.beta - 1) / self.alpha
        return scale * np.exp(s[..., : self.n]) * s[..., self.n :] ** (self.alpha - 1)

    def _price(self, s, x):
        return 1 + self.phi * (x / s[..., self.n :] - 1)

    def _payoff(self, s, x):
        return 1 + self.alpha * self._product(s) + self.phi / 2 * ((x / s[..., self.n :]) ** 2 - 1)
