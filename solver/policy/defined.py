"""Where an economy is defined under a policy."""

from __future__ import annotations

import numpy as np

from solver.model.consumption import consumption
from solver.model.economy import Date
from solver.policy.policy import Policy


def has_finite_equations(policy: Policy, today: Date) -> np.ndarray:
    """Whether the equations have finite values at what was decided and something is left to consume, (n,).

    Definitions may be finite where an equation is not: no output at no capital. The next period is taken to be as today.
    """
    economy, parameters = policy.economy, policy.calibration.parameter_vector()
    residuals = economy.arbitrage(parameters, today, today)
    next_states = economy.transition(parameters, today, today.exogenous)
    is_defined: np.ndarray = np.isfinite(residuals).all(axis=-1) & np.isfinite(next_states).all(axis=-1)
    consumed = consumption(economy, parameters, today)
    return is_defined if consumed is None else is_defined & (consumed > 0)
