"""The objective as TensorFlow graphs, traced once for a model and a family and then used for every calibration.

Parameters, frame, weights and states are tensors of the graphs, so nothing is traced again for another
calibration, and the number of states is left open, so nothing is traced again for another sample size.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from solver.language.tensorflow_backend import TENSORFLOW
from solver.model.economy import Economy
from solver.model.spec import Model
from solver.objective.euler import EulerObjective
from solver.policy.family import build_family
from solver.policy.frame import Frame
from solver.settings import PolicySettings
from solver.training.first_order import UPDATE_RULES, Hyperparameters

Tensor = Any

_SCALAR = tf.TensorSpec((), tf.float64)
_COUNT = tf.TensorSpec((), tf.int64)
_VECTOR = tf.TensorSpec((None,), tf.float64)
_MATRIX = tf.TensorSpec((None, None), tf.float64)
_PROBLEM = (_VECTOR, (_VECTOR, _VECTOR, _VECTOR, _MATRIX, _VECTOR))


class CompiledObjective:
    """The residuals of one model under one family, with the derivatives that training needs.

    Weights are one flat vector here, layer after layer, the output layer last. ``problem`` is what the graphs know
    of a calibration: its parameter vector and the arrays of its frame.
    """

    def __init__(self, model: Model, settings: PolicySettings) -> None:
        self.model = model
        self.family = build_family(settings, len(model.states), len(model.controls))
        economy = Economy(model, TENSORFLOW)
        self._ratios, self._differences = (
            EulerObjective(economy, self.family, tf.experimental.numpy, as_ratio)
            for as_ratio in (True, False)
        )

    @property
    def n_output_weights(self) -> int:
        """Number of weights of the output layer."""
        return int(np.prod(self.family.shapes[-1]))

    def unflatten(self, vector: Any) -> list[Any]:
        """The weights of each layer, arrays or tensors as the vector is."""
        sizes = [rows * columns for rows, columns in self.family.shapes]
        reshape = np.reshape if isinstance(vector, np.ndarray) else tf.reshape
        starts = np.cumsum([0, *sizes])
        return [
            reshape(vector[start : start + size], shape)
            for start, size, shape in zip(starts, sizes, self.family.shapes, strict=False)
        ]

    def _residuals(
        self, objective: EulerObjective, problem: Any, vector: Tensor, states: Tensor
    ) -> tuple[Tensor, list[Any]]:
        parameters, frame = problem
        return objective.residuals(parameters, Frame(*frame), self.unflatten(vector), states)

    @cached_property
    def output_jacobian(self) -> Any:
        """Graph ``(problem, vector, states) -> residuals (m,), Jacobian (m, n_output_weights)``."""
        return self._jacobian_graph(len(self.family.shapes) - 1)

    @cached_property
    def full_jacobian(self) -> Any:
        """Graph ``(problem, vector, states) -> residuals (m,), Jacobian (m, n_weights)``."""
        return self._jacobian_graph(0)

    def _jacobian_graph(self, first_layer: int) -> Any:
        """Jacobian with respect to the weights from ``first_layer`` on, in one backward pass an equation.

        The residual at a state depends only on that state's own evaluations of the family, so the gradient of
        the sum over states with respect to every pre-activation z holds all rows at once: row = Σ h ⊗ ∂r/∂z.
        """

        def jacobian(problem: Any, vector: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
            residuals, evaluations = self._residuals(self._ratios, problem, vector, states)
            trained = [layers[first_layer:] for layers in evaluations]
            # By layer, then by evaluation: what belongs to one block of weights lies together.
            inputs = [[h for h, _ in pairs] for pairs in zip(*trained, strict=True)]
            pre_activations = [[z for _, z in pairs] for pairs in zip(*trained, strict=True)]
            count = tf.shape(states)[0]
            rows = []
            for equation in range(residuals.shape[1]):
                gradients = tf.nest.pack_sequence_as(
                    pre_activations, tf.gradients(residuals[:, equation], tf.nest.flatten(pre_activations))
                )
                blocks = [
                    tf.reshape(_sum_of_outer_products(*block), (count, -1))
                    for block in zip(inputs, gradients, strict=True)
                ]
                rows.append(tf.concat(blocks, axis=1))
            return tf.reshape(tf.transpose(residuals), (-1,)), tf.concat(rows, axis=0)

        return tf.function(jacobian, input_signature=(_PROBLEM, _VECTOR, _MATRIX), autograph=False)

    def descent_graph(self, algorithm: str, is_full_batch: bool) -> Any:
        """Graph that takes first-order steps.

        ``(problem, vector, slots (2, n), states, batch_size, first_step, n_steps, seed, hyperparameters (3,)) ->
        vector, slots, loss``

        Args:
            algorithm: a key of ``UPDATE_RULES``.
            is_full_batch: whether every step takes the given states rather than fresh draws over the box.
        """
        rule = UPDATE_RULES[algorithm]
        n_states = len(self.model.states)

        def descend(
            problem: Any,
            vector: Tensor,
            slots: Tensor,
            states: Tensor,
            batch_size: Tensor,
            first_step: Tensor,
            n_steps: Tensor,
            seed: Tensor,
            hyperparameters: Tensor,
        ) -> tuple[Tensor, Tensor, Tensor]:
            chosen = Hyperparameters(*tf.unstack(hyperparameters, num=3))
            frame = Frame(*problem[1])

            def draw(step: Tensor) -> Tensor:
                if is_full_batch:
                    return states
                shape, key = tf.stack([batch_size, n_states]), tf.stack([seed, step])
                return frame.center + frame.half_width * tf.random.stateless_uniform(
                    shape, key, -1.0, 1.0, tf.float64
                )

            def body(step: Tensor, vector: Tensor, slots: Tensor, _: Tensor) -> tuple[Tensor, ...]:
                point = rule.gradient_point(vector, slots, chosen)
                residuals, _ = self._residuals(self._differences, problem, point, draw(step))
                loss = tf.reduce_mean(residuals**2)
                change, slots = rule.change(tf.gradients(loss, point)[0], slots, step, chosen)
                return step + 1, vector + change, slots, loss

            start = (first_step, vector, slots, tf.constant(0.0, tf.float64))
            end = first_step + n_steps
            _, vector, slots, loss = tf.while_loop(lambda step, *_: step < end, body, start)
            return vector, slots, loss

        signature = (_PROBLEM, _VECTOR, _MATRIX, _MATRIX, _COUNT, _COUNT, _COUNT, _COUNT, _VECTOR)
        return tf.function(descend, input_signature=signature, autograph=False)


def _sum_of_outer_products(lefts: list[Tensor], rights: list[Tensor]) -> Tensor:
    """``Σ left ⊗ right``, row by row: (n, i) and (n, j) give (n, i, j)."""
    return sum(left[:, :, None] * right[:, None, :] for left, right in zip(lefts, rights, strict=True))


@lru_cache(maxsize=32)
def compiled_objective(model: Model, settings: PolicySettings) -> CompiledObjective:
    """The compiled objective of a model and a family, kept so that a warm process never traces it again."""
    return CompiledObjective(model, settings)


@lru_cache(maxsize=32)
def compiled_descent(compiled: CompiledObjective, algorithm: str, is_full_batch: bool) -> Any:
    """The graph of :meth:`CompiledObjective.descent_graph`, kept likewise."""
    return compiled.descent_graph(algorithm, is_full_batch)
