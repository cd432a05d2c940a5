"""Nonlinear least squares by Gauss-Newton and by Levenberg-Marquardt.

Both are iterators over accepted points, so that whoever uses them decides when to stop; an iterator that ends by
itself has found no further decrease. The linear algebra is LAPACK's, through SciPy: XLA's Cholesky factorisation is forty
times slower on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lstsq

Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

_RANK_TOLERANCE = 1e-14
_LOCAL_GAIN = 0.75
_LARGEST_DAMPING = 1e8
_SMALLEST_DAMPING = 1e-15


@dataclass(frozen=True)
class Iterate:
    """An accepted point.

    Attributes:
        point: (n,) the unknowns.
        loss: mean squared residual there.
        evaluations: evaluations of the residuals since the last accepted point.
    """

    point: np.ndarray
    loss: float
    evaluations: int


def _loss(residuals: np.ndarray, jacobian: np.ndarray) -> float:
    """Mean squared residual; infinite where there is no step on from."""
    is_defined = np.isfinite(residuals).all() and np.isfinite(jacobian).all()
    return float(np.mean(residuals**2)) if is_defined else np.inf


def gauss_newton(evaluate: Evaluate, start: np.ndarray) -> Iterator[Iterate]:
    """Gauss-Newton: lightly damped steps far from the solution, undamped ones where the linear model holds.

    An undamped step goes to the least-norm solution ``y`` of ``J y = J x - r``, by a column-pivoted, rank-revealing QR
    factorisation of the Jacobian itself: the normal equations would lose half the digits, and the least-norm step
    would keep what earlier steps left in directions that the residuals do not see. It is taken once a step has lowered
    the loss by at least three quarters of what the linear model promised; where a step fails, damping comes back as
    in :func:`levenberg_marquardt`.

    Args:
        evaluate: residuals (m,) and their Jacobian (m, n) at a point (n,); not finite where undefined.
        start: (n,) first point.

    Yields:
        The start, then every accepted point; nothing when the start itself is undefined.
    """
    return _damped_steps(evaluate, start, first_damping=1e-4, goes_undamped=True)


def levenberg_marquardt(evaluate: Evaluate, start: np.ndarray) -> Iterator[Iterate]:
    """Levenberg-Marquardt steps ``(JᵀJ + μ m I) d = -Jᵀ r`` with Nielsen's update of the damping μ.

    Solved in the smaller of the two spaces: unknowns × unknowns, or ``d = -Jᵀ (J Jᵀ + μ m I)⁻¹ r``, residuals × residuals.

    Args:
        evaluate: residuals (m,) and their Jacobian (m, n) at a point (n,); not finite where undefined.
        start: (n,) first point.

    Yields:
        The start, then every accepted point; nothing when the start itself is undefined.
    """
    return _damped_steps(evaluate, start, first_damping=1e-3, goes_undamped=False)


def _damped_steps(
    evaluate: Evaluate, point: np.ndarray, *, first_damping: float, goes_undamped: bool
) -> Iterator[Iterate]:
    residuals, jacobian = evaluate(point)
    loss = _loss(residuals, jacobian)
    if not np.isfinite(loss):
        return
    yield Iterate(point, loss, 1)
    # In units of the Jacobian's mean square, so that it means the same whatever the residuals' units.
    unit = float(np.mean(jacobian**2))
    damping, growth, evaluations, is_local = first_damping, 2.0, 0, goes_undamped
    while loss > 0 and damping < _LARGEST_DAMPING:
        if is_local:
            aim = jacobian @ point - residuals
            direction = lstsq(jacobian, aim, cond=_RANK_TOLERANCE, lapack_driver="gelsy")[0] - point
        else:
            direction = _damped_direction(jacobian, residuals, damping * unit * len(residuals))
        trial = point + direction
        trial_residuals, trial_jacobian = evaluate(trial)
        trial_loss = _loss(trial_residuals, trial_jacobian)
        evaluations += 1
        predicted = loss - float(np.mean((residuals + jacobian @ direction) ** 2))
        gain = (loss - trial_loss) / predicted if predicted > 0 else -np.inf
        if gain > 0:
            point, residuals, jacobian, loss = trial, trial_residuals, trial_jacobian, trial_loss
            yield Iterate(point, loss, evaluations)
            damping = max(damping * max(1 / 3, 1 - (2 * gain - 1) ** 3), _SMALLEST_DAMPING)
            growth, evaluations = 2.0, 0
            is_local = goes_undamped and gain > _LOCAL_GAIN
        elif is_local:
            is_local = False
        else:
            damping, growth = damping * growth, growth * 2


def _damped_direction(jacobian: np.ndarray, residuals: np.ndarray, damping: float) -> np.ndarray:
    rows, columns = jacobian.shape
    gram = jacobian.T @ jacobian if columns <= rows else jacobian @ jacobian.T
    # Rounding may leave the Gram matrix with eigenvalues below zero by this much; a zero Jacobian's stays regular too.
    floor = np.finfo(float).eps * len(gram) * float(np.trace(gram)) + np.finfo(float).tiny
    gram[np.diag_indices_from(gram)] += damping + floor
    factor = cho_factor(gram, overwrite_a=True, check_finite=False)
    if columns <= rows:
        return -cho_solve(factor, jacobian.T @ residuals, check_finite=False)
    return -jacobian.T @ cho_solve(factor, residuals, check_finite=False)
