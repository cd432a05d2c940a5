"""Growth with full depreciation and log utility, in logs: a linear economy, whose every moment and response is known.

``a' = φ a + e'``, ``x' = log(βθ) + a + θ x`` with x = log k, and ``k = exp(x)`` (Brock and Mirman 1972). Knows nothing
of the solver.
"""

from dataclasses import dataclass

import numpy as np

MODEL = """
name: growth in logs
symbols: {states: [a, x], controls: [n], exogenous: [e], parameters: [beta, theta, phi, sigma]}
definitions: |
  k[t] = exp(x[t])
  y[t] = exp(a[t] + theta*x[t])
  c[t] = y[t] - exp(n[t])
equations:
  transition: |
    a[t] = phi*a[t-1] + e[t]
    x[t] = n[t-1]
  arbitrage: |
    1 - beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]
calibration:
  {beta: 0.96, theta: 0.36, phi: 0.9, sigma: 0.02, a: 0, x: log(beta*theta)/(1 - theta), n: x, e: 0}
exogenous: !UNormal {sigma: sigma}
domain: {a: [-0.2, 0.2], x: [x - 0.4, x + 0.4]}
"""


@dataclass(frozen=True)
class LogGrowth:
    beta: float = 0.96
    theta: float = 0.36
    phi: float = 0.9
    sigma: float = 0.02

    @property
    def x_ss(self):
        return np.log(self.beta * self.theta) / (1 - self.theta)

    def follow(self, a, x, innovations):
        """Paths (periods + 1, ...) of a and x from given states on."""
        path = [(a, x)]
        for e in innovations:
            a, x = path[-1]
            path.append((self.phi * a + e, np.log(self.beta * self.theta) + a + self.theta * x))
        return tuple(np.array(column) for column in zip(*path, strict=True))

    @property
    def covariance(self):
        """Of (a, x) in the long run."""
        var_a = self.sigma**2 / (1 - self.phi**2)
        with_x = self.phi * var_a / (1 - self.phi * self.theta)
        var_x = (var_a + 2 * self.theta * with_x) / (1 - self.theta**2)
        return np.array([[var_a, with_x], [with_x, var_x]])

    def autocovariance(self, lag):
        """``E[s_{t+lag} s_t']`` of the deviations of (a, x)."""
        move = np.array([[self.phi, 0.0], [1.0, self.theta]])
        return np.linalg.matrix_power(move, lag) @ self.covariance

    def response(self, size, periods):
        """Of a and x to ``size`` standard deviations, (periods,) each, that of the impulse first."""
        t = np.arange(periods)
        a = size * self.sigma * self.phi**t
        x = size * self.sigma * (self.phi**t - self.theta**t) / (self.phi - self.theta)
        return a, x

    def response_of_capital(self, size, periods):
        """``E[exp(x + r) - exp(x)]`` over the long-run distribution of x: lognormal means."""
        mean = np.exp(self.x_ss + self.covariance[1, 1] / 2)
        return mean * np.expm1(self.response(size, periods)[1])
