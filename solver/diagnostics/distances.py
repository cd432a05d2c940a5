"""How far apart two policies of one model are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.numerics.sampling import uniform_box
from solver.policy.policy import Policy

_STATES = 2_000
_STREAM = 6


class Distance(NamedTuple):
    """Of one control, relative to its mean absolute value under the first policy; NaN where no state is defined.

    Attributes:
        largest: over the states.
        mean: over them.
        at: (n_columns,) the state of the largest.
    """

    largest: float
    mean: float
    at: np.ndarray


def distances(one: Policy, other: Policy, seed: int) -> dict[str, Distance]:
    """The distances of two policies by control, at fresh states of the first one's domain at which both are defined.

    Args:
        one: what is compared.
        other: of the same model and calibration, by whatever method.
        seed: of the states.
    """
    rng, calibration = np.random.default_rng([seed, _STREAM]), one.calibration
    box = uniform_box(rng, calibration.lower(), calibration.upper(), _STATES)
    states = one.space.with_regimes(rng, box)
    with np.errstate(all="ignore"):
        found = [policy.evaluate(states) for policy in (one, other)]
    is_defined = np.isfinite(found[0]).all(axis=1) & np.isfinite(found[1]).all(axis=1)
    if not is_defined.any():
        nowhere = Distance(np.nan, np.nan, states[0])
        return dict.fromkeys(one.model.controls, nowhere)
    states, left, right = states[is_defined], found[0][is_defined], found[1][is_defined]
    scale = np.abs(left).mean(axis=0)
    apart = np.abs(left - right) / np.where(scale > 0, scale, 1.0)
    return {
        name: Distance(float(column.max()), float(column.mean()), states[column.argmax()])
        for name, column in zip(one.model.controls, apart.T, strict=True)
    }
