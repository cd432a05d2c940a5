"""Functions of tensors and arrays for which onnxruntime has no kernel in float64, written by those for which it has one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from solver.export.tensor import Operand, lifted

exp = lifted("Exp", np.exp)
log = lifted("Log", np.log)
sqrt = lifted("Sqrt", np.sqrt)
tanh = lifted("Tanh", np.tanh)
sin = lifted("Sin", np.sin)
cos = lifted("Cos", np.cos)
absolute = lifted("Abs", np.abs)
minimum = lifted("Min", np.minimum)
maximum = lifted("Max", np.maximum)
power = lifted("Pow", np.power)
where = lifted("Where", np.where)
equal = lifted("Equal", np.equal)

_TAYLOR_TERMS = 13
"""Of the arctangent on [0, 0.199]: the first that is left out is below 1e-19 of it."""


def log10(x: Operand) -> Any:
    """The decimal logarithm."""
    return log(x) / math.log(10.0)


def tan(x: Operand) -> Any:
    """The tangent."""
    return sin(x) / cos(x)


def cosh(x: Operand) -> Any:
    """The hyperbolic cosine."""
    return 0.5 * (exp(x) + exp(-x))


def sinh(x: Operand) -> Any:
    """The hyperbolic sine, ``(m + m/(m + 1))/2`` with ``m = exp(x) - 1`` near zero, where its two halves cancel."""
    m = x * expm1_share(x)
    return where(absolute(x) < 1.0, 0.5 * (m + m / (m + 1.0)), 0.5 * (exp(x) - exp(-x)))


def expm1_share(x: Operand) -> Any:
    """``(exp(x) - 1)/x``, 1 at zero; near it ``(u - 1)/log(u)`` with ``u = exp(x)``, whose errors cancel (Kahan)."""
    u = exp(x)
    near = where(equal(u, 1.0), 1.0, (u - 1.0) / log(u))
    return where(absolute(x) < 1.0, near, (u - 1.0) / x)


def arctan(z: Operand) -> Any:
    """The arctangent by Taylor's series of a quarter of it, and beyond 1 by that of 1/z.

    Half of the arctangent of w is that of ``w/(1 + √(1 + w²))``.
    """
    is_far = absolute(z) > 1.0
    w = where(is_far, 1.0 / z, z)
    for _ in range(2):
        w = w / (1.0 + sqrt(1.0 + w * w))
    square, series = w * w, 0.0
    for term in reversed(range(_TAYLOR_TERMS)):
        series = (-1.0) ** term / (2 * term + 1) + square * series
    angle = 4.0 * w * series
    return where(is_far, where(z > 0.0, 0.5 * math.pi, -0.5 * math.pi) - angle, angle)


def crra(consumption: Operand, gamma: Operand) -> Any:
    """(c^(1-γ) - 1)/(1-γ) as log(c) expm1(x)/x with x = (1-γ) log(c)."""
    log_c = log(consumption)
    return log_c * expm1_share((1.0 - gamma) * log_c)
