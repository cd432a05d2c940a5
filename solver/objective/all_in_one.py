"""The all-in-one estimate of E[R]², of residuals at independent draws of the next period.

The square of a mean of N draws is not the square of the expectation: on average it is too large by Var R / N, which draws a
policy to where residuals vary little instead of where they vanish on average. The product of two independent draws is
unbiased, ``E[R₁ R₂] = E[R]²``, and may be negative (Maliar, Maliar and Winant 2021, Journal of Monetary Economics 122). Of
more draws the mean over all pairs, a U-statistic, is the estimate of least variance (Hoeffding 1948).

It takes residuals that are linear in what is expected: those as written, never log ratios.
"""

from __future__ import annotations

from typing import Any

Array = Any


def mean_of_products(xp: Any, residuals: Array) -> Array:
    """``Σ_{i≠j} R_i R_j / (m (m - 1))``, (n, n_equations), of residuals (n, m, n_equations) at m draws, m ≥ 2."""
    m = residuals.shape[1]
    squared_sum, sum_of_squares = xp.sum(residuals, axis=1) ** 2, xp.sum(residuals**2, axis=1)
    return (squared_sum - sum_of_squares) / (m * (m - 1))
