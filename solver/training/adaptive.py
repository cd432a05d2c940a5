"""The states of training over the box, with more of them where the policy is still wrong.

By residual-based adaptive distribution (Wu, Zhu, Tan, Kartha and Lu 2023, k = c = 1): of candidates drawn as the states of
the box are, without replacement, one is kept with a chance in proportion to ``ε / mean(ε) + 1``, where ε is its Euler
error. So one half goes where errors are large, and the other stays spread whatever they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.model.state_space import StateSpace
from solver.numerics.sampling import edge_weighted_box
from solver.settings.limits import CANDIDATES_PER_STATE

_STREAM = 9


class AdaptiveStates:
    """States that are drawn anew by the errors of the policy as it is trained.

    Attributes:
        states: (count, n_columns) those drawn last; None before the first.
    """

    def __init__(
        self,
        space: StateSpace,
        lower: np.ndarray,
        upper: np.ndarray,
        count: int,
        errors_at: Callable[[np.ndarray, np.ndarray], np.ndarray],
        seed: int,
    ) -> None:
        """None yet.

        Args:
            space: of the states.
            lower: (n_continuous,) lower ends of the box.
            upper: (n_continuous,) upper ends likewise.
            count: how many are drawn.
            errors_at: ``(weights, states (n, n_columns)) -> (n,)`` Euler errors.
            seed: of every draw.
        """
        self.states: np.ndarray | None = None
        self._space, self._lower, self._upper = space, lower, upper
        self._count, self._errors_at = count, errors_at
        self._rng = np.random.default_rng([seed, _STREAM])

    def follow(self, vector: np.ndarray) -> None:
        """Draws them anew by the errors of a weight vector; where none is defined, as those of the box."""
        n_candidates = CANDIDATES_PER_STATE * self._count
        box = edge_weighted_box(self._rng, self._lower, self._upper, n_candidates)
        candidates = self._space.with_regimes(self._rng, box)
        errors = self._errors_at(vector, candidates)
        errors = np.where(np.isfinite(errors), errors, 0.0)
        chance = errors / (errors.mean() or 1.0) + 1.0
        chosen = self._rng.choice(n_candidates, self._count, replace=False, p=chance / chance.sum())
        self.states = candidates[chosen]
