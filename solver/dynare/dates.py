"""Dates of expressions: shifted, and brought to at most one lead by auxiliary variables.

A term with a lead of two or more is replaced as Dynare replaces it: E_t f(x_{t+1}, v_{t+2}) is E_t w_{t+1} with
w_t = E_t f(x_t, v_{t+1}), which is exact whatever f is. Sums are replaced term by term, and factors that are known today
stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable

from solver.language.tree import NEGATION, Expression, Operation, Symbol, symbols_in

_ADDITIVE = ("+", "-", NEGATION)


def latest(expression: Expression) -> int:
    """The largest shift of a symbol; 0 where none is dated."""
    return max((symbol.shift for symbol in symbols_in(expression) if symbol.shift is not None), default=0)


def replaced(expression: Expression, replace: Callable[[Symbol], Expression]) -> Expression:
    """The expression with every symbol replaced."""
    if isinstance(expression, Symbol):
        return replace(expression)
    if isinstance(expression, Operation):
        return Operation(
            expression.operator, tuple(replaced(argument, replace) for argument in expression.arguments)
        )
    return expression


def shifted(expression: Expression, periods: int) -> Expression:
    """The expression with every dated symbol moved by some periods."""

    def shift(symbol: Symbol) -> Symbol:
        if symbol.shift is None:
            return symbol
        return Symbol(symbol.name, symbol.shift + periods, symbol.column)

    return replaced(expression, shift)


class Leads:
    """Auxiliary variables for leads beyond one.

    Attributes:
        found: by the names of the auxiliary variables, what each expects, which has a lead of one.
    """

    def __init__(self, fresh: Callable[[str], str], most: int) -> None:
        self.found: dict[str, Expression] = {}
        self._names: dict[Expression, str] = {}
        self._fresh = fresh
        self._most = most

    @property
    def is_full(self) -> bool:
        """Whether there are more of them than a model may have controls; then the reduction stops."""
        return len(self.found) > self._most

    def reduced(self, expression: Expression) -> Expression:
        """The expression with leads of at most one."""
        lead = latest(expression)
        if lead <= 1 or self.is_full:
            return expression
        if isinstance(expression, Operation):
            arguments = expression.arguments
            if expression.operator in _ADDITIVE or (
                expression.operator in ("*", "/") and any(latest(one) <= 0 for one in arguments[-1:])
            ):
                return Operation(expression.operator, tuple(map(self.reduced, arguments)))
            if expression.operator == "*" and latest(arguments[0]) <= 0:
                return Operation("*", (arguments[0], self.reduced(arguments[1])))
        name = self._auxiliary(shifted(expression, 1 - lead))
        return self.reduced(Symbol(name, lead - 1))

    def _auxiliary(self, expected: Expression) -> str:
        if expected not in self._names:
            base = expected.name if isinstance(expected, Symbol) else "term"
            name = self._fresh(f"{base}_ahead")
            self._names[expected], self.found[name] = name, expected
        return self._names[expected]
