"""Numbers, lists of numbers and matrices in the laws of exogenous variables, as undated expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from solver.language.constant import constant_value
from solver.language.tree import Expression, symbols_in
from solver.model.calibration_section import read_undated
from solver.model.exogenous import Matrix, Vector
from solver.model.node import FaultList, Node, Scalar, Table, fault_at

PROBABILITY_TOLERANCE = 1e-8


class ArrayReader:
    """Reads arrays; a method gives None, and adds a fault, where it cannot read its node."""

    def __init__(self, known: Mapping[str, object], following: Mapping[str, str], faults: FaultList) -> None:
        """Prepare to read; the arguments are those of ``LawReader``."""
        self._known = known
        self._following = following
        self._faults = faults

    def check_probabilities(self, node: Node, what: str, row: Sequence[Expression]) -> None:
        """A fault of probabilities that are numbers and not at least 0 with sum 1."""
        numbers = [constant_value(expression) for expression in row]
        total = sum(number for number in numbers if number is not None)
        is_sum = abs(total - 1) <= PROBABILITY_TOLERANCE or None in numbers
        if not is_sum or any(number is not None and not number >= 0 for number in numbers):
            shown = ", ".join("…" if number is None else f"{number:g}" for number in numbers[:10])
            self._refuse(node, f"{what} ({shown}) must be at least 0 and sum to 1, and sum to {total:.10g}")

    def vector(self, node: Node, hint: str = "") -> Vector | None:
        """One expression or a list of them; ``hint`` ends the fault of any other array."""
        array = self.array(node)
        if array is None or not isinstance(array, tuple):
            return None if array is None else (array,)
        if is_vector(array):
            return array
        self._refuse(node, f"one number, or a list of them, is expected here{hint}")
        return None

    def array(self, node: Node) -> Expression | Vector | Matrix | None:
        """An expression, a list of expressions, or a list of rows of them."""
        if node.tag is not None or isinstance(node, Table):
            self._refuse(node, "a number, or a list of numbers, is expected here")
            return None
        if isinstance(node, Scalar):
            return self._expression(node)
        parts = [self.array(item) for item in node.items]
        if None in parts:
            return None
        numbers = tuple(part for part in parts if part is not None and not isinstance(part, tuple))
        rows = tuple(part for part in parts if isinstance(part, tuple) and is_vector(part))
        if parts and len(numbers) == len(parts):
            return numbers
        if parts and len(rows) == len(parts) and len({len(row) for row in rows}) == 1:
            return rows
        self._refuse(node, "a list of numbers, or of rows of one length, is expected here")
        return None

    def _expression(self, node: Scalar) -> Expression | None:
        expression = read_undated(node, self._known, self._faults)
        for symbol in dict.fromkeys(symbols_in(expression)) if expression is not None else ():
            if symbol.name in self._following:
                message = (
                    f"a law is of parameters, and {symbol.name} depends on the exogenous variable "
                    f"{self._following[symbol.name]}"
                )
                self._faults.append(fault_at(node, message, symbol.name, symbol.column))
        return expression

    def _refuse(self, node: Node, message: str, symbol: str | None = None) -> None:
        self._faults.append(fault_at(node, message, symbol))


def is_vector(array: Vector | Matrix) -> TypeGuard[Vector]:
    """Whether the elements are expressions."""
    return not isinstance(array[0], tuple)


def is_matrix(array: Vector | Matrix) -> TypeGuard[Matrix]:
    """Whether the elements are rows."""
    return isinstance(array[0], tuple)


def shape_of(matrix: Matrix) -> tuple[int, int]:
    """Numbers of rows and of columns."""
    return len(matrix), len(matrix[0])
