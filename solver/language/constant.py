"""The value of an expression without symbols."""

from __future__ import annotations

from solver.language.compiler import compile_program
from solver.language.numpy_backend import NUMPY
from solver.language.tree import Expression, symbols_in


def constant_value(expression: Expression | None) -> float | None:
    """The value of an expression without symbols, which may be nan or infinite; None for any other."""
    if expression is None or any(symbols_in(expression)):
        return None
    return float(compile_program([expression], frozenset(), {}, NUMPY)([])[0])
