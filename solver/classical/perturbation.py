"""First-order perturbation: the linear rule at the steady state, on the saddle path.

With deviations ``y = (s, x)`` from the steady state, transition ``s' = G_s s + G_x x`` and arbitrage
``F_s s + F_x x + F_s' s' + F_x' x' = 0`` read ``A y' = B y``. The generalised Schur form orders the roots of
``B v = λ A v``, the stable ones first; the rule is ``x = Z_21 Z_11⁻¹ s`` (Klein 2000). It is unique exactly when as many
roots are stable as there are states (Blanchard and Kahn 1980).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import ordqz

_UNIT_ROOT = 1 + 1e-9


@dataclass(frozen=True)
class Derivatives:
    """Derivatives of a model at its steady state.

    Attributes:
        transition: (n_states, n_states + n_controls), with respect to today's states and controls.
        arbitrage: (n_equations, 2 (n_states + n_controls)), with respect to today's and then tomorrow's.
    """

    transition: np.ndarray
    arbitrage: np.ndarray


@dataclass(frozen=True)
class LinearRule:
    """The first-order decision rule.

    Attributes:
        slope: (n_controls, n_states) derivatives of the controls; None unless the rule is unique.
        n_stable: roots within the unit circle; a unit root counts as stable.
        n_states: how many there must be.
    """

    slope: np.ndarray | None
    n_stable: int
    n_states: int


def solve_first_order(derivatives: Derivatives) -> LinearRule:
    """The linear rule of a model from its derivatives at the steady state."""
    n_states, n_all = derivatives.transition.shape
    today, tomorrow = np.split(derivatives.arbitrage, 2, axis=1)
    identity = np.eye(n_states, n_all)
    a = np.concatenate([identity, tomorrow])
    b = np.concatenate([derivatives.transition, -today])

    def is_stable(alpha: Any, beta: Any) -> Any:
        """Elementwise, as ``ordqz`` calls it; its stub knows scalars only."""
        return np.abs(alpha) <= _UNIT_ROOT * np.abs(beta)

    _, _, alpha, beta, _, z = ordqz(b, a, sort=is_stable, output="complex")
    n_stable = int(np.sum(is_stable(alpha, beta)))
    z_11, z_21 = z[:n_states, :n_states], z[n_states:, :n_states]
    if n_stable != n_states or np.linalg.matrix_rank(z_11) < n_states:
        return LinearRule(None, n_stable, n_states)
    return LinearRule(np.real(np.linalg.solve(z_11.T, z_21.T).T), n_stable, n_states)
