"""First-order steps as a TensorFlow graph, traced once for a compiled objective and a method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import tensorflow as tf

from solver.expectation.ahead import Expectation
from solver.objective.lifetime_reward import LifetimeReward
from solver.settings import Objective
from solver.settings.limits import MAX_PERIODS, REMAINING
from solver.training.compiled import CompiledObjective, Numbers
from solver.training.first_order import UPDATE_RULES, Hyperparameters

Tensor = Any

_COUNT = tf.TensorSpec((), tf.int64)

#: ``(compiled, numbers, vector, states, seed, step) -> loss``
_Loss = Callable[[CompiledObjective, Numbers, Tensor, Tensor, Tensor, Tensor], Tensor]


@lru_cache(maxsize=32)
def compiled_descent(
    compiled: CompiledObjective,
    algorithm: str,
    is_full_batch: bool,
    objective: Objective = "euler",
    *,
    is_sampled: bool = False,
    n_draws: int = 0,
) -> Any:
    """Graph that takes first-order steps, kept so that a warm process never traces it again.

    ``(numbers, vector, slots (2, n), states, batch_size, first_step, n_steps, seed, hyperparameters (3,)) ->
    vector, slots, loss``

    Args:
        compiled: of the model and the family.
        algorithm: a key of ``UPDATE_RULES``.
        is_full_batch: whether every step takes all given states.
        objective: whose loss is descended.
        is_sampled: whether a batch is drawn from the given states rather than over the box.
        n_draws: of the Euler objective, independent draws of the next period at each state, of which the loss is the mean
            product; none where it is the square of an expectation by nodes.
    """
    rule, space = UPDATE_RULES[algorithm], compiled.space
    loss_of = partial(_mean_product, n_draws) if n_draws else _LOSSES[objective]

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
                return tf.gather(states, tf.random.stateless_uniform([batch_size], key, 0, count, tf.int64))
            shape = tf.stack([batch_size, len(space.names)])
            u = tf.random.stateless_uniform(shape, key, -1.0, 1.0, compiled.dtype)
            continuous = frame.center + frame.half_width * space.continuous(u)
            if space.n_regimes == 1:
                return continuous
            regime = tf.floor((u[:, -1:] + 1.0) / 2.0 * space.n_regimes)
            return tf.concat([continuous, regime], axis=1)

        def body(step: Tensor, vector: Tensor, slots: Tensor, _: Tensor) -> tuple[Tensor, ...]:
            point = rule.gradient_point(vector, slots, chosen)
            loss = loss_of(compiled, numbers, point, draw(step), seed, step)
            change, slots = rule.change(tf.gradients(loss, point)[0], slots, step, chosen)
            return step + 1, vector + change, slots, loss

        start = (first_step, vector, slots, compiled.tensor(0.0))
        end = first_step + n_steps
        _, vector, slots, loss = tf.while_loop(lambda step, *_: step < end, body, start)
        return vector, slots, loss

    counts = (_COUNT, _COUNT, _COUNT, _COUNT)
    known = compiled.numbers_of_draws_spec if n_draws else compiled.numbers_spec
    vector, matrix = compiled.vector_spec, tf.TensorSpec((None, None), compiled.dtype)
    signature = (known, vector, matrix, compiled.states_spec, *counts, vector)
    return tf.function(descend, input_signature=signature, autograph=False)


def _mean_square(
    compiled: CompiledObjective, numbers: Numbers, vector: Tensor, states: Tensor, seed: Tensor, step: Tensor
) -> Tensor:
    return compiled.mean_square(numbers, vector, states)


def _mean_product(
    n_draws: int,
    compiled: CompiledObjective,
    numbers: Numbers,
    vector: Tensor,
    states: Tensor,
    seed: Tensor,
    step: Tensor,
) -> Tensor:
    return compiled.mean_product(numbers, vector, states, tf.stack([seed, step]), n_draws)


def _minus_lifetime_reward(
    compiled: CompiledObjective, numbers: Numbers, vector: Tensor, states: Tensor, seed: Tensor, step: Tensor
) -> Tensor:
    """The objective of :mod:`solver.objective.lifetime_reward`; every step draws the shocks of its paths afresh."""
    rule = replace(compiled.rule, outputs=replace(compiled.rule.outputs, hold=_hold))
    objective, weights = LifetimeReward(rule), compiled.unflatten(vector)
    law, one = numbers.expectation, tf.ones_like(states[:, 0])
    assert isinstance(law, Expectation)

    def body(period: Tensor, states: Tensor, weight: Tensor, total: Tensor) -> tuple[Tensor, ...]:
        # Negative, so that no path shares its draws with the initial states of a step.
        key = tf.stack([seed, -1 - step * MAX_PERIODS - period])
        chances = tf.random.stateless_uniform(tf.shape(one), key, dtype=one.dtype)
        reward, discount, following = objective.period(numbers.setting, law, weights, states, chances)
        return period + 1, following, weight * discount, total + weight * reward

    start = (tf.constant(0, tf.int64), states, one, 0.0 * one)
    _, states, weight, total = tf.while_loop(
        lambda _, __, weight, ___: tf.reduce_max(weight) > REMAINING, body, start
    )
    reward, discount, _ = objective.period(numbers.setting, law, weights, states, 0.0 * one)
    return -tf.reduce_mean(total + weight / (1.0 - discount) * reward)


def _hold(_: Any, wanted: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """``mid(lower, wanted, upper)``, whose derivative by what is wanted is 1 beyond a bound too where descent leads inside.

    Were it zero there, a decision that is held by mistake would stay so: nothing would tell that it is one.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def held(wanted: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Any]:
        is_above, is_below = wanted > upper, wanted < lower

        def gradients(g: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            zero = tf.zeros_like(g)
            leads_out = (is_above & (g < 0.0)) | (is_below & (g > 0.0))
            return tf.where(leads_out, zero, g), tf.where(is_below, g, zero), tf.where(is_above, g, zero)

        return tf.minimum(tf.maximum(wanted, lower), upper), gradients

    return held(wanted, lower, upper)


_LOSSES: dict[Objective, _Loss] = {"euler": _mean_square, "lifetime_reward": _minus_lifetime_reward}
