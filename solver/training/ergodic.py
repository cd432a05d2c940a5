"""The states of training on the ergodic set: those that train, and those that are held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solver.numerics.sampling import uniform_box
from solver.policy.policy import Policy
from solver.simulation.ergodic import Population

#: Periods after which nothing is left of where economies, or policies, were before; and between two reports of descent.
LONG_RUN = 200
SHORT_RUN = 20
_STREAMS = (7, 8)


@dataclass(frozen=True)
class ErgodicStates:
    """Two populations that live under the policy as it is trained.

    Attributes:
        training: whose states the loss is scored at.
        held_out: whose states decide whether the target is met; of another seed.
        policy_of: the policy of a weight vector.
    """

    training: Population
    held_out: Population
    policy_of: Callable[[np.ndarray], Policy]

    def follow(self, vector: np.ndarray, periods: int) -> None:
        """Moves both on under the policy of a weight vector."""
        policy = self.policy_of(vector)
        for population in (self.training, self.held_out):
            population.live(policy, periods)


def settled(
    rule: Policy,
    lower: np.ndarray,
    upper: np.ndarray,
    counts: tuple[int, int],
    seed: int,
    policy_of: Callable[[np.ndarray], Policy],
) -> ErgodicStates:
    """Populations that have lived for long under the rule that training starts from, from random states of the domain.

    Args:
        rule: what training starts from.
        lower: (n_continuous,) lower ends of the box of training states, which may go beyond the domain.
        upper: (n_continuous,) upper ends likewise.
        counts: economies that train, and those that are held out.
        seed: of every draw.
        policy_of: the policy of a weight vector.
    """
    calibration, populations = rule.calibration, []
    for count, stream in zip(counts, _STREAMS, strict=True):
        rng = np.random.default_rng([seed, stream])
        domain = uniform_box(rng, calibration.lower(), calibration.upper(), count)
        population = Population(rule.space.with_regimes(rng, domain), lower, upper, rng)
        population.live(rule, LONG_RUN)
        populations.append(population)
    return ErgodicStates(populations[0], populations[1], policy_of)
