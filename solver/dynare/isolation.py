"""An equation solved for the variables that stand in it once.

Undone are sums, differences, signs, products with numbers, quotients above the line, logarithms and exponentials: what
has one solution whatever the parameters are. No equation is divided by what may be zero, and no root is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from solver.language.tree import NEGATION, Expression, Number, Operation, Symbol, symbols_in

_ZERO = Number(0.0)


def solutions(left: Expression, right: Expression | None) -> Iterator[tuple[str, Expression]]:
    """What each variable of date t is by ``left = right``, where it stands once, in a place that can be undone.

    Those come first that stand alone on a side. The time is linear in the size of the equation.

    Args:
        left: of the equation.
        right: None for zero.
    """
    rest = _ZERO if right is None else right
    counts = Counter(symbol.name for side in (left, rest) for symbol in symbols_in(side) if symbol.shift == 0)
    sides = sorted([(left, rest), (rest, left)], key=lambda pair: not isinstance(pair[0], Symbol))
    pending = sides[::-1]
    while pending:
        side, other = pending.pop()
        if isinstance(side, Symbol) and side.shift == 0 and counts[side.name] == 1:
            yield side.name, other
        elif isinstance(side, Operation):
            found = [(one, _undone(side, place, other)) for place, one in enumerate(side.arguments)]
            pending.extend((one, undone) for one, undone in reversed(found) if undone is not None)


def _undone(operation: Operation, place: int, value: Expression) -> Expression | None:
    """What the argument at ``place`` is where the operation has a value; None where that is not to be had."""
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
