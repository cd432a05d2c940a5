"""Trees to text: parsing what is printed gives the same tree."""

from __future__ import annotations

from solver.language.tree import (
    INFINITY,
    NEGATION,
    Condition,
    Equation,
    Expression,
    Number,
    Operation,
    Symbol,
)

#: How tightly an operator binds, and how tightly its left and right operands must bind to go without parentheses.
_BINDING = {
    "+": (1, 1, 2),
    "-": (1, 1, 2),
    "*": (2, 2, 3),
    "/": (2, 2, 3),
    NEGATION: (3, 3, 3),
    "^": (4, 5, 3),
}
_ATOM = 5


def to_text(expression: Expression) -> str:
    """The expression as a model file would write it, with no more parentheses than needed."""
    return _print(expression)[0]


def equation_to_text(equation: Equation) -> str:
    """The equation, with its condition, as a model file would write it."""
    right = "" if equation.right is None else f" = {to_text(equation.right)}"
    condition = "" if equation.condition is None else f" ⟂ {_condition(equation.condition)}"
    return f"{to_text(equation.left)}{right}{condition}"


def _condition(condition: Condition) -> str:
    lower = f"-{INFINITY}" if condition.lower is None else to_text(condition.lower)
    upper = INFINITY if condition.upper is None else to_text(condition.upper)
    return f"{lower} <= {_symbol(condition.variable)} <= {upper}"


def _print(expression: Expression) -> tuple[str, int]:
    """The text of an expression and how tightly it binds."""
    if isinstance(expression, Number):
        return repr(float(expression.value)).removesuffix(".0"), _ATOM
    if isinstance(expression, Symbol):
        return _symbol(expression), _ATOM
    return _operation(expression)


def _symbol(symbol: Symbol) -> str:
    if symbol.shift is None:
        return symbol.name
    return f"{symbol.name}[t{symbol.shift:+d}]" if symbol.shift else f"{symbol.name}[t]"


def _operation(operation: Operation) -> tuple[str, int]:
    operator = operation.operator
    if operator not in _BINDING:
        return f"{operator}({', '.join(to_text(argument) for argument in operation.arguments)})", _ATOM
    binding, left, right = _BINDING[operator]
    if operator == NEGATION:
        return f"-{_operand(operation.arguments[0], right)}", binding
    first, second = _operand(operation.arguments[0], left), _operand(operation.arguments[1], right)
    space = " " if binding == 1 else ""
    return f"{first}{space}{operator}{space}{second}", binding


def _operand(expression: Expression, needed: int) -> str:
    text, binding = _print(expression)
    return text if binding >= needed else f"({text})"
