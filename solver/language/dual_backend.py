"""The language on dual numbers: derivatives by forward accumulation, in NumPy, exact to rounding.

A :class:`Dual` carries a value and its derivatives in k directions. Programs compiled for :data:`DUAL` are the same as for
any other backend, so first derivatives of a model cost no second path and no TensorFlow.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solver.language.compiler import Backend
from solver.language.numpy_backend import NUMPY
from solver.language.tree import NEGATION


@dataclass(frozen=True)
class Dual:
    """A value with its derivatives.

    Attributes:
        value: (...,).
        tangent: (..., k) derivatives in k directions.
    """

    value: np.ndarray
    tangent: np.ndarray

    def __getitem__(self, key: Any) -> Dual:
        """The same part of value and derivatives; ``key`` addresses axes of the value, an ellipsis first."""
        leading, *rest = key
        assert leading is Ellipsis
        return Dual(self.value[(Ellipsis, *rest)], self.tangent[(Ellipsis, *rest, slice(None))])


def _constant(number: float) -> Dual:
    return Dual(np.asarray(number, dtype=np.float64), np.zeros(1))


Partials = Callable[..., Sequence[Any]]


def _lift(operator: str, partials: Partials) -> Callable[..., Dual]:
    """The operation on duals, from the derivative with respect to each of its arguments (and its value, first)."""
    function = NUMPY.operations[operator]

    def lifted(*arguments: Dual) -> Dual:
        values = [argument.value for argument in arguments]
        value = np.asarray(function(*values))
        tangent: Any = 0.0
        for partial, argument in zip(partials(value, *values), arguments, strict=True):
            # What an argument does not move stays unmoved, whatever the partial derivative is.
            is_still = argument.tangent == 0.0
            moved = np.asarray(partial)[..., None] * argument.tangent
            tangent = tangent + np.where(is_still, 0.0, moved)
        return Dual(value, np.asarray(tangent))

    return lifted


def _pow(value: Any, base: Any, exponent: Any) -> tuple[Any, Any]:
    return exponent * np.power(base, exponent - 1.0), value * np.log(base)


def _crra(value: Any, consumption: Any, gamma: Any) -> tuple[Any, Any]:
    """∂/∂c = c^(-γ); the derivative with respect to γ is ``(u - c^(1-γ) log c)/(1-γ)``, near 1 by its Taylor series.

    With ``x = (1-γ) log c`` that is ``-log(c)² (1/2 + x/3 + x²/8 + x³/30 + …)``.
    """
    log = np.log(consumption)
    x = (1.0 - gamma) * log
    is_small = np.abs(x) < 1e-4
    series = -(log**2) * (1 / 2 + x / 3 + x**2 / 8 + x**3 / 30)
    exact = (value - consumption ** (1.0 - gamma) * log) / np.where(is_small, 1.0, 1.0 - gamma)
    return consumption ** (-gamma), np.where(is_small, series, exact)


_PARTIALS: dict[str, Partials] = {
    "+": lambda v, a, b: (1.0, 1.0),
    "-": lambda v, a, b: (1.0, -1.0),
    "*": lambda v, a, b: (b, a),
    "/": lambda v, a, b: (1.0 / b, -v / b),
    "^": _pow,
    NEGATION: lambda v, a: (-1.0,),
    "exp": lambda v, a: (v,),
    "log": lambda v, a: (1.0 / a,),
    "log10": lambda v, a: (1.0 / (a * np.log(10.0)),),
    "sqrt": lambda v, a: (0.5 / v,),
    "abs": lambda v, a: (np.sign(a),),
    "sin": lambda v, a: (np.cos(a),),
    "cos": lambda v, a: (-np.sin(a),),
    "tan": lambda v, a: (1.0 + v**2,),
    "sinh": lambda v, a: (np.cosh(a),),
    "cosh": lambda v, a: (np.sinh(a),),
    "tanh": lambda v, a: (1.0 - v**2,),
    "min": lambda v, a, b: (np.where(a <= b, 1.0, 0.0), np.where(a <= b, 0.0, 1.0)),
    "max": lambda v, a, b: (np.where(a >= b, 1.0, 0.0), np.where(a >= b, 0.0, 1.0)),
    "crra": _crra,
}


def _spread(dual: Dual, arrays: Sequence[Dual]) -> Dual:
    shape = np.broadcast_shapes(*(array.value.shape for array in arrays))
    directions = max(array.tangent.shape[-1] for array in arrays)
    return Dual(np.broadcast_to(dual.value, shape), np.broadcast_to(dual.tangent, (*shape, directions)))


def _stack(duals: Sequence[Dual]) -> Dual:
    return Dual(
        np.stack([dual.value for dual in duals], axis=-1), np.stack([dual.tangent for dual in duals], axis=-2)
    )


DUAL = Backend(
    name="dual",
    operations={operator: _lift(operator, partials) for operator, partials in _PARTIALS.items()},
    constant=_constant,
    spread=_spread,
    stack=_stack,
    quiet=functools.partial(np.errstate, all="ignore"),
)
