"""Policies given by a formula, right and wrong, to feed to the judge."""

import dataclasses
from collections.abc import Callable

import numpy as np

from solver.calibrate import Calibration, calibrate
from solver.model.economy import Date
from solver.model.spec import Model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy, numpy_rule
from solver.settings import PolicySettings

Formula = Callable[..., np.ndarray]


@dataclasses.dataclass(frozen=True)
class FormulaPolicy(Policy):
    """A policy that is ``rule``, of the columns of a state array, instead of its family."""

    rule: Formula

    def decide(self, states: np.ndarray) -> Date:
        with np.errstate(all="ignore"):
            controls = np.asarray(self.rule(*states.T), dtype=float)
            return super().decide(states)._replace(controls=controls.reshape(-1, len(states)).T)


def formula_policy(model: Model, calibration: Calibration, rule: Formula) -> Policy:
    """``rule`` gives the control at some states, or the controls in rows."""
    chosen = PolicySettings(hidden=(1,)).resolve(problem_size(model))
    frame = build_frame(calibration, output_map(model))
    weights = tuple(np.zeros(shape) for shape in numpy_rule(model, chosen).family.shapes)
    return FormulaPolicy(model, calibration, chosen, frame, weights, rule)


def growth_case(**overrides):
    model = load_zoo("neoclassical")
    return model, calibrate(model, overrides)
