"""Derivatives along a direction, in TensorFlow graphs, layer by layer where a family is asked.

A tangent of a layer is linear in the layer's weights as the layer itself is: with ``z = h @ w`` comes ``ż = ḣ @ w``. So a
residual that holds the derivative of a family depends on weights through pairs ``(h, z)`` and ``(ḣ, ż)`` alike, and its
Jacobian follows from both in the same way (see :mod:`solver.training.compiled`).
"""

from __future__ import annotations

import tensorflow as tf

from solver.policy.family import Array, Layer, Weights


def pushforward(values: Array, at: Array, direction: Array) -> Array:
    """The derivative of values along a direction of what they depend on, of the shape of the values.

    Forward mode by two backward passes: the gradient is linear in the weights of the values, and its own gradient by these
    is the derivative. Graphs alone have it.
    """
    weights = tf.zeros_like(values)
    gradient = tf.gradients(values, at, weights, unconnected_gradients="zero")[0]
    return tf.gradients(gradient, weights, direction, unconnected_gradients="zero")[0]


def tangent_layers(layers: list[Layer], weights: Weights, at: Array, direction: Array) -> list[Layer]:
    """``(ḣ, ż)`` of every layer ``(h, z)``, along a direction (n, n_columns) of the states that they were evaluated at."""
    tangents: list[Layer] = []
    for (h, z), weight in zip(layers, weights, strict=True):
        h_slope = pushforward(h, at, direction)
        z_slope = tf.matmul(h_slope, weight)
        tangents.append((h_slope, z_slope))
        at, direction = z, z_slope
    return tangents
