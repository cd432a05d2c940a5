"""The reward of a lifetime, as a model's section ``value`` gives it: ``V[t] = reward + discount*V[t+1]``.

The equation is taken apart by its form: its right side must be linear in ``V[t+1]``, with a discount factor of parameters
alone, and its other part must be of date t. A name that the section ``felicity`` defines stands for its right side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from solver.language.tree import NEGATION, Expression, Number, Operation, Symbol, symbols_in
from solver.model.conditions import conditions_of
from solver.model.spec import Model

#: A part of an equation that is linear in V[t+1]: what stands beside it, and its factor; None for zero.
_Parts = tuple[Expression | None, Expression | None]


@dataclass(frozen=True)
class Lifetime:
    """``V = E Σ discount^t reward_t``.

    Attributes:
        reward: of date t, without a symbol that felicity defines.
        discount: of parameters.
    """

    reward: Expression
    discount: Expression


@lru_cache(maxsize=256)
def lifetime_of(model: Model) -> Lifetime | None:
    """The lifetime of a model.

    None where no section ``value`` of that form says what is maximised, and where a multiplier is among the controls: it
    maximises nothing.
    """
    trees = model.trees
    values = trees.assignments.get("value", {})
    if len(values) != 1 or any(condition.multiplier is not None for condition in conditions_of(model)):
        return None
    ((name, body),) = values.items()
    meanings = {} if trees.reward is None or trees.felicity is None else {trees.reward: trees.felicity}
    try:
        reward, discount = _parts(_replaced(body, meanings), name)
    except _NotLinearError:
        return None
    if reward is None or discount is None:
        return None
    known = {*model.states, *model.controls, *model.exogenous, *model.definitions}
    is_of_today = all(
        symbol.shift is None or (symbol.shift == 0 and symbol.name in known) for symbol in symbols_in(reward)
    )
    is_of_parameters = all(symbol.shift is None for symbol in symbols_in(discount))
    return Lifetime(reward, discount) if is_of_today and is_of_parameters else None


class _NotLinearError(Exception):
    """The right side is not linear in V[t+1]."""


def _replaced(expression: Expression, meanings: Mapping[str, Expression]) -> Expression:
    if isinstance(expression, Symbol):
        return meanings.get(expression.name, expression)
    if isinstance(expression, Operation):
        arguments = tuple(_replaced(argument, meanings) for argument in expression.arguments)
        return Operation(expression.operator, arguments)
    return expression


def _parts(expression: Expression, name: str) -> _Parts:
    if expression == Symbol(name, 1):
        return None, Number(1.0)
    if isinstance(expression, Operation) and Symbol(name, 1) in symbols_in(expression):
        return _parts_of(expression.operator, [_parts(one, name) for one in expression.arguments])
    return expression, None


def _parts_of(operator: str, arguments: list[_Parts]) -> _Parts:
    """The parts of an operation from those of its arguments."""
    (rest, factor), (other, other_factor) = arguments[0], arguments[-1]
    if operator == NEGATION:
        return _minus(None, rest), _minus(None, factor)
    if operator == "+":
        return _plus(rest, other), _plus(factor, other_factor)
    if operator == "-":
        return _minus(rest, other), _minus(factor, other_factor)
    if operator == "*" and factor is None:
        return _times(other, rest), _times(other_factor, rest)
    if operator in ("*", "/") and other_factor is None:
        return _times(rest, other, operator), _times(factor, other, operator)
    raise _NotLinearError


def _plus(left: Expression | None, right: Expression | None) -> Expression | None:
    if left is None or right is None:
        return left if right is None else right
    return Operation("+", (left, right))


def _minus(left: Expression | None, right: Expression | None) -> Expression | None:
    if right is None:
        return left
    return Operation(NEGATION, (right,)) if left is None else Operation("-", (left, right))


def _times(left: Expression | None, right: Expression | None, operator: str = "*") -> Expression | None:
    return None if left is None or right is None else Operation(operator, (left, right))
