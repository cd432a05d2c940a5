"""Where a network's units go when its policy has kinks.

A smooth policy is approximated by units spread evenly. Near a kink a policy bends within a small part of the domain, where
evenly spread units are few and too flat. So part of the units wait: they are zero until a first policy is trained, and
are then placed, steeper, where its Euler errors are large, and training states with them. A unit bends where its
pre-activation is zero; it is placed so that this is at its center, along the direction in which the policy bends most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solver.policy.family import Family, NeuralFamily

#: Length of a unit's slope, log-uniform between these: of units spread evenly over several states, over one, and of those
#: placed.
_SPREAD_SLOPES = (0.5, 2.0)
_STEEP_SLOPES = (1.0, 4.0)
_PLACED_SLOPES = (2.0, 16.0)
#: Shares of the units that are placed, round by round.
ROUNDS = (1 / 6, 1 / 6)
_JITTER = 0.03
_STEP = 0.03
_SPREAD = 0.3


@dataclass(frozen=True)
class Placement:
    """Units and states of one round.

    Attributes:
        hidden: (n_states + 1, n_units) weights of the whole first layer.
        states: (n, n_states) scaled states near the placed units.
    """

    hidden: np.ndarray
    states: np.ndarray


def can_place(family: Family) -> bool:
    """Whether a family's units can be placed: it has one hidden layer."""
    return isinstance(family, NeuralFamily) and len(family.hidden) == 1


def spread_units(rng: np.random.Generator, n_states: int, n_units: int) -> np.ndarray:
    """(n_states + 1, n_units) a first layer of which a part is spread over the domain and the rest waits at zero."""
    n_spread = n_units - sum(_counts(n_units))
    centers = rng.uniform(-1.0, 1.0, size=(n_spread, n_states))
    waiting = np.zeros((n_states + 1, n_units - n_spread))
    directions = rng.normal(size=centers.shape) / np.sqrt(n_states)
    slopes = _STEEP_SLOPES if n_states == 1 else _SPREAD_SLOPES
    return np.concatenate([_units(rng, centers, directions, slopes), waiting], axis=1)


def place_units(
    rng: np.random.Generator,
    hidden: np.ndarray,
    candidates: np.ndarray,
    errors: np.ndarray,
    value: Callable[[np.ndarray], np.ndarray],
    number: int,
    n_new_states: int,
) -> Placement:
    """Place the units of one round where errors are large.

    Args:
        rng: chooses the places.
        hidden: (n_states + 1, n_units) the first layer.
        candidates: (n, n_states) scaled states.
        errors: (n,) Euler errors there.
        value: ``(m, n_states) -> (m, n_controls)`` the policy at scaled states, which says where to it bends.
        number: of the round, from 0.
        n_new_states: training states to add.
    """
    counts = _counts(hidden.shape[1])
    start = hidden.shape[1] - sum(counts[number:])
    chance = np.where(np.isfinite(errors), errors, 0.0)
    chance = chance / chance.sum() if chance.sum() > 0 else np.full(len(errors), 1 / len(errors))
    centers = candidates[rng.choice(len(candidates), size=counts[number], p=chance)]
    hidden = hidden.copy()
    directions = _bends(value, centers) + _SPREAD * rng.normal(size=centers.shape) / np.sqrt(centers.shape[1])
    hidden[:, start : start + counts[number]] = _units(rng, centers, directions, _PLACED_SLOPES)
    near = candidates[rng.choice(len(candidates), size=n_new_states, p=chance)]
    return Placement(hidden, near + _JITTER * rng.normal(size=near.shape))


def _counts(n_units: int) -> list[int]:
    return [int(share * n_units) for share in ROUNDS]


def _bends(value: Callable[[np.ndarray], np.ndarray], centers: np.ndarray) -> np.ndarray:
    """(n, n_states) unit vectors along which a function bends most: of its second differences' largest root."""
    n_states = centers.shape[1]
    steps = _STEP * np.eye(n_states)
    middle = value(centers)
    hessians = np.zeros((len(centers), n_states, n_states))
    for i, one in enumerate(steps):
        for j, other in enumerate(steps[: i + 1]):
            corners = [value(centers + a * one + b * other) for a in (1, -1) for b in (1, -1)]
            second = corners[0] - corners[1] - corners[2] + corners[3]
            if i == j:
                second = corners[0] - 2 * middle + corners[3]
            bend = second.sum(axis=1) / (4 * _STEP**2)
            hessians[:, i, j] = hessians[:, j, i] = np.where(np.isfinite(bend), bend, 0.0)
    roots, vectors = np.linalg.eigh(hessians)
    largest = np.abs(roots).argmax(axis=1)
    return np.asarray(vectors[np.arange(len(centers)), :, largest])


def _units(
    rng: np.random.Generator, centers: np.ndarray, directions: np.ndarray, between: tuple[float, float]
) -> np.ndarray:
    """Units (n_states + 1, n) of given directions that bend at their centers (n, n_states)."""
    low, high = np.log(between)
    steepness = np.exp(rng.uniform(low, high, size=len(centers)))
    slopes = directions * steepness[:, None]
    return np.concatenate([slopes.T, -(slopes * centers).sum(axis=1)[None, :]])
