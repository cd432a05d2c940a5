"""Expressions as immutable trees.

Three kinds of node are enough: a number, a symbol with its date, and an operation on arguments (arithmetic and
function calls alike). Trees compare by meaning: where a node stood in its equation does not count.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field

NEGATION = "neg"
ARITHMETIC = ("+", "-", "*", "/", "^", NEGATION)

#: Functions that an equation may call, with their number of arguments. ``crra(c, gamma)`` is
#: (c^(1-gamma) - 1)/(1-gamma), and log(c) at gamma = 1, where that formula is 0/0. The parser takes more arguments
#: of the functions in :data:`FOLDED` and makes ``min(a, b, c)`` the tree of ``min(min(a, b), c)``.
FUNCTIONS = {
    "exp": 1,
    "log": 1,
    "log10": 1,
    "sqrt": 1,
    "abs": 1,
    "sin": 1,
    "cos": 1,
    "tan": 1,
    "sinh": 1,
    "cosh": 1,
    "tanh": 1,
    "min": 2,
    "max": 2,
    "crra": 2,
}
FOLDED = ("min", "max")

INFINITY = "inf"


@dataclass(frozen=True)
class Number:
    """A finite literal. The parser gives none that is negative: there a minus sign is an operation."""

    value: float


@dataclass(frozen=True)
class Symbol:
    """A name, dated ``t + shift``, or undated (``shift`` None: parameters, and everything at a steady state)."""

    name: str
    shift: int | None
    column: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Operation:
    """An operator of :data:`ARITHMETIC` or a function of :data:`FUNCTIONS`, applied to its arguments."""

    operator: str
    arguments: tuple[Expression, ...]


Expression = Number | Symbol | Operation


@dataclass(frozen=True)
class Condition:
    """``lower <= variable <= upper``; a bound that is None is infinite."""

    lower: Expression | None
    variable: Symbol
    upper: Expression | None


@dataclass(frozen=True)
class Equation:
    """``left = right``, or, with ``right`` None, an expression that must be zero.

    With a condition, which only a lone expression has, it is zero where the variable lies between its bounds, at least zero
    where it lies at the lower, at most zero where it lies at the upper.
    """

    left: Expression
    right: Expression | None
    condition: Condition | None = None

    @property
    def residual(self) -> Expression:
        """``left - right``: zero where the equation holds."""
        return self.left if self.right is None else Operation("-", (self.left, self.right))


def symbols_in(expression: Expression) -> Iterator[Symbol]:
    """Every occurrence of a symbol, from left to right."""
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Symbol):
            yield node
        elif isinstance(node, Operation):
            pending.extend(reversed(node.arguments))


def operators_in(expression: Expression) -> Iterator[str]:
    """Every operator and function in an expression, in no order."""
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Operation):
            yield node.operator
            pending.extend(node.arguments)


def depth_of(expression: Expression) -> int:
    """Nodes on the longest way from the root to a leaf."""
    deepest, pending = 0, [(expression, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        if isinstance(node, Operation):
            pending.extend((argument, depth + 1) for argument in node.arguments)
    return deepest


def undated(expression: Expression) -> Expression:
    """The same expression at a steady state: every date dropped."""
    if isinstance(expression, Symbol):
        return Symbol(expression.name, None, expression.column)
    if isinstance(expression, Operation):
        return Operation(expression.operator, tuple(undated(argument) for argument in expression.arguments))
    return expression


def dated(expression: Expression, variables: Container[str]) -> Expression:
    """The same expression with those of ``variables`` that have no date at date t, as the older dialect means them."""
    if isinstance(expression, Symbol):
        is_meant = expression.shift is None and expression.name in variables
        return Symbol(expression.name, 0, expression.column) if is_meant else expression
    if isinstance(expression, Operation):
        arguments = tuple(dated(argument, variables) for argument in expression.arguments)
        return Operation(expression.operator, arguments)
    return expression
