"""The language on TensorFlow: what trains policies. The only file of the language that imports TensorFlow."""

from __future__ import annotations

import contextlib
import functools
import math
import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf

from solver.language.compiler import Backend
from solver.language.tree import NEGATION


def _log10(value: Any) -> Any:
    return tf.math.log(value) / math.log(10.0)


def _crra(consumption: Any, gamma: Any) -> Any:
    """expm1(x)/(1-γ) with x = (1-γ) log(c); near x = 0 its Taylor series, so that gradients are exact on both sides.

    Each branch is kept finite where the other is taken: a gradient of 0 times infinity would be nan.
    """
    log = tf.math.log(consumption)
    exponent = (1.0 - gamma) * log
    is_small = tf.abs(exponent) < 1e-4
    small = tf.where(is_small, exponent, tf.zeros_like(exponent))
    # Products, not powers: a third derivative of a power is nan at zero.
    square = small * small
    series = log * (1.0 + small / 2.0 + square / 6.0 + square * small / 24.0)
    divisor = tf.where(is_small, tf.ones_like(exponent), 1.0 - gamma)
    return tf.where(is_small, series, tf.math.expm1(exponent) / divisor)


def _spread(value: Any, arrays: Sequence[Any]) -> Any:
    return value + sum(tf.zeros_like(array) for array in arrays)


def tensorflow_backend(dtype: tf.DType) -> Backend:
    """The language on tensors of a floating-point type: constants are of it, and operations keep it."""
    return replace(TENSORFLOW, constant=functools.partial(tf.constant, dtype=dtype))


TENSORFLOW = Backend(
    name="tensorflow",
    operations={
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "^": tf.pow,
        NEGATION: operator.neg,
        "exp": tf.exp,
        "log": tf.math.log,
        "log10": _log10,
        "sqrt": tf.sqrt,
        "abs": tf.abs,
        "sin": tf.sin,
        "cos": tf.cos,
        "tan": tf.tan,
        "sinh": tf.sinh,
        "cosh": tf.cosh,
        "tanh": tf.tanh,
        "min": tf.minimum,
        "max": tf.maximum,
        "crra": _crra,
    },
    constant=functools.partial(tf.constant, dtype=tf.float64),
    spread=_spread,
    stack=functools.partial(tf.stack, axis=-1),
    quiet=contextlib.nullcontext,
)
