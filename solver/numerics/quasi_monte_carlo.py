"""Quasi-Monte Carlo for a multivariate normal: Sobol points, taken to normals by their quantiles."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from solver.numerics.quadrature import Rule, normal_rule


def quasi_monte_carlo(mean: np.ndarray, covariance: np.ndarray, points: int, scramble: int) -> Rule:
    """Scrambled Sobol points with equal weights, standardised to the exact mean and covariance.

    The error of a smooth function falls nearly as 1 / N, that of Monte Carlo as 1 / √N. Scrambling keeps points away from
    the infinite quantiles of 0 and 1. What it leaves of first and second moments would be the largest error of a model with
    small shocks, so it is taken out, as other rules have none.

    Source: Sobol (1967); Matousek (1998), Journal of Complexity 14, for the scrambling; Maliar and Maliar (2014), Handbook
    of Computational Economics 3, section 5, for their use here.

    Args:
        mean: (d,).
        covariance: (d, d), symmetric and positive semidefinite, of rank r.
        points: N, a power of two, at least 2 r.
        scramble: seed of the scrambling.

    Raises:
        ValueError: the mean or the covariance is no such array, or the number of points is none of these.
    """

    def standard(rank: int) -> Rule:
        if points < max(1, 2 * rank) or points & (points - 1):
            raise ValueError(f"points = {points} must be a power of two and at least {2 * rank}")
        if rank == 0:
            return Rule(np.zeros((1, 0)), np.ones(1))
        # Half a second of imports, for which a process that only serves policies does not wait.
        from scipy.stats.qmc import Sobol

        sobol = Sobol(rank, scramble=True, rng=np.random.default_rng(scramble))
        z = ndtri(sobol.random(points))
        z -= z.mean(axis=0)
        root = np.linalg.cholesky(z.T @ z / points)
        return Rule(np.linalg.solve(root, z.T).T, np.full(points, 1 / points))

    return normal_rule(mean, covariance, standard)
