"""Anderson acceleration of a fixed-point iteration (Anderson 1965; type II of Fang and Saad 2009)."""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy.linalg import lstsq

#: Differences of residuals that are this much smaller than the largest say nothing but rounding.
_RANK_TOLERANCE = 1e-12


class Anderson:
    """Remembers the last points of an iteration ``x -> x + f(x)`` and leaps to where their residuals promise the least.

    With differences ΔX, ΔF and ΔR of the points, their steps and their residuals from those of the present one, the next
    point is ``x + f - (ΔX + ΔF) γ``, where γ has the least ``|r - ΔR γ|``. Residuals may be any that are zero at the fixed
    point: where steps are known less well than residuals, as in a rank-deficient fit, residuals are the better guide.
    """

    def __init__(self, window: int) -> None:
        self._past: deque[tuple[np.ndarray, np.ndarray, np.ndarray]] = deque(maxlen=window)

    def next(self, point: np.ndarray, step: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """The next point (n,), from the present one (n,), the plain iteration's step (n,) and residuals (m,) there."""
        accelerated: np.ndarray = point + step
        if self._past:
            points, steps, past = (np.stack(arrays, axis=1) for arrays in zip(*self._past, strict=True))
            differences = residuals[:, None] - past
            weights, *_ = lstsq(differences, residuals, cond=_RANK_TOLERANCE, check_finite=False)
            moved = (point[:, None] - points) + (step[:, None] - steps)
            accelerated -= moved @ weights
        self._past.append((point, step, residuals))
        return accelerated

    def forget(self) -> None:
        """Begin again: the next step is a plain one."""
        self._past.clear()
