"""Policies made by hand, to be simulated and judged."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from solver.policy.frame import build_frame
from solver.policy.policy import Policy
from solver.settings import PolicySettings


@dataclass(frozen=True)
class RulePolicy(Policy):
    """A policy that is a formula."""

    rule: Callable

    def evaluate(self, states):
        """Controls by the formula."""
        return self.rule(states)


@pytest.fixture(scope="session")
def policy_of_rule():
    """Makes a policy of a function of the states' columns, in the frame that a solve would take."""

    def make(model, calibration, rule):
        bounds = (calibration.lower(), calibration.upper())
        slope = np.zeros((len(model.controls), len(model.states)))
        frame = build_frame(*bounds, calibration.state_steady(), calibration.control_steady(), slope)
        return RulePolicy(
            model.states,
            model.controls,
            PolicySettings().resolve(),
            frame,
            (),
            lambda states: np.reshape(rule(*states.T), (len(states), 1)),
        )

    return make
