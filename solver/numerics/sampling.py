"""States drawn over a box."""

from __future__ import annotations

import itertools

import numpy as np

_MAX_CORNER_STATES = 8


def uniform_box(rng: np.random.Generator, lower: np.ndarray, upper: np.ndarray, count: int) -> np.ndarray:
    """Uniform draws over a box, (count, n_states)."""
    return rng.uniform(lower, upper, size=(count, len(lower)))


def edge_weighted_box(
    rng: np.random.Generator, lower: np.ndarray, upper: np.ndarray, count: int
) -> np.ndarray:
    """Draws from the arcsine (Chebyshev) density of a box, (count, n_states).

    Approximation errors of smooth functions peak at the edges; this density, under which Chebyshev polynomials are
    orthogonal, weights the edges by as much as levels the error out.
    """
    angle = rng.uniform(-np.pi / 2, np.pi / 2, size=(count, len(lower)))
    return np.asarray((lower + upper) / 2 + (upper - lower) / 2 * np.sin(angle))


def corners(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The corners of a box, (2**n_states, n_states); of more than 8 states only those that move all states as one."""
    if len(lower) > _MAX_CORNER_STATES:
        return np.stack([lower, upper])
    return np.array(list(itertools.product(*zip(lower, upper, strict=True))))
