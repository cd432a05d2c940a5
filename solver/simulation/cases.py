"""Every state that an expectation asks about in the next period."""

from __future__ import annotations

import numpy as np

from solver.expectation.ahead import Expectation, next_period
from solver.policy.policy import Policy


def next_states(policy: Policy, expectation: Expectation, states: np.ndarray) -> np.ndarray:
    """The continuous states that may follow under a policy.

    Args:
        policy: the decision rule.
        expectation: the cases of the next period.
        states: (n, n_columns) of today.

    Returns:
        (n * n_cases, n_continuous); NaN where the economy is not defined.
    """
    space, parameters = policy.space, policy.calibration.parameter_vector()
    with np.errstate(all="ignore"):
        today = policy.decide(states)
        ahead = next_period(np, policy.economy, space, expectation, parameters, states, today)
    return np.asarray(space.continuous(ahead.states))
