"""Real business cycles with a choice of hours, written by hand from its equations; knows nothing of the solver.

``z' = ρ z + ε'``, ``k' = (1-δ) k + i``, ``y = exp(z) k^α n^(1-α)``, ``c = y - i``, ``χ n^η c^σ = (1-α) y/n``,
``c^(-σ) = β E c'^(-σ) (1 - δ + α y'/k')``. States (z, k), controls (n, i).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Labour:
    beta: float = 0.99
    sigma: float = 5.0
    eta: float = 1.0
    chi: float = 23.957859909381924
    delta: float = 0.025
    alpha: float = 0.33
    rho: float = 0.8
    sig_z: float = 0.01

    def steady_state(self):
        """States and controls, from the ratio of capital to hours."""
        ratio = (self.alpha / (1 / self.beta - 1 + self.delta)) ** (1 / (1 - self.alpha))
        wage = (1 - self.alpha) * ratio**self.alpha
        c_n = ratio**self.alpha - self.delta * ratio
        n = (wage / (self.chi * c_n**self.sigma)) ** (1 / (self.eta + self.sigma))
        return np.array([0.0, n * ratio]), np.array([n, self.delta * n * ratio])

    def transition(self, s, x, e=0.0):
        z, k = s[..., 0], s[..., 1]
        return np.stack(np.broadcast_arrays(self.rho * z + e, (1 - self.delta) * k + x[..., 1]), axis=-1)

    def output(self, s, x):
        return np.exp(s[..., 0]) * s[..., 1] ** self.alpha * x[..., 0] ** (1 - self.alpha)

    def residual(self, s, x, s_next, x_next):
        y, y_next = self.output(s, x), self.output(s_next, x_next)
        c, c_next, n = y - x[..., 1], y_next - x_next[..., 1], x[..., 0]
        gross_return = 1 - self.delta + self.alpha * y_next / s_next[..., 1]
        return np.stack(
            [
                self.chi * n**self.eta * c**self.sigma - (1 - self.alpha) * y / n,
                1 - self.beta * (c_next / c) ** -self.sigma * gross_return,
            ],
            axis=-1,
        )

    def errors(self, states, policy, nodes=21):
        """Relative distance of consumption from what hours and what the Euler equation ask for, (n, 2)."""
        e, weights = np.polynomial.hermite_e.hermegauss(nodes)
        x = policy(states)
        y, n = self.output(states, x), x[:, 0]
        c = y - x[:, 1]
        s_next = self.transition(states[:, None], x[:, None], self.sig_z * e)
        x_next = policy(s_next.reshape(-1, 2)).reshape(s_next.shape)
        y_next = self.output(s_next, x_next)
        gross_return = 1 - self.delta + self.alpha * y_next / s_next[..., 1]
        marginal = (y_next - x_next[..., 1]) ** -self.sigma * gross_return @ weights / np.sqrt(2 * np.pi)
        by_hours = ((1 - self.alpha) * y / (self.chi * n ** (1 + self.eta))) ** (1 / self.sigma)
        by_euler = (self.beta * marginal) ** (-1 / self.sigma)
        return np.abs(np.column_stack([by_hours, by_euler]) / c[:, None] - 1)
