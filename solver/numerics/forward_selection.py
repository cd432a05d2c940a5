"""Forward selection by orthogonal least squares (Chen, Cowan and Grant 1991): of many candidates those that explain most.

Each pick is the candidate that lowers the sum of squares the most beside those that are there already, so that no two picks
explain the same. Of the candidates' Gram matrix the picks are the pivots of an incomplete Cholesky factorisation, and their
rows are all that is formed of it.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

#: Of a candidate's sum of squares: what has to be left of it beside the others for it to be another one.
_LEAST_LEFT = 1e-8
_RIDGE = 1e-12


def forward_selection(present: np.ndarray, candidates: np.ndarray, aim: np.ndarray, count: int) -> np.ndarray:
    """Choose candidates for a least-squares fit.

    Args:
        present: (m, p) columns that the fit has in any case.
        candidates: (m, n, k) groups of k columns, of which a candidate brings all.
        aim: (m,) what is fitted.
        count: how many candidates to choose, at most n.

    Returns:
        (count,) the places of the chosen, the best first.
    """
    m, n, k = candidates.shape
    columns = candidates.reshape(m, n * k)
    across, explained = _explained(present, columns)
    product = columns.T @ aim - explained.T @ (present.T @ aim)
    whole = np.einsum("ij,ij->j", columns, columns)
    left = whole - np.einsum("ij,ij->j", across, explained)
    factor = np.zeros((count * k, n * k))
    chosen: list[int] = []
    for row in range(0, count * k, k):
        is_another = left > _LEAST_LEFT * whole
        gain = np.where(is_another, product**2 / np.where(is_another, left, 1.0), 0.0)
        by_group = gain.reshape(n, k).sum(axis=1)
        by_group[chosen] = -1.0
        group = int(by_group.argmax())
        chosen.append(group)
        for pivot in range(group * k, (group + 1) * k):
            if left[pivot] <= _LEAST_LEFT * whole[pivot]:
                continue
            place = row + pivot - group * k
            gram = columns.T @ columns[:, pivot] - across.T @ explained[:, pivot]
            rest = gram - factor[:place, pivot] @ factor[:place]
            factor[place] = rest / np.sqrt(left[pivot])
            product = product - rest * (product[pivot] / left[pivot])
            left = left - factor[place] ** 2
    return np.array(chosen, dtype=int)


def _explained(present: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The products ``PᵀC`` (p, n) of present columns with others, and the coefficients (p, n) that fit these by those."""
    own = present.T @ present
    own[np.diag_indices_from(own)] += _RIDGE * np.trace(own) + np.finfo(float).tiny
    factor = cho_factor(own, overwrite_a=True, check_finite=False)
    across = present.T @ columns
    return across, cho_solve(factor, across, check_finite=False)
