"""Arrays that are not there yet: a graph of ONNX's operators, built by the formulas that NumPy and TensorFlow compute.

A :class:`Tensor` is an operator and what it is applied to. What no input reaches stays a NumPy array, computed at once, so
that the graph holds no more than what depends on a state. Operators without a kernel for float64 in onnxruntime are not
used; :mod:`solver.export.functions` writes them by others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Operand = Any
"""A tensor, an array or a number."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """The result of one node.

    Attributes:
        operator: of ONNX; :data:`INPUT` for the input of the graph.
        inputs: tensors and arrays.
        attributes: whole numbers.
    """

    operator: str
    inputs: tuple[Tensor | np.ndarray, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)

    # NumPy's own operators would take an array of tensors to be meant.
    __array_ufunc__ = None

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """The type of all that is computed."""
        return np.dtype(np.float64)

    def __add__(self, other: Operand) -> Tensor:
        return node("Add", self, other)

    def __radd__(self, other: Operand) -> Tensor:
        return node("Add", other, self)

    def __sub__(self, other: Operand) -> Tensor:
        return node("Sub", self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return node("Sub", other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return node("Mul", self, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return node("Mul", other, self)

    def __truediv__(self, other: Operand) -> Tensor:
        return node("Div", self, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return node("Div", other, self)

    def __neg__(self) -> Tensor:
        return node("Neg", self)

    def __lt__(self, other: Operand) -> Tensor:
        return node("Less", self, other)

    def __gt__(self, other: Operand) -> Tensor:
        return node("Greater", self, other)

    def __getitem__(self, key: tuple[Any, ...]) -> Tensor:
        """Basic indexing by whole numbers, slices without a step, new axes, and an ellipsis before all of them."""
        is_counted_back = key[0] is Ellipsis
        parts = key[1:] if is_counted_back else key
        found = self
        removed = 0
        for place, part in enumerate(parts):
            axis = place - len(parts) if is_counted_back else place - removed
            if part is None:
                found = node("Unsqueeze", found, _integers(axis))
            elif isinstance(part, slice):
                found = found if part == slice(None) else _sliced(found, part, axis)
            else:
                assert not is_counted_back or len(parts) == 1
                found = node("Gather", found, np.array(part, dtype=np.int64), axis=axis)
                removed += 1
        return found


INPUT = "Input"


def node(operator: str, *inputs: Operand, **attributes: int) -> Tensor:
    """An operator of ONNX applied to tensors, arrays and numbers, which are float64 unless they are arrays."""
    return Tensor(operator, tuple(_operand(one) for one in inputs), attributes)


def _operand(value: Operand) -> Tensor | np.ndarray:
    return value if isinstance(value, Tensor | np.ndarray) else np.asarray(value, dtype=np.float64)


def lifted(operator: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """An operator of ONNX as a function that also takes arrays alone, which it hands to ``function``."""

    def apply(*arguments: Operand) -> Any:
        if any(isinstance(argument, Tensor) for argument in arguments):
            return node(operator, *arguments)
        return function(*arguments)

    return apply


def _sliced(tensor: Tensor, part: slice, axis: int) -> Tensor:
    assert part.step is None
    start = 0 if part.start is None else part.start
    stop = np.iinfo(np.int64).max if part.stop is None else part.stop
    return node("Slice", tensor, _integers(start), _integers(stop), _integers(axis))


def _integers(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)
