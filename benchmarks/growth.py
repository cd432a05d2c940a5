"""The growth model by formula, for benchmarks to judge by: nothing here comes from the solver.

``a' = (1-ρ) a``, ``k' = (1-δ) k + i``, ``c = exp(a) k^θ - i``; the Euler error is ``|(β c'^(-γ) R')^(-1/γ) / c - 1|`` with
``R' = 1 - δ + θ exp(a') k'^(θ-1)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Rule = Callable[[np.ndarray], np.ndarray]
SIDE = 41


def grid(calibration: Mapping[str, float]) -> np.ndarray:
    """41 × 41 states (a, k) over the whole domain, a in ±.2 and k in [.5, 1.5] of its steady state."""
    beta, delta, theta = (calibration[name] for name in ("beta", "delta", "theta"))
    k_ss = (theta / (1 / beta - 1 + delta)) ** (1 / (1 - theta))
    a, k = np.meshgrid(np.linspace(-0.2, 0.2, SIDE), np.linspace(0.5, 1.5, SIDE) * k_ss)
    return np.column_stack([a.ravel(), k.ravel()])


def euler_errors(calibration: Mapping[str, float], rule: Rule, states: np.ndarray) -> np.ndarray:
    """Euler errors (n,) in consumption units of an investment rule, states (n, 2) to controls (n, 1)."""
    beta, delta, theta, gamma, rho = (
        calibration[name] for name in ("beta", "delta", "theta", "gamma", "rho")
    )
    a, k = states.T
    investment = rule(states)[:, 0]
    consumption = np.exp(a) * k**theta - investment
    next_a, next_k = (1 - rho) * a, (1 - delta) * k + investment
    next_investment = rule(np.column_stack([next_a, next_k]))[:, 0]
    next_consumption = np.exp(next_a) * next_k**theta - next_investment
    gross_return = 1 - delta + theta * np.exp(next_a) * next_k ** (theta - 1)
    implied = (beta * next_consumption**-gamma * gross_return) ** (-1 / gamma)
    return np.asarray(np.abs(implied / consumption - 1))
