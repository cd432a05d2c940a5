"""A policy under examination, with what every check needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solver.calibrate import Calibration
from solver.policy.policy import Policy
from solver.simulation.paths import no_shocks, simulate


@dataclass(frozen=True)
class Case:
    """A policy under examination, with what every check needs."""

    policy: Policy

    @property
    def calibration(self) -> Calibration:
        """What the policy was solved for."""
        return self.policy.calibration

    @cached_property
    def lower(self) -> np.ndarray:
        """Lower ends of the domain, (n_continuous,)."""
        return self.calibration.lower()

    @cached_property
    def upper(self) -> np.ndarray:
        """Upper ends of the domain, (n_continuous,)."""
        return self.calibration.upper()

    @cached_property
    def steady(self) -> np.ndarray:
        """The steady state of the continuous states, (n_continuous,)."""
        return self.calibration.state_steady()

    @property
    def is_random(self) -> bool:
        """Whether anything is left to chance."""
        return self.calibration.process.is_random

    @cached_property
    def parameters(self) -> np.ndarray:
        """(n_parameters,)."""
        return self.calibration.parameter_vector()

    def step(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Controls (n, n_controls) and next states (n, n_columns), without shocks."""
        paths = simulate(self.policy, states, no_shocks(self.calibration.process, 1))
        return paths.controls[0], paths.states[1]

    def scaled(self, states: np.ndarray) -> np.ndarray:
        """Continuous states in half domains around the middle of the domain."""
        return np.asarray(self.policy.frame.scaled(self.policy.space.continuous(states)))

    def distance(self, states: np.ndarray) -> np.ndarray:
        """Largest distance (…,) to the steady state, in half domains."""
        away = self.policy.space.continuous(states) - self.steady
        return np.asarray((np.abs(away) / ((self.upper - self.lower) / 2)).max(axis=-1))
