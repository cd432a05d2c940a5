"""Whether a policy will have kinks, as the linear rule sees it.

A bound that is written but never binds, as of hours that stay positive, leaves a policy smooth, and a smooth policy is
found by smaller means. The linear rule says which bounds come near: from it follows the size of the problem, before
anything is trained.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from solver.calibrate import Calibration
from solver.model.economy import Date
from solver.model.kinked_functions import has_kinked_functions
from solver.model.lifetime import lifetime_of
from solver.model.spec import Model
from solver.model.state_space import problem_size
from solver.numerics.sampling import corners, uniform_box
from solver.policy.policy import Policy, numpy_economy
from solver.settings import ProblemSize

_STATES = 512
_STREAM = 6
#: A bound is near where a control is within this share of its scale.
_MARGIN = 0.1


def size_of_problem(model: Model, calibration: Calibration) -> ProblemSize:
    """What the default method depends on, for one calibration of a model."""
    size = replace(
        problem_size(model),
        is_random=calibration.process.is_random,
        discount=_discount(model, calibration),
        rests_on_bound=rests_on_bound(model, calibration),
    )
    if not size.has_kinks or has_kinked_functions(model):
        return size
    return replace(size, has_kinks=_comes_near_a_bound(model, calibration))


def _discount(model: Model, calibration: Calibration) -> float | None:
    if lifetime_of(model) is None:
        return None
    steady = calibration.steady_state
    names = (model.exogenous, model.states, model.controls)
    today = Date(*(np.array([steady[name] for name in group]) for group in names))
    return float(numpy_economy(model).lifetime(calibration.parameter_vector(), today)[1])


def rests_on_bound(model: Model, calibration: Calibration) -> bool:
    """Whether a bound holds a control at the steady state."""
    steady, economy = calibration.steady_state, numpy_economy(model)
    exogenous, states = (
        np.array([steady[name] for name in group]) for group in (model.exogenous, model.states)
    )
    lowers, uppers = economy.bounds(calibration.parameter_vector(), exogenous, states)
    controls = calibration.control_steady()[list(economy.bounded)]
    return bool(np.any(np.isclose(controls, lowers, 1e-9)) or np.any(np.isclose(controls, uppers, 1e-9)))


def _comes_near_a_bound(model: Model, calibration: Calibration) -> bool:
    if calibration.rule.slope is None:
        return True
    rule = Policy.of_linear_rule(model, calibration)
    rng = np.random.default_rng([0, _STREAM])
    lower, upper = calibration.lower(), calibration.upper()
    box = np.concatenate([corners(lower, upper), uniform_box(rng, lower, upper, _STATES)])
    states = rule.space.in_every_regime(box)
    with np.errstate(all="ignore"):
        today = rule.decide(states)
        lowers, uppers = rule.economy.bounds(calibration.parameter_vector(), today.exogenous, today.states)
    for control, low, high in zip(rule.economy.bounded, lowers, uppers, strict=True):
        held, margin = today.controls[:, control], _MARGIN * rule.frame.scale[control]
        if not np.all((held - low > margin) & (high - held > margin)):
            return True
    return False
