"""What is trained: the graphs, the numbers that they take, and where states are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from solver.numerics.sampling import edge_weighted_box
from solver.policy.family import HingedFamily
from solver.settings import SolveSettings
from solver.training.adaptive import AdaptiveStates
from solver.training.compiled import CompiledObjective, Numbers
from solver.training.ergodic import ErgodicStates
from solver.training.placement import spread_units


@dataclass(frozen=True)
class TrainingProblem:
    """What is trained.

    Attributes:
        compiled: the residuals' graphs.
        numbers: what the graphs know of the calibration.
        lower: (n_continuous,) lower ends of the box of :meth:`states`, which may go beyond the domain.
        upper: (n_continuous,) upper ends likewise.
        settings: resolved.
        has_linear_rule: whether the frame is that of a unique linear rule; if not, it holds the steady controls.
        places_units: whether units are placed on kinks after a first pass.
        follows_policy: whether they come early and the box follows the policy, as the linear rule is that of a bound.
        errors_at: ``(weights, states (n, n_columns)) -> (n,)`` Euler errors.
        controls_at: ``(weights, u (n, n_continuous)) -> (n, n_controls)`` controls at scaled states, in the first regime.
        kinks_at: ``(weights, states (n, n_columns)) -> (n, n_kinks)`` the differences whose zeros are kinks.
        slack_at: ``(weights, states (n, n_columns)) -> (n,)`` how far the policy is from the nearest bound.
        reach_at: ``weights -> (lower, upper)``, (n_continuous,) each, the box of where the economy goes under them.
        ergodic: where the economy goes, if states are taken from there rather than from the box.
        adaptive: states of the box that follow the errors, if they do; the box's own until they are first drawn.
    """

    compiled: CompiledObjective
    numbers: Numbers
    lower: np.ndarray
    upper: np.ndarray
    settings: SolveSettings
    has_linear_rule: bool
    places_units: bool
    follows_policy: bool
    errors_at: Callable[[np.ndarray, np.ndarray], np.ndarray]
    controls_at: Callable[[np.ndarray, np.ndarray], np.ndarray]
    kinks_at: Callable[[np.ndarray, np.ndarray], np.ndarray]
    slack_at: Callable[[np.ndarray, np.ndarray], np.ndarray]
    reach_at: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    ergodic: ErgodicStates | None = None
    adaptive: AdaptiveStates | None = None

    @cached_property
    def tensors(self) -> Any:
        """What the graphs know of the calibration, converted once."""
        return tf.nest.map_structure(self.compiled.tensor, self.numbers)

    def initial_weights(self) -> np.ndarray:
        """(n_weights,) random inner layers and a zero output layer: the linear rule itself."""
        rng = np.random.default_rng([self.settings.seed, 1])
        weights = self.compiled.family.initial_weights(rng)
        if self.places_units:
            n_inputs, n_units = weights[0].shape
            weights[0] = spread_units(rng, n_inputs - 1, n_units)
        return self.compiled.first_vector(weights)

    def states(self, at_least: int) -> np.ndarray:
        """Training states that are kept from step to step, (n, n_columns).

        Random batches are drawn from the domain; of ergodic and of adaptive states from these, as they are at present.
        """
        count = max(self.settings.method.sampling.states or 0, at_least)
        if self.ergodic is not None:
            return self.ergodic.training.states[:count]
        if self.adaptive is not None and self.adaptive.states is not None:
            return self.adaptive.states[:count]
        rng = np.random.default_rng([self.settings.seed, 2])
        box = edge_weighted_box(rng, self.lower, self.upper, count)
        return self.compiled.rule.space.with_regimes(rng, box)

    @property
    def has_hinges(self) -> bool:
        """Whether hinges are laid along the policy's kinks, round by round."""
        is_staged = self.settings.method.training.algorithm == "staged"
        return is_staged and isinstance(self.compiled.family, HingedFamily)
