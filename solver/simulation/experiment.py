"""Simulations of any size: block by block of paths, so that memory does not grow with the number of paths.

Each block has draws of its own, from the seed and the block's number alone. So whoever simulates it, together with the
others or by itself, has the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from solver.policy.policy import Policy
from solver.simulation.panel import Panel, at_rest, simulate_panel
from solver.simulation.paths import draw_shocks

#: Periods of all paths of one block, but that one path may have more; it takes some 0.7 GB at most.
BLOCK_PERIODS = 1_000_000
#: Paths of one block: their arrays of one period fit into a processor's cache.
BLOCK_PATHS = 1000
_STREAM = 5


@dataclass(frozen=True)
class Experiment:
    """What to simulate.

    Attributes:
        periods: of each path that are told.
        paths: how many.
        burn_in: periods of each path before those.
        seed: of all draws.
        initial: states of departure by name, a number for all paths or one for each; what is left out is at the
            calibration's steady state, the regime of a chain drawn from its long-run shares.
    """

    periods: int
    paths: int = 1
    burn_in: int = 0
    seed: int = 0
    initial: Mapping[str, float | Sequence[float]] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Periods of all paths that are told."""
        return self.periods * self.paths

    def blocks(self) -> list[range]:
        """The paths of each block."""
        fitting = BLOCK_PERIODS // (self.burn_in + self.periods)
        size = max(1, min(BLOCK_PATHS, fitting))
        return [range(start, min(start + size, self.paths)) for start in range(0, self.paths, size)]


def generator(seed: int, block: int = 0) -> np.random.Generator:
    """What every draw of a block comes from."""
    return np.random.default_rng([seed, _STREAM, block])


def simulate_block(
    policy: Policy, experiment: Experiment, number: int, on_period: Callable[[], None] | None = None
) -> Panel:
    """The paths of one block, without the periods that are burnt in.

    Args:
        policy: that decides.
        experiment: what to simulate.
        number: of the block, from 0.
        on_period: called after each period of the block; what it raises ends the simulation.
    """
    paths = experiment.blocks()[number]
    rng = generator(experiment.seed, number)
    initial = depart(policy, experiment.initial, paths, rng)
    periods = experiment.burn_in + experiment.periods
    draws = draw_shocks(policy.calibration.process, rng, periods - 1, len(paths))
    return simulate_panel(policy, initial, draws, on_period).since(experiment.burn_in)


def simulate_experiment(policy: Policy, experiment: Experiment) -> Panel:
    """All paths."""
    blocks = [simulate_block(policy, experiment, number) for number in range(len(experiment.blocks()))]
    return Panel.side_by_side(blocks)


def depart(
    policy: Policy, given: Mapping[str, float | Sequence[float]], paths: range, rng: np.random.Generator
) -> np.ndarray:
    """States of departure, (len(paths), n_columns).

    Args:
        policy: whose states they are.
        given: see :class:`Experiment`; a sequence has a number for every path, or a single one.
        paths: the numbers of those that depart.
        rng: what regimes are drawn from.
    """
    states = at_rest(policy, rng, len(paths))
    for place, name in enumerate(policy.space.names):
        if name in given:
            values = np.asarray(given[name], dtype=float)
            states[:, place] = values[paths.start : paths.stop] if values.size > 1 else values
    return states
