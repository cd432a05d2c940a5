"""Warm starts: the weights with which one policy begins where another one ended.

Between calibrations of one model what a family corrects changes little, in units of the domain and beside the linear rule:
both of these are the new calibration's own. So a policy of the same model hands over its correction, and one of the same
family its weights as they are, with the units that it has placed on kinks. A policy of another model, which may differ
in its domain alone, hands over its decisions, state by state. Where weights do not pass as they are, the output layer
follows by linear least squares, since a family is linear in it.
"""

from __future__ import annotations

import numpy as np

from solver.errors import Fault, StartError
from solver.model.spec import Model
from solver.model.state_space import REGIME, state_space
from solver.numerics.functional_newton import LeastSquaresFit
from solver.policy.policy import Policy
from solver.settings import PolicySettings

#: Features up to which a singular value decomposition is affordable; for a thousand it takes seconds, for 5,000 minutes.
_FEW_FEATURES = 600


def check_start(start: Model, model: Model, settings: PolicySettings) -> None:
    """Check that a policy of the model ``start`` may begin one of ``model``.

    Raises:
        StartError: it has other states, regimes or controls, or nothing is trained.
    """
    faults = []
    if settings.family == "linear":
        faults.append("the linear family is not trained, so it starts from nothing; leave start out")
    own, other = state_space(model), state_space(start)
    for kind, wanted, found in (
        ("states", own.names, other.names),
        ("controls", model.controls, start.controls),
    ):
        if wanted != found:
            faults.append(
                f"the solution to start from has the {kind} {', '.join(found)}, and this model has "
                f"{', '.join(wanted)}; start from one with the same, in the same order, or leave start out"
            )
    if not faults and own.n_regimes != other.n_regimes:
        faults.append(
            f"the solution to start from has {other.n_regimes} values of {REGIME}, and this model has {own.n_regimes}; "
            "start from one with as many, or leave start out"
        )
    if faults:
        raise StartError([Fault(("start",), message) for message in faults])


def weights_from(start: Policy, policy: Policy, states: np.ndarray) -> tuple[np.ndarray, ...]:
    """The weights with which a policy is as near as it can be to the one that it starts from.

    Args:
        start: passes :func:`check_start`.
        policy: its frame, its family and its inner weights are taken, these where the start's do not fit; its output
            layer is zero.
        states: (n, n_columns) where the two are compared.

    Returns:
        One array a layer.
    """
    is_same_model = start.model.hash == policy.model.hash
    shapes = [one.structure.family.shapes for one in (start, policy)]
    is_same_family = start.settings == policy.settings and shapes[0] == shapes[1]
    if is_same_model and is_same_family:
        return start.weights
    rule, frame = policy.structure, policy.frame
    continuous = rule.space.continuous(states)
    u = frame.scaled(continuous)
    if is_same_model:
        aim = start.structure.family.layers(np, start.weights, start.frame.held(np, u))[-1][1]
    else:
        everywhere = rule.space.in_every_regime(continuous)
        by_regime = (_notional(start, policy, everywhere) - policy.notional(everywhere)) / frame.scale
        aim = by_regime.reshape(rule.space.n_regimes, len(u), -1).swapaxes(0, 1).reshape(len(u), -1)
    inner = (start if is_same_family else policy).weights[:-1]
    h = rule.family.layers(np, (*inner, policy.weights[-1]), frame.held(np, u))[-1][0]
    if h.shape[1] > _FEW_FEATURES:
        return (*inner, LeastSquaresFit(h)(aim))
    return (*inner, np.linalg.lstsq(h, aim, rcond=None)[0])


def _notional(start: Policy, policy: Policy, states: np.ndarray) -> np.ndarray:
    """The start's decisions in the policy's notional values, (n, n_notional)."""
    outputs = policy.structure.outputs
    if outputs == start.structure.outputs:
        return start.notional(states)
    return outputs.notional_beside(start.evaluate(states), policy.notional(states))
