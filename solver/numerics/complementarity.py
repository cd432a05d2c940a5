"""Residuals of a mixed complementarity problem ``lower ≤ x ≤ upper ⟂ F``.

Its solutions are x = lower with F ≥ 0, x = upper with F ≤ 0, and lower < x < upper with F = 0. Each function here is zero
there and nowhere else. Written once over an array namespace ``xp``: NumPy, or ``tensorflow.experimental.numpy``. Bounds
may be arrays and infinite, element by element.
"""

from __future__ import annotations

from typing import Any

Array = Any


def fischer_burmeister(xp: Any, x: Array, lower: Array, upper: Array, residual: Array) -> Array:
    """``φ(x - lower, -φ(upper - x, -F))`` with ``φ(a, b) = a + b - √(a² + b²)``.

    Smooth except where x is at a bound and F is zero as well; there its gradient is that of ``a + b``, one of the
    generalised gradients. Without bounds it is F.

    Source: Fischer (1992), Optimization 24; for two bounds Billups (1995), Algorithms for Complementarity Problems.

    Args:
        xp: array namespace.
        x: the bounded variable.
        lower: bound, ``-inf`` for none; at most ``upper``.
        upper: bound, ``inf`` for none.
        residual: F.

    Returns:
        An array of the arguments' common shape.
    """
    return _phi(xp, x - lower, -_phi(xp, upper - x, -residual))


def min_map(xp: Any, x: Array, lower: Array, upper: Array, residual: Array) -> Array:
    """``mid(x - lower, x - upper, F) = max(x - upper, min(x - lower, F))``.

    In units of F and of x, it says how far F or the bound is missed; piecewise smooth.

    Args:
        xp: array namespace.
        x: the bounded variable.
        lower: bound, ``-inf`` for none; at most ``upper``.
        upper: bound, ``inf`` for none.
        residual: F.

    Returns:
        An array of the arguments' common shape.
    """
    return xp.maximum(x - upper, xp.minimum(x - lower, residual))


def _phi(xp: Any, a: Array, b: Array) -> Array:
    """``a + b - √(a² + b²)``, b where a is infinite; finite gradients everywhere."""
    # What is not chosen is kept finite all the same: its gradient is multiplied by zero, not left out.
    is_bounded = xp.isfinite(a)
    a = xp.where(is_bounded, a, xp.ones_like(a))
    square = a**2 + b**2
    is_kink = square == 0
    norm = xp.where(is_kink, xp.zeros_like(square), xp.sqrt(xp.where(is_kink, xp.ones_like(square), square)))
    return xp.where(is_bounded, a + b - norm, b)
