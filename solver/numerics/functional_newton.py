"""A Newton step for an unknown function in the span of given features, without its Jacobian ever being formed.

The function is ``f(s) = φ(s) w`` with k values, and is to solve an equation that is linear at each of n points, in its own
value there and its value at another point: ``A_i f(s_i) + B_i f(s'_i) = -r_i``. Solved for the value at the point it reads
``f(s_i) = -A_i⁻¹ (r_i + B_i f(s'_i))``, and fitted to the features, with ``Φ⁺ = (ΦᵀΦ)⁻¹ Φᵀ``,
``w + Φ⁺ A⁻¹ B Φ' w = -Φ⁺ A⁻¹ r``.
That is a fixed point, of which GMRES needs products alone: of m features its cost is that of some products with n × m
matrices and of one factorisation, m × m, shared by all k values and all steps, where least squares would factorise a matrix
of n k × m k.

Source: Saad and Schultz (1986), SIAM Journal on Scientific and Statistical Computing 7, for GMRES; Knoll and Keyes (2004),
Journal of Computational Physics 193, for Newton's method by it.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.linalg import LinearOperator, gmres

#: Of a step's equation, relative: the linear model is not worth more, and a few products suffice.
_TOLERANCE = 1e-2
_MOST_PRODUCTS = 40


class LeastSquaresFit:
    """Least squares by the same features again and again.

    The normal equations lose half the digits, which a fit that later ones correct can do without.

    Args:
        features: Φ (n, m), n at least m.
    """

    def __init__(self, features: np.ndarray) -> None:
        self._features = features
        gram = features.T @ features
        floor = np.finfo(float).eps * len(gram) * float(np.trace(gram)) + np.finfo(float).tiny
        gram[np.diag_indices_from(gram)] += floor
        self._factor = cho_factor(gram, overwrite_a=True, check_finite=False)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Coefficients (m, k) of values (n, k)."""
        return np.asarray(cho_solve(self._factor, self._features.T @ values, check_finite=False))


def newton_direction(
    fit: LeastSquaresFit,
    next_features: np.ndarray,
    own: np.ndarray,
    other: np.ndarray,
    residuals: np.ndarray,
) -> np.ndarray:
    """The coefficients (m, k) of the function that solves the linear equation, to a hundredth.

    Args:
        fit: of values to the features at the points.
        next_features: Φ' (n, m) the features at the other points.
        own: A (n, k, k).
        other: B (n, k, k).
        residuals: r (n, k).

    Returns:
        w; not finite where an A is singular.
    """
    with np.errstate(all="ignore"):
        inverse = _inverses(own)
        following = inverse @ other
        shape = (next_features.shape[1], residuals.shape[1])

        def product(vector: np.ndarray) -> np.ndarray:
            weights = vector.reshape(shape)
            moved = np.einsum("nij,nj->ni", following, next_features @ weights)
            return np.asarray((weights + fit(moved)).ravel())

        aim = -fit(np.einsum("nij,nj->ni", inverse, residuals)).ravel()
        if not np.isfinite(aim).all():
            return np.full(shape, np.nan)
        operator = LinearOperator((len(aim), len(aim)), matvec=product, dtype=np.float64)
        found, _ = gmres(operator, aim, rtol=_TOLERANCE, restart=_MOST_PRODUCTS, maxiter=1)
    return np.asarray(found.reshape(shape))


def _inverses(matrices: np.ndarray) -> np.ndarray:
    """The inverse of each matrix (n, k, k), NaN where one of them has none."""
    try:
        return np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        return np.full_like(matrices, np.nan)
