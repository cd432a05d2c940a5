"""Nonlinear least squares by Gauss-Newton and by Levenberg-Marquardt.

Both are iterators that pause after every trial, taken or not, so that whoever uses them decides when to stop; an iterator
that ends by itself has found no further decrease. The linear algebra is LAPACK's, through SciPy: XLA's Cholesky
factorisation is forty times slower on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lstsq, qr

Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

#: Singular values below this share of the largest are the rounding of those above.
ROUNDING = 1e-14
_LOCAL_GAIN = 0.75
_SMALLEST_FACTOR = 0.1
_LARGEST_DAMPING = 1e8
_SMALLEST_DAMPING = 1e-15


@dataclass(frozen=True)
class Iterate:
    """Where the search stands after one evaluation of the residuals.

    Attributes:
        point: (n,) the unknowns: the point just evaluated if it was taken, else still the one before.
        loss: mean squared residual there.
        is_taken: whether the evaluated point was taken.
    """

    point: np.ndarray
    loss: float
    is_taken: bool


def _loss(residuals: np.ndarray, jacobian: np.ndarray) -> float:
    """Mean squared residual; infinite where there is no step on from."""
    is_defined = np.isfinite(residuals).all() and np.isfinite(jacobian).all()
    return float(np.mean(residuals**2)) if is_defined else np.inf


def gauss_newton(
    evaluate: Evaluate, start: np.ndarray, *, rank_tolerance: float = ROUNDING
) -> Iterator[Iterate]:
    """Gauss-Newton: lightly damped steps far from the solution, undamped ones where the linear model holds.

    An undamped step goes to the least-norm solution ``y`` of ``J y = J x - r``, by a column-pivoted, rank-revealing QR
    factorisation of the Jacobian itself: the normal equations would lose half the digits, and the least-norm step
    would keep what earlier steps left in directions that the residuals do not see. It is taken once a step has lowered
    the loss by at least three quarters of what the linear model promised. Where one fails, the residuals bend or have a
    kink within its reach, and would at the next: damping comes back for good, as in :func:`levenberg_marquardt`. Of the
    damped steps each that is taken lowers it at least as it lowers the loss, so that they too end up all but undamped.

    Args:
        evaluate: residuals (m,) and their Jacobian (m, n) at a point (n,); not finite where undefined.
        start: (n,) first point.
        rank_tolerance: directions whose singular value is below this share of the largest are left out by undamped steps.

    Yields:
        The start, then an iterate for every trial; nothing when the start itself is undefined.
    """
    return _damped_steps(evaluate, start, first_damping=1e-4, rank_tolerance=rank_tolerance)


def levenberg_marquardt(
    evaluate: Evaluate, start: np.ndarray, *, first_damping: float = 1e-3
) -> Iterator[Iterate]:
    """Levenberg-Marquardt steps ``(JᵀJ + μ m I) d = -Jᵀ r`` with Nielsen's update of the damping μ.

    Solved in the smaller of the two spaces: unknowns × unknowns, or ``d = -Jᵀ (J Jᵀ + μ m I)⁻¹ r``, residuals × residuals.

    Args:
        evaluate: residuals (m,) and their Jacobian (m, n) at a point (n,); not finite where undefined.
        start: (n,) first point.
        first_damping: of the first step, in units of the Jacobian's mean square.

    Yields:
        The start, then an iterate for every trial; nothing when the start itself is undefined.
    """
    return _damped_steps(evaluate, start, first_damping=first_damping, rank_tolerance=None)


def _damped_steps(
    evaluate: Evaluate, point: np.ndarray, *, first_damping: float, rank_tolerance: float | None
) -> Iterator[Iterate]:
    """The steps of both: those of Gauss-Newton where there is a ``rank_tolerance``."""
    residuals, jacobian = evaluate(point)
    loss = _loss(residuals, jacobian)
    if not np.isfinite(loss):
        return
    yield Iterate(point, loss, is_taken=True)
    # In units of the Jacobian's mean square, so that it means the same whatever the residuals' units.
    unit = float(np.mean(jacobian**2))
    damping, growth = first_damping, 2.0
    is_local = may_go_undamped = rank_tolerance is not None
    while loss > 0 and damping < _LARGEST_DAMPING:
        if is_local and rank_tolerance is not None:
            direction = least_norm_solution(jacobian, jacobian @ point - residuals, rank_tolerance) - point
        else:
            direction = _damped_direction(jacobian, residuals, damping * unit * len(residuals))
        trial = point + direction
        trial_residuals, trial_jacobian = evaluate(trial)
        trial_loss = _loss(trial_residuals, trial_jacobian)
        predicted = loss - float(np.mean((residuals + jacobian @ direction) ** 2))
        gain = (loss - trial_loss) / predicted if predicted > 0 else -np.inf
        if gain > 0:
            factor = 1 - (2 * gain - 1) ** 3
            if rank_tolerance is not None:
                factor = min(factor, trial_loss / loss)
            damping, growth = max(damping * max(_SMALLEST_FACTOR, factor), _SMALLEST_DAMPING), 2.0
            point, residuals, jacobian, loss = trial, trial_residuals, trial_jacobian, trial_loss
            is_local = may_go_undamped and gain > _LOCAL_GAIN
        elif is_local:
            is_local = may_go_undamped = False
        else:
            damping, growth = damping * growth, growth * 2
        yield Iterate(point, loss, is_taken=gain > 0)


def least_norm_solution(
    jacobian: np.ndarray, aim: np.ndarray, rank_tolerance: float = ROUNDING
) -> np.ndarray:
    """The shortest ``y`` with the least ``|J y - aim|``, by the singular values above ``rank_tolerance`` of the largest.

    A plain QR factorisation first, where there are more rows than columns: unlike the column-pivoted one it works on
    blocks, which leaves the slow one a square (a third of the time from 5,000 × 1,000 on).
    """
    rows, columns = jacobian.shape
    if rows > columns:
        # Transposed twice, so that LAPACK takes it as it lies.
        bordered = np.vstack([jacobian.T, aim]).T
        (triangle,) = qr(bordered, mode="r", overwrite_a=True, check_finite=False)
        jacobian, aim = triangle[:columns, :columns], triangle[:columns, columns]
    solution, *_ = lstsq(jacobian, aim, cond=rank_tolerance, lapack_driver="gelsy", check_finite=False)
    return np.asarray(solution)


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
