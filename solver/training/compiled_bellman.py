"""The Bellman objective as TensorFlow graphs: those of :mod:`solver.training.compiled`, with a value beside the policy.

The vector of weights is the policy's, layer after layer, and behind it the value's output layer. So both output layers lie
together at its end, and what is kept of it is its beginning.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from solver.expectation.ahead import Expectation
from solver.model.spec import Model
from solver.objective.bellman import BellmanObjective
from solver.policy.family import Layer
from solver.settings import PolicySettings
from solver.training.compiled import VECTOR, CompiledObjective, Numbers, Tensor, with_jacobian


class CompiledBellman(CompiledObjective):
    """The residuals of value and of controls of one model under one family, with the derivatives that training needs."""

    def __init__(self, model: Model, settings: PolicySettings) -> None:
        super().__init__(model, settings)
        self._objective = BellmanObjective(self.rule)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The shape of each block of weights: the layers of the policy, then the value."""
        return (*self.family.shapes, self._objective.value_shape)

    @property
    def n_value_weights(self) -> int:
        """Number of weights of the value's output layer."""
        return int(np.prod(self._objective.value_shape))

    @property
    def n_output_weights(self) -> int:
        """Number of weights of both output layers."""
        return super().n_output_weights + self.n_value_weights

    @property
    def n_residuals(self) -> int:
        """Residuals at each state: of value, and of each control."""
        return 1 + len(self.model.controls)

    @cached_property
    def value_jacobian(self) -> Any:
        """Graph ``(numbers, vector, states) -> residuals of value (n,), Jacobian (n, n_value_weights)``."""
        return self._jacobian_graph(len(self.family.shapes), n_residuals=1)

    def _jacobian_graph(self, first_layer: int, n_residuals: int | None = None) -> Any:
        """Jacobian of the first residuals with respect to the blocks of weights from ``first_layer`` on."""

        def jacobian(numbers: Numbers, vector: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
            assert isinstance(numbers.expectation, Expectation)
            found = self._objective.residuals(
                numbers.setting, numbers.expectation, self.unflatten(vector), states
            )
            hidden: list[list[Layer]] = [
                list(layers)
                for layers in zip(found.decided[:-1], *(one[:-1] for one in found.valued), strict=True)
            ]
            blocks = [*hidden, [found.decided[-1]], [one[-1] for one in found.valued]]
            return with_jacobian(found.values[:, :n_residuals], blocks[first_layer:])

        signature = (self.numbers_spec, VECTOR, self.states_spec)
        return tf.function(jacobian, input_signature=signature, autograph=False)


@lru_cache(maxsize=32)
def compiled_bellman(model: Model, settings: PolicySettings) -> CompiledBellman:
    """The compiled Bellman objective of a model and a family, kept so that a warm process never traces it again."""
    return CompiledBellman(model, settings)
