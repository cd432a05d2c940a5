"""The language on TensorFlow: what trains policies. The only file of the language that imports TensorFlow."""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from solver.language.compiler import Backend
from solver.language.tree import NEGATION


def _crra(consumption: Any, gamma: Any) -> Any:
    """As in NumPy; near x = 0 the ratio is its Taylor series, so that its gradients are finite there too."""
    log = tf.math.log(consumption)
    exponent = (1.0 - gamma) * log
    is_small = tf.abs(exponent) < 1e-4
    divisor = tf.where(is_small, tf.ones_like(exponent), exponent)
    series = 1.0 + exponent / 2.0 + exponent**2 / 6.0 + exponent**3 / 24.0
    return log * tf.where(is_small, series, tf.math.expm1(divisor) / divisor)


def _spread(value: Any, arrays: Sequence[Any]) -> Any:
    return value + sum(tf.zeros_like(array) for array in arrays)


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
