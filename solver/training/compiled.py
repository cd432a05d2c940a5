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
from solver.language.tensorflow_backend import tensorflow_backend
from solver.model.economy import Economy
from solver.model.spec import Model
from solver.objective.all_in_one import mean_of_products
from solver.objective.euler import EulerObjective, Residuals
from solver.policy.family import Layer, Weights
from solver.policy.frame import Frame
from solver.policy.policy import numpy_rule
from solver.policy.rule import Setting
from solver.settings import Dtype, PolicySettings

Tensor = Any


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

    Attributes:
        model: the economy.
        rule: the structure of the policy, in TensorFlow.
        family: its parameterised function.
        space: the columns of its states.
        numbers_spec: the shapes of :class:`Numbers`.
        dtype: the floating-point type of every tensor of the graphs.
        states_spec: that of states, (n, n_columns).
        vector_spec: that of weights, (n_weights,).
    """

    def __init__(self, model: Model, settings: PolicySettings, dtype: Dtype = "float64") -> None:
        self.model, self.dtype = model, tf.as_dtype(dtype)
        in_numpy = numpy_rule(model, settings)
        rule = replace(
            in_numpy, economy=Economy(model, tensorflow_backend(self.dtype)), xp=tf.experimental.numpy
        )
        self.rule, self.family, self.space = rule, rule.family, rule.space
        self._ratios, self._differences = (EulerObjective(rule, as_ratio) for as_ratio in (True, False))
        n_exogenous, n_regimes = self.space.n_exogenous, self.space.n_regimes
        d, n_notional = self.space.n_continuous, rule.outputs.n_notional

        def spec(*shape: int | None) -> tf.TensorSpec:
            return tf.TensorSpec(shape, self.dtype)

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
        self.numbers_spec, self.numbers_of_draws_spec = Numbers(setting, expectation), Numbers(setting, law)
        self.states_spec, self.vector_spec = spec(None, len(self.space.names)), spec(None)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The shape of each block of weights, in the order of the vector."""
        return self.family.shapes

    @property
    def n_output_weights(self) -> int:
        """Number of weights of the output layer."""
        return int(np.prod(self.family.shapes[-1]))

    @property
    def n_residuals(self) -> int:
        """Residuals at each state."""
        return len(self._ratios.equations)

    def tensor(self, array: Any) -> Tensor:
        """An array as the graphs take it."""
        return tf.constant(array, self.dtype)

    def unflatten(self, vector: Any) -> list[Any]:
        """The weights of each block, arrays or tensors as the vector is."""
        sizes = [rows * columns for rows, columns in self.shapes]
        reshape = np.reshape if isinstance(vector, np.ndarray) else tf.reshape
        starts = np.cumsum([0, *sizes])
        return [
            reshape(vector[start : start + size], shape)
            for start, size, shape in zip(starts, sizes, self.shapes, strict=False)
        ]

    def policy_weights(self, vector: np.ndarray) -> tuple[np.ndarray, ...]:
        """Those of the policy, one array a layer."""
        return tuple(self.unflatten(vector)[: len(self.family.shapes)])

    def first_vector(self, weights: Weights) -> np.ndarray:
        """The vector that training starts with, from the weights of a policy; what else is trained is zero."""
        others = [np.zeros(shape) for shape in self.shapes[len(weights) :]]
        return np.concatenate([weight.ravel() for weight in (*weights, *others)])

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

    def mean_square(self, numbers: Numbers, vector: Tensor, states: Tensor) -> Tensor:
        """The mean squared residual, as written: the loss of first-order methods."""
        residuals, _ = self._residuals(self._differences, numbers, vector, states)
        return tf.reduce_mean(residuals**2)

    @cached_property
    def ratios(self) -> Any:
        """Graph ``(numbers, vector, states) -> residuals (n, n_residuals)`` as log ratios, with multipliers."""

        def ratios(numbers: Numbers, vector: Tensor, states: Tensor) -> Tensor:
            return self._residuals(self._ratios, numbers, vector, states)[0]

        signature = (self.numbers_spec, self.vector_spec, self.states_spec)
        return tf.function(ratios, input_signature=signature, autograph=False)

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
            return with_jacobian(residuals, _by_layer([found.today.layers[first_layer:]]))

        signature = (self.numbers_spec, self.vector_spec, self.states_spec, self.vector_spec)
        return tf.function(jacobian, input_signature=signature, autograph=False)

    def _jacobian_graph(self, first_layer: int) -> Any:
        """Jacobian with respect to the weights from ``first_layer`` on, of today and tomorrow alike."""

        def jacobian(numbers: Numbers, vector: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
            residuals, found = self._residuals(self._ratios, numbers, vector, states)
            evaluations = (found.today.layers, found.tomorrow)
            return with_jacobian(residuals, _by_layer([layers[first_layer:] for layers in evaluations]))

        signature = (self.numbers_spec, self.vector_spec, self.states_spec)
        return tf.function(jacobian, input_signature=signature, autograph=False)

    def mean_product(
        self, numbers: Numbers, vector: Tensor, states: Tensor, key: Tensor, n_draws: int
    ) -> Tensor:
        """The all-in-one loss at states (n, n_columns), whose numbers hold a law; ``key`` (2,) is the draws' seed."""
        assert isinstance(numbers.expectation, Law)
        repeated = tf.repeat(states, n_draws, axis=0)
        count = tf.shape(repeated)[0]
        keys = tf.random.split(key, 2)
        draws = Draws(
            numbers.expectation,
            tf.random.stateless_normal((count, self.space.n_exogenous), keys[0], dtype=self.dtype),
            tf.random.stateless_uniform((count, 2), keys[1], dtype=self.dtype),
        )
        residuals, _ = self._residuals(
            self._differences, numbers._replace(expectation=draws), vector, repeated
        )
        by_state = tf.reshape(residuals, (-1, n_draws, self.n_residuals))
        return tf.reduce_mean(mean_of_products(tf.experimental.numpy, by_state))


def _by_layer(evaluations: list[list[Layer]]) -> list[list[Layer]]:
    """The layers of some evaluations of the family, layer by layer: what belongs to one block of weights together."""
    return [list(layers) for layers in zip(*evaluations, strict=True)]


def with_jacobian(residuals: Tensor, blocks: list[list[Layer]]) -> tuple[Tensor, Tensor]:
    """Residuals (m,) equation by equation, and their Jacobian (m, n), in one backward pass an equation.

    The residual at a state depends only on that state's own evaluations of the family, so the gradient of
    the sum over states with respect to every pre-activation z holds all rows at once: row = Σ h ⊗ ∂r/∂z.

    Args:
        residuals: (n, n_equations).
        blocks: for each block of weights that is trained, the ``(h, z = h @ w)`` that it enters in.
    """
    pre_activations = [[z for _, z in block] for block in blocks]
    count = tf.shape(residuals)[0]
    rows = []
    for equation in range(residuals.shape[1]):
        gradients = tf.nest.pack_sequence_as(
            pre_activations, tf.gradients(residuals[:, equation], tf.nest.flatten(pre_activations))
        )
        parts = [
            tf.reshape(_sum_of_outer_products(count, block, slopes), (count, -1))
            for block, slopes in zip(blocks, gradients, strict=True)
        ]
        rows.append(tf.concat(parts, axis=1))
    return tf.reshape(tf.transpose(residuals), (-1,)), tf.concat(rows, axis=0)


def _sum_of_outer_products(count: Tensor, block: list[Layer], slopes: list[Tensor | None]) -> Tensor:
    """``Σ h ⊗ slope`` over the evaluations of each state, (count, i, j); without a slope nothing depends on one.

    An evaluation of n * n_cases rows, (., i) and (., j), belongs to its state by blocks of n_cases rows.
    """

    def one(h: Tensor, slope: Tensor) -> Tensor:
        by_state = (tf.reshape(array, (count, -1, array.shape[1])) for array in (h, slope))
        return tf.matmul(*by_state, transpose_a=True)

    terms = [one(h, slope) for (h, _), slope in zip(block, slopes, strict=True) if slope is not None]
    h, z = block[0]
    return sum(terms) if terms else tf.zeros((count, h.shape[1], z.shape[1]), h.dtype)


def compiled_objective(model: Model, settings: PolicySettings, dtype: Dtype = "float64") -> CompiledObjective:
    """The compiled objective of a model, a family and a type, kept so that a warm process never traces it again."""
    return _kept_objective(model, settings, dtype)


_kept_objective = lru_cache(maxsize=32)(CompiledObjective)
