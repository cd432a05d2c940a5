"""Paths of the economy under a policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.model.economy import Economy
from solver.policy.policy import Policy


@dataclass(frozen=True)
class Paths:
    """Simulated paths.

    Attributes:
        states: (periods + 1, paths, n_states).
        controls: (periods + 1, paths, n_controls).
    """

    states: np.ndarray
    controls: np.ndarray


def simulate(
    economy: Economy, parameters: np.ndarray, policy: Policy, initial: np.ndarray, periods: int
) -> Paths:
    """Follow the transition under a policy, all paths side by side.

    Args:
        economy: the model compiled to NumPy.
        parameters: (n_parameters,).
        policy: the decision rule.
        initial: (paths, n_states) states of period 0.
        periods: periods to go on for.

    Returns:
        The paths; a path that leaves the states at which the economy is defined is NaN from there on.
    """
    states = np.empty((periods + 1, *initial.shape))
    controls = np.empty((periods + 1, len(initial), len(policy.control_names)))
    states[0] = initial
    for period in range(periods):
        controls[period] = policy.evaluate(states[period])
        states[period + 1] = economy.transition(parameters, states[period], controls[period])
    controls[periods] = policy.evaluate(states[periods])
    return Paths(states, controls)
