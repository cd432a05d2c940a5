"""Text to checked trees.

The parser knows one equation, not the file around it: a fault's column counts from 1 within the text, and the
caller, who knows where the text stands, moves it. LALR parsing does not recurse, and the depth of a tree is
limited, so that whatever walks it may recurse.
"""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Iterable, Sequence
from typing import NoReturn, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from solver.errors import Fault, ModelError
from solver.language.tree import (
    FOLDED,
    FUNCTIONS,
    INFINITY,
    NEGATION,
    Condition,
    Equation,
    Expression,
    Number,
    Operation,
    Symbol,
    depth_of,
)

MAX_LENGTH = 4_000
MAX_DEPTH = 100
MAX_NAME_LENGTH = 64
MAX_LAG = 999


def parse_equation(text: str) -> Equation:
    """Read ``left = right``, a lone expression, or one with ``⟂ lower <= variable <= upper``.

    Raises:
        ModelError: one fault with the column, from 1, within ``text``.
    """
    equation = cast(Equation, _parse(text, "equation"))
    bounds = (equation.condition.lower, equation.condition.upper) if equation.condition else ()
    for part in (equation.left, equation.right, *bounds):
        _check_depth(part, text)
    return equation


def parse_expression(text: str) -> Expression:
    """Read one expression.

    Raises:
        ModelError: one fault with the column, from 1, within ``text``.
    """
    expression = cast(Expression, _parse(text, "sum"))
    _check_depth(expression, text)
    return expression


def suggest(name: str, known: Iterable[str]) -> str:
    """A clause that offers the names nearest to a misspelt one; empty when none is near."""
    near = difflib.get_close_matches(name, list(known), n=2)
    return f"; did you mean {' or '.join(near)}?" if near else ""


@functools.cache
def _lark() -> Lark:
    return Lark.open(
        "grammar.lark", rel_to=__file__, parser="lalr", start=["equation", "sum"], transformer=TreeBuilder()
    )


def _parse(text: str, start: str) -> object:
    if len(text) > MAX_LENGTH:
        refuse(
            f"the equation has {len(text)} characters, above {MAX_LENGTH}: split it with definitions", text, 1
        )
    try:
        return _lark().parse(text, start=start)
    except UnexpectedInput as error:
        refuse(*explain(error, text))
    except ModelError as error:
        fault = error.faults[0]
        refuse(fault.message, text, fault.column, fault.symbol)


def explain(error: UnexpectedInput, text: str) -> tuple[str, str, int]:
    """What a text that cannot be parsed is told: the message, the text, and the column, from 1."""
    end = len(text) + 1
    if isinstance(error, UnexpectedCharacters):
        return f"{text[error.column - 1]!r} is not part of the language", text, error.column
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return f"{str(error.token)!r} is not expected here", text, error.column
    return ("the equation is empty" if not text.strip() else "the equation ends too early"), text, end


def _check_depth(expression: Expression | None, text: str) -> None:
    if expression is not None and (depth := depth_of(expression)) > MAX_DEPTH:
        refuse(
            f"the equation is {depth} operations deep, above {MAX_DEPTH}: split it with definitions", text, 1
        )


def refuse(message: str, text: str | None, column: int | None, symbol: str | None = None) -> NoReturn:
    """End the reading of a text.

    Raises:
        ModelError: one fault with the column, from 1, within ``text``.
    """
    raise ModelError([Fault((), message, equation=text and text[:200], symbol=symbol, column=column)])


def _infinity(bound: Expression) -> int:
    """1 for inf, -1 for -inf, 0 for a bound that is an expression."""
    sign = 1
    if isinstance(bound, Operation) and bound.operator == NEGATION:
        bound, sign = bound.arguments[0], -1
    return sign if bound == Symbol(INFINITY, None) else 0


def lag_of(arguments: Sequence[Expression]) -> int | None:
    """The date of ``c(1)`` or ``c(-1)``, as the older dialect writes them; None for a call of a function."""
    argument, sign = arguments[0] if len(arguments) == 1 else None, 1
    if isinstance(argument, Operation) and argument.operator == NEGATION:
        argument, sign = argument.arguments[0], -1
    if isinstance(argument, Number) and argument.value in range(MAX_LAG + 1):
        return sign * int(argument.value)
    return None


def _operation(operator: str) -> staticmethod[..., Operation]:
    return staticmethod(lambda *arguments: Operation(operator, arguments))


@v_args(inline=True)
class TreeBuilder(Transformer[Token, Expression]):
    """Builds the tree while the text is parsed; the methods are the rules and aliases of a grammar."""

    add = _operation("+")
    subtract = _operation("-")
    multiply = _operation("*")
    divide = _operation("/")
    raise_to = _operation("^")
    negate = _operation(NEGATION)

    def equation(
        self, left: Expression, right: Expression | None, condition: tuple[Token, Condition] | None
    ) -> Equation:
        """``left = right``, or one side, with what stands after ``⟂``."""
        if condition is None:
            return Equation(left, right)
        sign, bounds = condition
        if right is not None:
            refuse(
                f"with {sign} write one expression instead of two sides: it is zero between the bounds, at least zero "
                "at the lower bound, at most zero at the upper",
                None,
                sign.column,
            )
        return Equation(left, None, bounds)

    def complementarity(self, sign: Token, *parts: Expression) -> tuple[Token, Condition]:
        """``⟂ lower <= variable <= upper``."""
        if len(parts) != 3 or not isinstance(parts[1], Symbol):
            refuse(f"what follows {sign} is written lower <= control <= upper", None, sign.column)
        lower, variable, upper = parts[0], parts[1], parts[2]
        infinities = _infinity(lower), _infinity(upper)
        if infinities[0] > 0 or infinities[1] < 0:
            message = (
                f"no {variable.name} lies between these bounds: -inf is for the lower one, inf for the upper"
            )
            refuse(message, None, sign.column, variable.name)
        return sign, Condition(None if infinities[0] else lower, variable, None if infinities[1] else upper)

    def signed(self, operand: Expression) -> Expression:
        """``+operand``."""
        return operand

    def number(self, token: Token) -> Number:
        """A literal, which must be finite."""
        value = float(token)
        if not math.isfinite(value):
            refuse(f"{token[:40]} is too large for a floating-point number", None, token.column)
        return Number(value)

    def undated(self, name: Token) -> Symbol:
        """``c``."""
        return self._symbol(name, None)

    def dated(self, name: Token, date: Token) -> Symbol:
        """``c[t+1]``."""
        shift = "".join(date.strip("[]").split())[1:]
        return self._symbol(name, int(shift or 0))

    def call(self, name: Token, *arguments: Expression | None) -> Expression:
        """A function's value, or ``c(1)``, as the older dialect dates."""
        given = tuple(argument for argument in arguments if argument is not None)
        if name not in FUNCTIONS:
            if (shift := lag_of(given)) is not None:
                return self._symbol(name, shift)
            hint = (
                suggest(name, FUNCTIONS) or f"; dates are written {name}[t+1] or {name}(1), products with *"
            )
            refuse(f"{name[:40]} is not a function{hint}", None, name.column, str(name))
        arity = FUNCTIONS[name]
        if len(given) != arity and not (name in FOLDED and len(given) > arity):
            least = "at least " if name in FOLDED else ""
            message = f"{name} takes {least}{arity} argument(s), and {len(given)} are given"
            refuse(message, None, name.column, str(name))
        if name in FOLDED:
            return functools.reduce(lambda *pair: Operation(str(name), pair), given)
        return Operation(str(name), given)

    def _symbol(self, name: Token, shift: int | None) -> Symbol:
        if len(name) > MAX_NAME_LENGTH:
            message = f"the name {name[:20]}… has {len(name)} characters, above {MAX_NAME_LENGTH}"
            refuse(message, None, name.column)
        return Symbol(str(name), shift, name.column or 0)
