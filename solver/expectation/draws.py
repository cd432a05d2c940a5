"""The next period drawn: one value of the exogenous variables, and one regime, after each state.

Chance itself, standard normals and uniform numbers, comes from outside, so that the same formula serves NumPy and a
TensorFlow graph. Draws move as the law says: a component of the mixture, a normal of it, and the next regime by the row of
today's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from solver.model.process import Process
from solver.model.state_space import StateSpace
from solver.numerics.quadrature import square_root

Array = Any


class Law(NamedTuple):
    """What draws follow, as NumPy arrays or as tensors.

    Attributes:
        mean: (n_exogenous,).
        persistence: (n_exogenous, n_exogenous).
        values: (n_regimes, n_exogenous).
        transitions: (n_regimes, n_regimes).
        shares: (n_components,) probabilities of the mixture of innovations.
        means: (n_components, n_exogenous).
        roots: (n_components, n_exogenous, n_exogenous) square roots of the covariances.
    """

    mean: Array
    persistence: Array
    values: Array
    transitions: Array
    shares: Array
    means: Array
    roots: Array


class Draws(NamedTuple):
    """One draw of the next period for each of n states.

    Attributes:
        law: what it follows.
        normals: (n, n_exogenous) independent standard normals.
        chances: (n, 2) uniform on [0, 1): they choose the component and the regime.
    """

    law: Law
    normals: Array
    chances: Array

    def follow(self, xp: Any, space: StateSpace, states: Array, exogenous: Array) -> tuple[Array, Array]:
        """Exogenous variables (n, n_exogenous) and regimes (n,) after states (n, n_columns) with exogenous variables."""
        law = self.law
        component = chosen(xp, self.chances[:, :1], law.shares + 0.0 * self.chances[:, :1])
        innovations = xp.matmul(component, law.means)
        innovations += xp.einsum("nm,mij,nj->ni", component, law.roots, self.normals)
        following = law.mean + xp.matmul(exogenous - law.mean, xp.transpose(law.persistence)) + innovations
        if space.n_regimes == 1:
            return following, 0.0 * self.chances[:, 0]
        row = xp.matmul(space.regime_weights(xp, states), law.transitions)
        regime = chosen(xp, self.chances[:, 1:], row)
        numbers = xp.arange(space.n_regimes, dtype=regime.dtype)
        return following + xp.matmul(regime, law.values), xp.sum(regime * numbers, axis=1)


def law_of_draws(process: Process) -> Law:
    """The law of a process, for draws."""
    n = len(process.mean)
    parts = process.innovations
    roots = np.zeros((len(parts), n, n))
    for root, part in zip(roots, parts, strict=True):
        columns = square_root(part.covariance)
        root[:, : columns.shape[1]] = columns
    return Law(
        process.mean,
        process.persistence,
        process.values,
        process.transitions,
        np.array([part.weight for part in parts]),
        np.array([part.mean for part in parts]),
        roots,
    )


def chosen(xp: Any, chances: Array, shares: Array) -> Array:
    """(n, k) one at the choice that a chance (n, 1) in [0, 1) falls on, zero elsewhere, of probabilities (n, k)."""
    above = xp.cumsum(shares, axis=1)
    is_below = xp.where(chances < above, xp.ones_like(above), 0.0)
    # Rounding may leave the last sum just below one, and a chance above it.
    is_below = xp.concatenate([is_below[:, :-1], xp.ones_like(is_below[:, :1])], axis=1)
    return is_below - xp.concatenate([xp.zeros_like(is_below[:, :1]), is_below[:, :-1]], axis=1)
