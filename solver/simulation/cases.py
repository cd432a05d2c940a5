"""Every state that an expectation asks about in the next period."""

from __future__ import annotations

import numpy as np

from solver.expectation.ahead import Expectation, look_ahead
from solver.model.economy import Date
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
    space = policy.space
    with np.errstate(all="ignore"):
        today = policy.decide(states)
        ahead = look_ahead(np, space, expectation, states, today.exogenous)
        now = Date(*(array[:, None, :] for array in today))
        moved = policy.economy.transition(policy.calibration.parameter_vector(), now, ahead.exogenous)
        joined = space.join(np, ahead.exogenous, moved, ahead.regimes + 0.0 * moved[:, :, 0])
    return np.asarray(space.continuous(joined).reshape(-1, space.n_continuous))
