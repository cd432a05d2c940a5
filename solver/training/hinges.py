"""Where the hinges of a policy go: along the kinks that the model's functions have under the policy itself.

A kink is where a difference of today's variables is zero, and these depend on the policy. So hinges are laid along the
kinks of the present policy, the output layer is fitted with them, and the kinks have moved: a few rounds settle both.
"""

from __future__ import annotations

import numpy as np

from solver.numerics.sampling import edge_weighted_box
from solver.policy.family import HingedFamily
from solver.training.problem import TrainingProblem

#: Rounds of laying hinges and fitting again.
ROUNDS = 3
_STREAM = 6
_STATES_PER_FUNCTION = 20
_MOST_STATES = 20_000
#: Of a difference, in its standard deviations: within these its zero is what is fitted.
_NEAR = 0.1


def lay_hinges(problem: TrainingProblem, vector: np.ndarray) -> np.ndarray:
    """The weights (n_weights,) with their hinges along the kinks of the policy that they are of.

    Each difference is fitted by a polynomial, best where it is near zero, and signed so that its hinge rises on the smaller
    side of the kink. One that is nowhere defined gets none.
    """
    family, rule = problem.compiled.family, problem.compiled.rule
    assert isinstance(family, HingedFamily)
    n_basis, n_hinges = family.shapes[0]
    rng = np.random.default_rng([problem.settings.seed, _STREAM])
    count = min(_MOST_STATES, _STATES_PER_FUNCTION * n_basis)
    box = rule.space.with_regimes(rng, edge_weighted_box(rng, problem.lower, problem.upper, count))
    frame = problem.numbers.setting.frame
    u = frame.held(np, frame.scaled(rule.space.continuous(box)))
    basis = family.layers(np, [np.zeros(shape) for shape in family.shapes], u)[0][0]
    hinges = np.stack([_hinge(basis, difference) for difference in problem.kinks_at(vector, box).T], axis=1)
    return np.concatenate([hinges.ravel(), vector[n_basis * n_hinges :]])


def _hinge(basis: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """(n_basis,) the polynomial of a difference (n,)."""
    is_defined = np.isfinite(difference)
    size = np.std(difference[is_defined]) if is_defined.any() else 0.0
    if not size > 0:
        return np.zeros(basis.shape[1])
    sign = 1.0 if np.mean(difference[is_defined] > 0) <= 0.5 else -1.0
    aim = sign * difference[is_defined] / size
    weight = 1.0 / (np.abs(aim) + _NEAR)
    return np.asarray(np.linalg.lstsq(basis[is_defined] * weight[:, None], aim * weight, rcond=None)[0])
