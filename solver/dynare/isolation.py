"""An equation solved for a variable that stands in it once."""

from __future__ import annotations

from solver.language.tree import NEGATION, Expression, Number, Operation, Symbol, symbols_in

_ZERO = Number(0.0)


def isolated(left: Expression, right: Expression | None, name: str) -> Expression | None:
    """What the variable ``name`` of date t is by ``left = right``; None where it does not stand alone in a simple place.

    Undone are sums, differences, signs, products with numbers, quotients above the line, logarithms and exponentials:
    what has one solution whatever the parameters are. No equation is divided by what may be zero, and no root is taken.

    Args:
        left: of the equation.
        right: None for zero.
        name: of the variable.
    """
    target, rest = Symbol(name, 0), _ZERO if right is None else right
    counts = [sum(symbol == target for symbol in symbols_in(side)) for side in (left, rest)]
    if sum(counts) != 1:
        return None
    side, other = (left, rest) if counts[0] else (rest, left)
    while side != target:
        assert isinstance(side, Operation)
        place = next(
            place
            for place, one in enumerate(side.arguments)
            if any(found == target for found in symbols_in(one))
        )
        undone = _undone(side, place, other)
        if undone is None:
            return None
        side, other = side.arguments[place], undone
    return other


def _undone(operation: Operation, place: int, value: Expression) -> Expression | None:
    """What the argument at ``place`` is where the operation has a value."""
    operator, arguments = operation.operator, operation.arguments
    if operator == "exp" and isinstance(value, Operation) and value.operator == "exp":
        return value.arguments[0]
    if operator in ("log", "exp"):
        return Operation("exp" if operator == "log" else "log", (value,))
    if operator == NEGATION:
        return _negated(value)
    if len(arguments) != 2:
        return None
    rest = arguments[1 - place]
    if operator == "+":
        return _negated(rest) if value == _ZERO else Operation("-", (value, rest))
    if operator == "-" and place == 1:
        return rest if value == _ZERO else Operation("-", (rest, value))
    if operator == "-":
        return rest if value == _ZERO else Operation("+", (value, rest))
    if operator == "*" and isinstance(rest, Number) and rest.value != 0:
        return Operation("/", (value, rest))
    if operator == "/" and place == 0:
        return _ZERO if value == _ZERO else Operation("*", (value, rest))
    return None


def _negated(value: Expression) -> Expression:
    return value if value == _ZERO else Operation(NEGATION, (value,))
