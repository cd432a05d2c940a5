"""The language and the array namespace on tensors of ONNX: what turns a decision rule into a graph."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

import numpy as np

from solver.export import functions
from solver.export.tensor import Operand, Tensor, node
from solver.language.compiler import Backend
from solver.language.tree import NEGATION


class TensorNamespace:
    """The functions of an array namespace that decision rules call; of arrays alone they give arrays."""

    abs = staticmethod(functions.absolute)
    arange = staticmethod(np.arange)
    arctan = staticmethod(functions.arctan)
    exp = staticmethod(functions.exp)
    maximum = staticmethod(functions.maximum)
    minimum = staticmethod(functions.minimum)
    tanh = staticmethod(functions.tanh)
    where = staticmethod(functions.where)

    @staticmethod
    def concatenate(arrays: Sequence[Operand], axis: int) -> Tensor:
        """Arrays behind each other."""
        return node("Concat", *arrays, axis=axis)

    @staticmethod
    def matmul(left: Operand, right: Operand) -> Tensor:
        """The matrix product."""
        return node("MatMul", left, right)

    @staticmethod
    def ones_like(tensor: Tensor) -> Tensor:
        """Ones of the shape of a tensor."""
        return node("Expand", 1.0, node("Shape", tensor))

    @staticmethod
    def reshape(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The same numbers in another shape."""
        return node("Reshape", tensor, np.array(shape, dtype=np.int64))

    @staticmethod
    def stack(arrays: Sequence[Operand], axis: int = 0) -> Tensor:
        """Arrays of one shape along a new axis."""
        place = np.array([axis], dtype=np.int64)
        return node("Concat", *(node("Unsqueeze", array, place) for array in arrays), axis=axis)

    @staticmethod
    def sum(tensor: Tensor, axis: int) -> Tensor:
        """The sum over one axis."""
        return node("ReduceSum", tensor, np.array([axis], dtype=np.int64), keepdims=0)

    @staticmethod
    def take(tensor: Tensor, places: np.ndarray, axis: int) -> Tensor:
        """The items at some places of one axis."""
        return node("Gather", tensor, places.astype(np.int64), axis=axis)

    @staticmethod
    def transpose(tensor: Tensor) -> Tensor:
        """The axes in reverse."""
        return node("Transpose", tensor)


def _spread(value: Operand, arrays: Sequence[Tensor]) -> Tensor:
    """What depends on a state has the shape of the states already."""
    return value if isinstance(value, Tensor) else node("Expand", value, node("Shape", arrays[0]))


ONNX = Backend(
    name="onnx",
    operations={
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "^": functions.power,
        NEGATION: operator.neg,
        "exp": functions.exp,
        "log": functions.log,
        "log10": functions.log10,
        "sqrt": functions.sqrt,
        "abs": functions.absolute,
        "sin": functions.sin,
        "cos": functions.cos,
        "tan": functions.tan,
        "sinh": functions.sinh,
        "cosh": functions.cosh,
        "tanh": functions.tanh,
        "min": functions.minimum,
        "max": functions.maximum,
        "crra": functions.crra,
    },
    constant=np.float64,
    spread=_spread,
    stack=functools.partial(TensorNamespace.stack, axis=-1),
    quiet=functools.partial(np.errstate, all="ignore"),
)
