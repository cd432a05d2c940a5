"""Consumption and saving with a borrowing constraint, solved by endogenous grid points; knows nothing of the solver.

``w' = r (w - c) + exp(y')``, ``0 <= c <= w``, ``y' = ρ y + σ ε'``, ``c^(-γ) >= β r E c'^(-γ)`` with equality where
``c < w``. On a grid of savings ``a`` the Euler equation gives consumption and with it cash on hand, ``w = a + c`` (Carroll
2006); at ``a = 0`` that is the kink, below which ``c = w``. Consumption is kept as a function of log income and of the
distance to the kink, where it is smooth, by cubic splines. Expectations are Gauss-Legendre sums over panels that end where
next period's cash on hand crosses the kink.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline, RectBivariateSpline, make_interp_spline

PANELS = np.array([-8.5, -4.0, -1.5, 1.5, 4.0, 8.5])  # of expectations, in standard deviations of innovations
INCOMES = 5.5  # standard deviations of log income that the grid reaches to
MOST_SAVINGS = 8.0


@dataclass(frozen=True)
class Saving:
    beta: float = 0.9
    gamma: float = 2.0
    r: float = 1.04
    rho: float = 0.0
    sigma: float = 0.1

    @property
    def income_sd(self):
        """Of log income in the long run."""
        return self.sigma / np.sqrt(1 - self.rho**2)

    def implied_consumption(self, y, w, rule, panels=240):
        """What the Euler equation and the constraint ask for today, where ``rule(y, w)`` is consumption tomorrow.

        The expectation knows nothing of where kinks are: a sum over so many panels is good to 1e-6. It ends at six standard
        deviations, since beyond a rule's domain it may not even be positive.
        """
        nodes, weights = normal_panels(np.linspace(-6, 6, panels + 1), 3)
        y_next = self.rho * y[:, None] + self.sigma * nodes
        w_next = self.r * (w - rule(y, w))[:, None] + np.exp(y_next)
        c_next = rule(y_next.ravel(), w_next.ravel()).reshape(y_next.shape)
        return np.minimum(w, (self.beta * self.r * (c_next**-self.gamma @ weights)) ** (-1 / self.gamma))

    def euler_errors(self, y, w, rule):
        """How far the rule is from what its own continuation asks for, relative to consumption, (n,)."""
        return np.abs(self.implied_consumption(y, w, rule) / rule(y, w) - 1)

    def solve(self, n_incomes=4, n_savings=200, tolerance=1e-12, start=None):
        """The policy, by time iteration on endogenous grid points; four log incomes will do where they are independent."""
        incomes = np.linspace(-1, 1, n_incomes) * INCOMES * self.income_sd
        savings = MOST_SAVINGS * np.linspace(0, 1, n_savings) ** 3
        if start is None:
            start = SavingRule.of(
                incomes, np.ones(n_incomes), savings, np.tile(1 + savings / 2, (n_incomes, 1))
            )
        rule, change = start, np.inf
        while change > tolerance:
            c = self._consumption_on(incomes, savings, rule)
            kinks = c[:, 0]
            values = np.array(
                [make_interp_spline(savings + row - row[0], row)(savings) for row in c]
            )  # on one grid of distances to the kink
            change = np.max(np.abs(values - rule.spline(incomes, savings)))
            rule = SavingRule.of(incomes, kinks, savings, values)
        return rule

    def _consumption_on(self, incomes, savings, rule):
        """By log income and savings, (n_incomes, n_savings)."""
        breaks = (self._crossings(savings, rule) - self.rho * incomes[:, None, None]) / self.sigma
        fixed = np.broadcast_to(PANELS, (len(incomes), len(savings), len(PANELS)))
        edges = np.sort(np.concatenate([fixed, np.clip(breaks, PANELS[0], PANELS[-1])], axis=-1), axis=-1)
        nodes, weights = normal_panels(edges, 12)
        y_next = self.rho * incomes[:, None, None] + self.sigma * nodes
        w_next = self.r * savings[:, None] + np.exp(y_next)
        marginal = np.sum(rule(y_next, w_next) ** -self.gamma * weights, axis=-1)
        return (self.beta * self.r * marginal) ** (-1 / self.gamma)

    def _crossings(self, savings, rule):
        """The log incomes, at most two, at which cash on hand after given savings is at the kink."""
        reach = max(INCOMES * self.income_sd, PANELS[-1] * self.sigma)
        y = np.linspace(-reach, reach, 4001)
        distance = rule.kink(y) - np.exp(y) - self.r * savings[:, None]
        crosses = distance[:, 1:] * distance[:, :-1] < 0
        found = np.full((len(savings), 2), reach)
        for row in range(len(savings)):
            at = np.flatnonzero(crosses[row])[:2]
            share = distance[row, at] / (distance[row, at] - distance[row, at + 1])
            found[row, : len(at)] = y[at] + share * (y[1] - y[0])
        return np.sort(found, axis=-1)


@dataclass(frozen=True)
class SavingRule:
    """Consumption by log income and cash on hand, arrays of one shape; beyond the grid of incomes as at its end."""

    reach: float
    kinks: BSpline  # by log income
    spline: RectBivariateSpline  # consumption by log income and the distance to the kink

    @classmethod
    def of(cls, incomes, kinks, savings, values):
        return cls(
            incomes[-1], make_interp_spline(incomes, kinks), RectBivariateSpline(incomes, savings, values)
        )

    def __call__(self, y, w):
        y = np.clip(y, -self.reach, self.reach)
        distance = w - self.kinks(y)
        inside = np.clip(distance, 0, MOST_SAVINGS)
        above = self.spline.ev(y, inside)
        if np.any(distance > MOST_SAVINGS):
            above = above + self.spline.ev(y, inside, dy=1) * (distance - inside)
        return np.where(distance < 0, w, above)

    def kink(self, y):
        """Cash on hand up to which all is consumed."""
        return self.kinks(np.clip(y, -self.reach, self.reach))


def normal_panels(edges, order):
    """Nodes and weights of the standard normal: Gauss-Legendre on the panels between edges, (..., panels * order)."""
    x, weight = np.polynomial.legendre.leggauss(order)
    middle, half = (edges[..., 1:] + edges[..., :-1]) / 2, (edges[..., 1:] - edges[..., :-1]) / 2
    nodes = middle[..., None] + half[..., None] * x
    weights = half[..., None] * weight * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    flat = (*nodes.shape[:-2], nodes.shape[-2] * order)
    return nodes.reshape(flat), weights.reshape(flat)
