"""The deterministic growth model written out by hand: what its policies are judged by, apart from the solver."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from solver.policy.policy import Policy

GRID = 41
RANGES = {
    "beta": (0.9, 0.99),
    "delta": (0.02, 0.2),
    "theta": (0.2, 0.5),
    "gamma": (0.5, 5.0),
    "rho": (0.05, 0.5),
}
DEFAULT = {"beta": 0.96, "delta": 0.1, "theta": 0.36, "gamma": 2.0, "rho": 0.1}


def draw_calibrations(count: int, seed: int) -> list[dict[str, float]]:
    """``count`` calibrations, each parameter uniform on its range."""
    rng = np.random.default_rng(seed)
    return [{name: float(rng.uniform(*ends)) for name, ends in RANGES.items()} for _ in range(count)]


def steady_capital(p: Mapping[str, float]) -> float:
    """``k = (θ / (1/β - 1 + δ))^(1/(1-θ))``."""
    return float((p["theta"] / (1 / p["beta"] - 1 + p["delta"])) ** (1 / (1 - p["theta"])))


def grid_states(p: Mapping[str, float]) -> np.ndarray:
    """41 × 41 states (a, k) over the whole domain, its edges included, (1681, 2)."""
    k_ss = steady_capital(p)
    a, k = np.meshgrid(np.linspace(-0.2, 0.2, GRID), np.linspace(0.5 * k_ss, 1.5 * k_ss, GRID))
    return np.column_stack([a.ravel(), k.ravel()])


def euler_errors(p: Mapping[str, float], policy: Policy, states: np.ndarray) -> np.ndarray:
    """``|(β u'(c') R')^(-1/γ) / c - 1|`` at states (n, 2), with R' = 1 - δ + θ exp(a') k'^(θ-1)."""
    beta, delta, theta, gamma, rho = (p[name] for name in ("beta", "delta", "theta", "gamma", "rho"))
    a, k = states.T
    i = policy.evaluate(states)[:, 0]
    c = np.exp(a) * k**theta - i
    a_next, k_next = (1 - rho) * a, (1 - delta) * k + i
    i_next = policy.evaluate(np.column_stack([a_next, k_next]))[:, 0]
    c_next = np.exp(a_next) * k_next**theta - i_next
    gross_return = 1 - delta + theta * np.exp(a_next) * k_next ** (theta - 1)
    implied_c = (beta * c_next**-gamma * gross_return) ** (-1 / gamma)
    errors: np.ndarray = np.abs(implied_c / c - 1)
    return errors


def largest_error(p: Mapping[str, float], policy: Policy | None) -> float:
    """The largest Euler error on the grid; infinite without a policy, or where the economy is not defined."""
    if policy is None:
        return float("inf")
    with np.errstate(all="ignore"):
        error = float(euler_errors(p, policy, grid_states(p)).max())
    return error if np.isfinite(error) else float("inf")
