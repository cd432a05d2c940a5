"""Where a network's units go when its policy has kinks.

A smooth policy is approximated by units spread evenly. Near a kink a policy bends within a small part of the domain, where
evenly spread units are few and too flat. So part of the units wait: they are zero until a first policy is trained, and
are then placed, steeper, where its Euler errors are large, and training states with them. A unit bends where its
pre-activation is zero; it is proposed so that this is at its center, about along the direction in which the policy bends
most. More are proposed than there is room for, of any steepness: those are taken that explain the most of what is left of
the residuals, one beside the other (see :mod:`solver.numerics.forward_selection`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solver.policy.family import Family, NeuralFamily

#: Length of a unit's slope, log-uniform between these: of units spread evenly over several states, over one, and of those
#: placed.
_SPREAD_SLOPES = (0.5, 2.0)
_STEEP_SLOPES = (1.0, 4.0)
_PLACED_SLOPES = (2.0, 200.0)
#: Units that are spread at most, and as a share of all; of the others, which wait, the shares that each round places.
_MOST_SPREAD, _SHARE_SPREAD = 128, 2 / 3
ROUNDS = (1 / 2, 1 / 4, 1 / 4)
#: Columns of the Jacobian of all that are proposed in a round.
_MOST_COLUMNS = 1600
_PROPOSED_PER_PLACE = 8
_JITTER = 0.01
_STEP = 0.01
_SPREAD = 0.3


@dataclass(frozen=True)
class Proposal:
    """Units and states of one round.

    Attributes:
        units: (n_states + 1, n_units) weights of the first layer.
        states: (n, n_states) scaled states near them.
    """

    units: np.ndarray
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


def places(n_units: int, number: int) -> slice:
    """The places of the units of a round, from 0, in a first layer of so many."""
    counts = _counts(n_units)
    start = n_units - sum(counts[number:])
    return slice(start, start + counts[number])


def propose_units(
    rng: np.random.Generator,
    candidates: np.ndarray,
    errors: np.ndarray,
    value: Callable[[np.ndarray], np.ndarray],
    n_places: int,
    n_outputs: int,
    n_new_states: int,
) -> Proposal:
    """Propose units where errors are large, several for each place.

    Args:
        rng: chooses where.
        candidates: (n, n_states) scaled states.
        errors: (n,) Euler errors there.
        value: ``(m, n_states) -> (m, n_controls)`` the policy at scaled states, which says where to it bends.
        n_places: units that there is room for.
        n_outputs: of the network.
        n_new_states: training states to add.
    """
    count = max(n_places, min(_PROPOSED_PER_PLACE * n_places, _MOST_COLUMNS // n_outputs))
    sizes = np.where(np.isfinite(errors), errors, 0.0)
    centers = _near(rng, candidates, sizes**2, count)
    directions = _bends(value, centers) + _SPREAD * rng.normal(size=centers.shape) / np.sqrt(centers.shape[1])
    units = _units(rng, centers, directions, _PLACED_SLOPES)
    return Proposal(units, _near(rng, candidates, sizes, n_new_states))


def _near(rng: np.random.Generator, candidates: np.ndarray, mass: np.ndarray, count: int) -> np.ndarray:
    """(count, n_states) points near candidates, which are chosen by their mass (n,); evenly where that is zero."""
    chance = mass / mass.sum() if mass.sum() > 0 else np.full(len(mass), 1 / len(mass))
    chosen = candidates[rng.choice(len(candidates), size=count, p=chance)]
    return np.asarray(chosen + _JITTER * rng.normal(size=chosen.shape))


def _counts(n_units: int) -> list[int]:
    waiting = n_units - min(_MOST_SPREAD, math.ceil(_SHARE_SPREAD * n_units))
    return [int(share * waiting) for share in ROUNDS]


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
