"""The Bellman objective as TensorFlow graphs: those of :mod:`solver.training.compiled`, with a value beside the policy.

The vector of weights is the policy's, layer after layer, and behind it the value's output layer. So both output layers lie
together at its end, and what is kept of it is its beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from solver.expectation.ahead import Expectation
from solver.model.spec import Model
from solver.objective.bellman import BellmanObjective
from solver.policy.family import Layer
from solver.settings import Dtype, PolicySettings
from solver.training.compiled import CompiledObjective, Numbers, Tensor, with_jacobian

#: ``(numbers, vector, states) -> residuals (m,), Jacobian (m, n)``
_Jacobian = Callable[[Numbers, Tensor, Tensor], tuple[Tensor, Tensor]]


class CompiledBellman(CompiledObjective):
    """The residuals of value and of controls of one model under one family, with the derivatives that training needs."""

    def __init__(self, model: Model, settings: PolicySettings, dtype: Dtype = "float64") -> None:
        super().__init__(model, settings, dtype)
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
        return self._graph(slice(len(self.family.shapes), None), slice(1))

    @cached_property
    def policy_jacobian(self) -> Any:
        """Graph ``(numbers, policy, states, value) -> residuals of controls (m,), Jacobian``.

        The weights ``value`` stay, and the Jacobian is by the policy's output layer: the step of policy iteration.
        """
        graph = self._jacobian(slice(len(self.family.shapes) - 1, -1), slice(1, None))

        def jacobian(
            numbers: Numbers, policy: Tensor, states: Tensor, value: Tensor
        ) -> tuple[Tensor, Tensor]:
            return graph(numbers, tf.concat([policy, value], axis=0), states)

        signature = (self.numbers_spec, self.vector_spec, self.states_spec, self.vector_spec)
        return tf.function(jacobian, input_signature=signature, autograph=False)

    @cached_property
    def output_jacobian(self) -> Any:
        """Graph ``(numbers, vector, states) -> residuals (m,), Jacobian (m, n_output_weights)``."""
        return self._graph(slice(len(self.family.shapes) - 1, None), slice(None))

    @cached_property
    def full_jacobian(self) -> Any:
        """Graph ``(numbers, vector, states) -> residuals (m,), Jacobian (m, n_weights)``."""
        return self._graph(slice(None), slice(None))

    def _graph(self, trained: slice, equations: slice) -> Any:
        signature = (self.numbers_spec, self.vector_spec, self.states_spec)
        return tf.function(self._jacobian(trained, equations), input_signature=signature, autograph=False)

    def _jacobian(self, trained: slice, equations: slice) -> _Jacobian:
        """Some of the residuals, equation by equation, and their Jacobian by some of the blocks of weights."""

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
            return with_jacobian(found.values[:, equations], blocks[trained])

        return jacobian


def compiled_bellman(model: Model, settings: PolicySettings, dtype: Dtype = "float64") -> CompiledBellman:
    """The compiled Bellman objective, kept as :func:`~solver.training.compiled.compiled_objective` keeps its own."""
    return _kept_bellman(model, settings, dtype)


_kept_bellman = lru_cache(maxsize=32)(CompiledBellman)
