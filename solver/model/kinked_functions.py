"""Where the functions of a model have their kinks: at the zeros of differences that its own equations write down.

``max(a, b)`` has its kink where a - b is zero, and ``abs(a)`` where a is. Those of today's variables leave kinks in the
policy of today; those of tomorrow's are smoothed by the expectation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from solver.language.tree import Expression, Operation, Symbol, operators_in, symbols_in
from solver.model.spec import Model

KINKED = frozenset({"min", "max", "abs"})


@lru_cache(maxsize=256)
def kinks_of(model: Model) -> tuple[Expression, ...]:
    """The differences whose zeros are the kinks of a model's functions of today, each once, in its order."""
    trees = model.trees
    today = (*trees.definitions.values(), *trees.arbitrage, *(_later(one) for one in trees.transition))
    found = {difference: None for expression in today for difference in _differences(expression)}
    return tuple(difference for difference in found if _is_of_today(difference))


def has_kinked_functions(model: Model) -> bool:
    """Whether an equation has a minimum, a maximum or an absolute value, of whichever date."""
    trees = model.trees
    expressions = (*trees.arbitrage, *trees.transition, *trees.definitions.values())
    operators = {operator for expression in expressions for operator in operators_in(expression)}
    return not operators.isdisjoint(KINKED)


def _differences(expression: Expression) -> Iterator[Expression]:
    if not isinstance(expression, Operation):
        return
    if expression.operator in KINKED:
        one, *others = expression.arguments
        yield Operation("-", (one, *others)) if others else one
    for argument in expression.arguments:
        yield from _differences(argument)


def _later(expression: Expression) -> Expression:
    """A transition, which is written for arguments at t - 1, a date later."""
    if isinstance(expression, Symbol):
        shift = None if expression.shift is None else expression.shift + 1
        return Symbol(expression.name, shift, expression.column)
    if isinstance(expression, Operation):
        return Operation(expression.operator, tuple(_later(argument) for argument in expression.arguments))
    return expression


def _is_of_today(expression: Expression) -> bool:
    shifts = {symbol.shift for symbol in symbols_in(expression)}
    return 0 in shifts and shifts <= {0, None}
