"""Policies given by a formula, right and wrong, to feed to the judge."""

import dataclasses
from collections.abc import Callable

import numpy as np

from solver.calibrate import Calibration, calibrate
from solver.model.zoo import load_zoo
from solver.policy.family import build_family
from solver.policy.frame import build_frame
from solver.policy.policy import Policy
from solver.settings import PolicySettings


@dataclasses.dataclass(frozen=True)
class FormulaPolicy(Policy):
    """A policy that is ``rule(a, k)`` instead of its family."""

    rule: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def evaluate(self, states: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(self.rule(*states.T), dtype=float).reshape(len(states), 1)


def formula_policy(calibration: Calibration, rule: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Policy:
    chosen = PolicySettings(hidden=(1,)).resolve()
    frame = build_frame(
        calibration.lower(),
        calibration.upper(),
        calibration.state_steady(),
        calibration.control_steady(),
        np.array([[0.3, 0.05]]),
    )
    weights = tuple(np.zeros(shape) for shape in build_family(chosen, 2, 1).shapes)
    return FormulaPolicy(("a", "k"), ("i",), chosen, frame, weights, rule)


def growth_case(**overrides):
    model = load_zoo("neoclassical")
    return model, calibrate(model, overrides)
