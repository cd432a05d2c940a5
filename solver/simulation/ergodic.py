"""The ergodic set: where the economy is found in the long run, as the cross-section of many economies."""

from __future__ import annotations

import numpy as np

from solver.policy.policy import Policy
from solver.simulation.paths import draw_shocks, simulate

#: Periods that are simulated at a time.
_BLOCK = 20


class Population:
    """Economies that live on, each with shocks of its own, under whatever policy they are given.

    After long enough their states are independent draws from the ergodic distribution of the policy, where states along
    one path would depend on each other. Nothing is learned of a policy beyond the box it is trained on, so a move that
    leaves the box, or leads to where the economy is not defined, is not made: its economy tries again, with other shocks.

    Attributes:
        states: (n, n_columns) where they are now.
    """

    def __init__(
        self, states: np.ndarray, lower: np.ndarray, upper: np.ndarray, rng: np.random.Generator
    ) -> None:
        """Economies in states of the box from ``lower`` to ``upper``, (n_continuous,) each."""
        self.states = states
        self._lower, self._upper, self._rng = lower, upper, rng

    def live(self, policy: Policy, periods: int) -> None:
        """Moves every economy on by some periods, in blocks of 20; one that would leave the box stays behind."""
        for start in range(0, periods, _BLOCK):
            length = min(_BLOCK, periods - start)
            draws = draw_shocks(policy.calibration.process, self._rng, length, len(self.states))
            with np.errstate(all="ignore"):
                path = simulate(policy, self.states, draws).states
            continuous = policy.space.continuous(path)
            is_inside = ((continuous >= self._lower) & (continuous <= self._upper)).all(axis=2)
            last = np.logical_and.accumulate(is_inside[1:]).sum(axis=0)
            self.states = path[last, np.arange(len(last))]
