"""The objective as TensorFlow graphs, traced once for a model and a family and then used for every calibration.

Parameters, frame, weights and states are tensors of the graphs, so nothing is traced again for another
calibration, and the number of states is left open, so nothing is traced again for another sample size.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from solver.expectation.ahead import Expectation
from solver.expectation.draws import Draws, Law
from solver.language.tensorflow_backend import TENSORFLOW
from solver.model.economy import Economy
from solver.model.spec import Model
from solver.objective.all_in_one import mean_of_products
from solver.objective.euler import EulerObjective, Residuals
from solver.policy.family import Layer
from solver.policy.frame import Frame
from solver.policy.policy import numpy_rule
from solver.policy.rule import Setting
from solver.settings import PolicySettings
from solver.training.first_order import UPDATE_RULES, Hyperparameters

Tensor = Any

_COUNT = tf.TensorSpec((), tf.int64)
_VECTOR = tf.TensorSpec((None,), tf.float64)
_MATRIX = tf.TensorSpec((None, None), tf.float64)


class Numbers(NamedTuple):
    """What the graphs know of a calibration, as NumPy arrays or as tensors.

    Attributes:
        setting: parameters, exogenous means and values, and the frame of the policy.
        expectation: the rule for E[.], or the law of its draws.
    """

    setting: Setting
    expectation: Expectation | Draws | Law


class CompiledObjective:
    """The residuals of one model under one family, with the derivatives that training needs.

    Weights are one flat vector here, layer after layer, the output layer last.
    """

    def __init__(self, model: Model, settings: PolicySettings) -> None:
        self.model = model
        in_numpy = numpy_rule(model, settings)
        rule = replace(in_numpy, economy=Economy(model, TENSORFLOW), xp=tf.experimental.numpy)
        self.rule, self.family, self._space = rule, rule.family, rule.space
        self._ratios, self._differences = (EulerObjective(rule, as_ratio) for as_ratio in (True, False))
        n_exogenous, n_regimes = self._space.n_exogenous, self._space.n_regimes
        d, n_notional = self._space.n_continuous, rule.outputs.n_notional

        def spec(*shape: int | None) -> tf.TensorSpec:
            return tf.TensorSpec(shape, tf.float64)

        frame = Frame(
            spec(d),
            spec(d),
            spec(n_regimes, n_notional),
            spec(d, n_notional),
            spec(n_notional),
            spec(d),
            spec(d),
        )
        setting = Setting(spec(len(model.parameters)), spec(n_exogenous), spec(n_regimes, n_exogenous), frame)
        expectation = Expectation(
            spec(n_exogenous),
            spec(n_exogenous, n_exogenous),
            spec(n_regimes, n_exogenous),
            spec(n_regimes, n_regimes),
            spec(None, n_exogenous),
            spec(None),
        )
        law = Law(*expectation[:4], spec(None), spec(None, n_exogenous), spec(None, n_exogenous, n_exogenous))
        self._numbers, self._numbers_of_draws = Numbers(setting, expectation), Numbers(setting, law)
        self._states = spec(None, len(self._space.names))

    @property
    def n_output_weights(self) -> int:
        """Number of weights of the output layer."""
        return int(np.prod(self.family.shapes[-1]))

    @property
    def n_residuals(self) -> int:
        """Residuals at each state."""
        return len(self._ratios.equations)

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
        self,
        objective: EulerObjective,
        numbers: Numbers,
        vector: Tensor,
        states: Tensor,
        tomorrow: Tensor | None = None,
    ) -> tuple[Tensor, Residuals]:
        """The residuals (n, n_residuals), with multipliers, and how they came about."""
        assert not isinstance(numbers.expectation, Law)
        then = None if tomorrow is None else self.unflatten(tomorrow)
        found = objective.residuals(
            numbers.setting, numbers.expectation, self.unflatten(vector), states, then
        )
        return objective.with_multipliers(found), found

    @cached_property
    def output_jacobian(self) -> Any:
        """Graph ``(numbers, vector, states) -> residuals (m,), Jacobian (m, n_output_weights)``."""
        return self._jacobian_graph(len(self.family.shapes) - 1)

    @cached_property
    def full_jacobian(self) -> Any:
        """Graph ``(numbers, vector, states) -> residuals (m,), Jacobian (m, n_weights)``."""
        return self._jacobian_graph(0)

    @cached_property
    def today_jacobian(self) -> Any:
        """Graph ``(numbers, vector, states, tomorrow) -> residuals (m,), Jacobian (m, n_output_weights)``.

        The policy of tomorrow has the weights ``tomorrow`` and stays as it is: the step of time iteration.
        """
        first_layer = len(self.family.shapes) - 1

        def jacobian(
            numbers: Numbers, vector: Tensor, states: Tensor, tomorrow: Tensor
        ) -> tuple[Tensor, Tensor]:
            residuals, found = self._residuals(self._ratios, numbers, vector, states, tomorrow)
            return _with_jacobian(residuals, [found.today.layers[first_layer:]])

        signature = (self._numbers, _VECTOR, self._states, _VECTOR)
        return tf.function(jacobian, input_signature=signature, autograph=False)

    def _jacobian_graph(self, first_layer: int) -> Any:
        """Jacobian with respect to the weights from ``first_layer`` on, of today and tomorrow alike."""

        def jacobian(numbers: Numbers, vector: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
            residuals, found = self._residuals(self._ratios, numbers, vector, states)
            evaluations = (found.today.layers, found.tomorrow)
            return _with_jacobian(residuals, [layers[first_layer:] for layers in evaluations])

        signature = (self._numbers, _VECTOR, self._states)
        return tf.function(jacobian, input_signature=signature, autograph=False)

    def descent_graph(
        self, algorithm: str, is_full_batch: bool, *, is_sampled: bool = False, n_draws: int = 0
    ) -> Any:
        """Graph that takes first-order steps.

        ``(numbers, vector, slots (2, n), states, batch_size, first_step, n_steps, seed, hyperparameters (3,)) ->
        vector, slots, loss``

        Args:
            algorithm: a key of ``UPDATE_RULES``.
            is_full_batch: whether every step takes all given states.
            is_sampled: whether a batch is drawn from the given states rather than over the box.
            n_draws: independent draws of the next period at each state, of which the loss is the mean product; none where
                it is the square of an expectation by nodes.
        """
        rule = UPDATE_RULES[algorithm]
        space = self._space

        def descend(
            numbers: Numbers,
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
            frame = numbers.setting.frame

            def draw(step: Tensor) -> Tensor:
                if is_full_batch:
                    return states
                key = tf.stack([seed, step])
                if is_sampled:
                    count = tf.shape(states, out_type=tf.int64)[0]
                    return tf.gather(
                        states, tf.random.stateless_uniform([batch_size], key, 0, count, tf.int64)
                    )
                shape = tf.stack([batch_size, len(space.names)])
                u = tf.random.stateless_uniform(shape, key, -1.0, 1.0, tf.float64)
                continuous = frame.center + frame.half_width * space.continuous(u)
                if space.n_regimes == 1:
                    return continuous
                regime = tf.floor((u[:, -1:] + 1.0) / 2.0 * space.n_regimes)
                return tf.concat([continuous, regime], axis=1)

            def body(step: Tensor, vector: Tensor, slots: Tensor, _: Tensor) -> tuple[Tensor, ...]:
                point = rule.gradient_point(vector, slots, chosen)
                if n_draws:
                    loss = self._loss_of_draws(numbers, point, draw(step), tf.stack([seed, step]), n_draws)
                else:
                    residuals, _ = self._residuals(self._differences, numbers, point, draw(step))
                    loss = tf.reduce_mean(residuals**2)
                change, slots = rule.change(tf.gradients(loss, point)[0], slots, step, chosen)
                return step + 1, vector + change, slots, loss

            start = (first_step, vector, slots, tf.constant(0.0, tf.float64))
            end = first_step + n_steps
            _, vector, slots, loss = tf.while_loop(lambda step, *_: step < end, body, start)
            return vector, slots, loss

        counts = (_COUNT, _COUNT, _COUNT, _COUNT)
        known = self._numbers_of_draws if n_draws else self._numbers
        signature = (known, _VECTOR, _MATRIX, self._states, *counts, _VECTOR)
        return tf.function(descend, input_signature=signature, autograph=False)

    def _loss_of_draws(
        self, numbers: Numbers, vector: Tensor, states: Tensor, key: Tensor, n_draws: int
    ) -> Tensor:
        """The all-in-one loss at states (n, n_columns), whose numbers hold a law; ``key`` (2,) is the draws' seed."""
        assert isinstance(numbers.expectation, Law)
        repeated = tf.repeat(states, n_draws, axis=0)
        count = tf.shape(repeated)[0]
        keys = tf.random.split(key, 2)
        draws = Draws(
            numbers.expectation,
            tf.random.stateless_normal((count, self._space.n_exogenous), keys[0], dtype=tf.float64),
            tf.random.stateless_uniform((count, 2), keys[1], dtype=tf.float64),
        )
        residuals, _ = self._residuals(
            self._differences, numbers._replace(expectation=draws), vector, repeated
        )
        by_state = tf.reshape(residuals, (-1, n_draws, self.n_residuals))
        return tf.reduce_mean(mean_of_products(tf.experimental.numpy, by_state))


def _with_jacobian(residuals: Tensor, trained: list[list[Layer]]) -> tuple[Tensor, Tensor]:
    """Residuals (m,) equation by equation, and their Jacobian (m, n), in one backward pass an equation.

    The residual at a state depends only on that state's own evaluations of the family, so the gradient of
    the sum over states with respect to every pre-activation z holds all rows at once: row = Σ h ⊗ ∂r/∂z.

    Args:
        residuals: (n, n_equations).
        trained: for each evaluation of the family, the layers ``(h, z)`` whose weights are trained.
    """
    # By layer, then by evaluation: what belongs to one block of weights lies together.
    inputs = [[h for h, _ in pairs] for pairs in zip(*trained, strict=True)]
    pre_activations = [[z for _, z in pairs] for pairs in zip(*trained, strict=True)]
    count = tf.shape(residuals)[0]
    rows = []
    for equation in range(residuals.shape[1]):
        gradients = tf.nest.pack_sequence_as(
            pre_activations, tf.gradients(residuals[:, equation], tf.nest.flatten(pre_activations))
        )
        blocks = [
            tf.reshape(_sum_of_outer_products(count, *block), (count, -1))
            for block in zip(inputs, gradients, strict=True)
        ]
        rows.append(tf.concat(blocks, axis=1))
    return tf.reshape(tf.transpose(residuals), (-1,)), tf.concat(rows, axis=0)


def _sum_of_outer_products(count: Tensor, lefts: list[Tensor], rights: list[Tensor]) -> Tensor:
    """``Σ left ⊗ right`` over the evaluations of each state, (count, i, j).

    An evaluation of n * n_cases rows, (., i) and (., j), belongs to its state by blocks of n_cases rows.
    """

    def one(left: Tensor, right: Tensor) -> Tensor:
        blocks = (tf.reshape(array, (count, -1, array.shape[1])) for array in (left, right))
        return tf.matmul(*blocks, transpose_a=True)

    return sum(one(left, right) for left, right in zip(lefts, rights, strict=True))


@lru_cache(maxsize=32)
def compiled_objective(model: Model, settings: PolicySettings) -> CompiledObjective:
    """The compiled objective of a model and a family, kept so that a warm process never traces it again."""
    return CompiledObjective(model, settings)


@lru_cache(maxsize=32)
def compiled_descent(
    compiled: CompiledObjective,
    algorithm: str,
    is_full_batch: bool,
    *,
    is_sampled: bool = False,
    n_draws: int = 0,
) -> Any:
    """The graph of :meth:`CompiledObjective.descent_graph`, kept likewise."""
    return compiled.descent_graph(algorithm, is_full_batch, is_sampled=is_sampled, n_draws=n_draws)
