"""The language on NumPy: what serves policies and judges them.

It takes complex numbers as well, for derivatives by a complex step (Squire and Trapp 1998).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from solver.language.compiler import Backend
from solver.language.tree import NEGATION


def _crra(consumption: Any, gamma: Any) -> Any:
    """(c^(1-γ) - 1)/(1-γ) as log(c) expm1(x)/x with x = (1-γ) log(c), which has a limit at x = 0."""
    log = np.log(consumption)
    exponent = np.asarray((1.0 - gamma) * log)
    ratio = np.ones_like(exponent)
    return log * np.divide(np.expm1(exponent), exponent, out=ratio, where=exponent != 0.0)


def _abs(value: Any) -> Any:
    """|x|; of a complex number x or -x, which a complex step differentiates as it does not its modulus."""
    return np.where(value.real < 0.0, -value, value) if np.iscomplexobj(value) else np.abs(value)


def _spread(value: Any, arrays: Sequence[Any]) -> Any:
    shape = arrays[0].shape if len(arrays) == 1 else np.broadcast(*arrays).shape
    return value if np.shape(value) == shape else np.broadcast_to(value, shape)


def _stack(values: Sequence[Any]) -> Any:
    stacked = np.empty((*np.shape(values[0]), len(values)), dtype=np.result_type(np.float64, *values))
    for column, value in enumerate(values):
        stacked[..., column] = value
    return stacked


NUMPY = Backend(
    name="numpy",
    operations={
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "^": operator.pow,
        NEGATION: operator.neg,
        "exp": np.exp,
        "log": np.log,
        "log10": np.log10,
        "sqrt": np.sqrt,
        "abs": _abs,
        "sin": np.sin,
        "cos": np.cos,
        "tan": np.tan,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "tanh": np.tanh,
        "min": np.minimum,
        "max": np.maximum,
        "crra": _crra,
    },
    # A Python float would raise where float64 gives nan or inf.
    constant=np.float64,
    spread=_spread,
    stack=_stack,
    quiet=functools.partial(np.errstate, all="ignore"),
)
