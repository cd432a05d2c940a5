"""The steady state of a policy itself: where it keeps the economy when no shock comes, although it reckons with shocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.policy.policy import Policy
from solver.simulation.panel import Panel, record
from solver.simulation.paths import Paths, follow

MAX_PERIODS = 10_000
#: Largest change of a state in one period, in half domains, that counts as none.
_STILL = 1e-12


@dataclass(frozen=True)
class Rest:
    """Where a policy comes to rest, for each regime of the chain as long as that lasts.

    Attributes:
        panel: every variable there, (1, n_regimes); NaN where the economy leaves the states at which it is defined.
        changes: (n_regimes,) largest change of a state in the last period, in half domains.
        is_found: (n_regimes,) whether that counts as none, at a state at which the economy is defined.
        periods: that were simulated.
    """

    panel: Panel
    changes: np.ndarray
    is_found: np.ndarray
    periods: int


def come_to_rest(policy: Policy) -> Rest:
    """Follow the economy from the calibration's steady state, every innovation zero and the regime kept, until it rests.

    In a model without shocks that is the calibration's steady state, as nearly as the policy is right; in one with shocks
    the risky steady state (Coeurdacier, Rey and Winant 2011, American Economic Review 101).
    """
    calibration, space = policy.calibration, policy.space
    half_width = (calibration.upper() - calibration.lower()) / 2
    states = space.in_every_regime(calibration.state_steady()[None])
    regimes, still = np.arange(space.n_regimes), np.zeros((1, space.n_exogenous))
    periods, is_over, changes = 0, False, np.full(space.n_regimes, np.inf)
    with np.errstate(all="ignore"):
        while not is_over and periods < MAX_PERIODS:
            before, today = states, policy.decide(states)
            states = follow(policy, today, still, regimes)
            changes = np.abs(space.continuous(states - before) / half_width).max(axis=1)
            is_over = bool(np.all((changes <= _STILL) | np.isnan(changes)))
            periods += 1
        controls = policy.evaluate(states)
    panel = record(policy, Paths(states[None], controls[None]), still[None])
    return Rest(panel, changes, (changes <= _STILL) & panel.is_defined[0], periods)
