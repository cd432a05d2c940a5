"""Which variables of a ``.mod`` file are states, definitions and controls.

Dynare determines all variables of a date at once; a model file says what follows from what. The rule, equation by equation:

1. A variable is a **state** if one equation gives it by lags and shocks of today alone, its own lag or a shock among them:
   ``z = rho*z(-1) + e``. That equation is its transition.
2. A variable is a **definition** if an equation without leads can be solved for it, and no circle of definitions follows.
   Equations of few variables come first, and in each the variable that stands alone on one side.
3. The others are **controls**, and the equations that are left are the arbitrage equations. So are a variable with a tag
   ``mcp`` and its equation.

What is lagged elsewhere becomes a state of its own (``k_lag``) when the file is written.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from solver.dynare.dates import latest
from solver.dynare.dynamics import DatedEquation, Dynamics
from solver.dynare.isolation import solutions
from solver.language.tree import Expression, symbols_in


@dataclass(frozen=True)
class Roles:
    """The roles of the variables, in Dynare's dates.

    Attributes:
        states: right sides of the transitions, by variable.
        definitions: right sides, by variable or ``#`` definition.
        controls: the other variables.
        arbitrage: the other equations, as many as controls.
        origins: the equations behind states and definitions, by variable.
    """

    states: dict[str, Expression]
    definitions: dict[str, Expression]
    controls: tuple[str, ...]
    arbitrage: tuple[DatedEquation, ...]
    origins: dict[str, DatedEquation]


def assign_roles(dynamics: Dynamics) -> Roles:
    """The roles of the variables of a file, by the rule of this module."""
    bounded = {limit.name for equation in dynamics.equations for limit in equation.limits}
    left = {place: one for place, one in enumerate(dynamics.equations) if not one.limits}
    shocks, free = set(dynamics.exogenous), set(dynamics.endogenous) - bounded
    states, definitions = dict[str, Expression](), dict(dynamics.local)
    origins: dict[str, DatedEquation] = {}
    for place, equation in list(left.items()):
        laws = _solutions(equation, free) if _is_law(equation, shocks) else iter(())
        for name, value in itertools.islice(laws, 1):
            states[name], origins[name] = value, left.pop(place)
            free.discard(name)
    uses = {name: _today([value]) for name, value in definitions.items()}
    for place in sorted(left, key=lambda place: (len(_today(left[place].sides) & free), place)):
        today = _today(left[place].sides)
        circular = _used_by(today, uses)
        for name, value in itertools.islice(_solutions(left[place], free - circular), 1):
            definitions[name], origins[name], uses[name] = value, left.pop(place), today - {name}
            free.discard(name)
    arbitrage = {place: one for place, one in enumerate(dynamics.equations) if one.limits} | left
    controls = [name for name in dynamics.endogenous if name in free | bounded]
    solved = [name for name in definitions if name in origins]
    if not controls and solved:  # a model file has a decision, be it one that follows
        controls.append(solved[-1])
        arbitrage[len(dynamics.equations)] = origins.pop(solved[-1])
        del definitions[solved[-1]]
    ordered = tuple(arbitrage[place] for place in sorted(arbitrage))
    return Roles(states, definitions, tuple(controls), ordered, origins)


def _solutions(equation: DatedEquation, free: set[str]) -> Iterator[tuple[str, Expression]]:
    """What the equation can be solved for of the variables that are free; nothing where it looks ahead."""
    if all(latest(side) <= 0 for side in equation.sides):
        yield from (pair for pair in solutions(equation.left, equation.right) if pair[0] in free)


def _is_law(equation: DatedEquation, shocks: set[str]) -> bool:
    """Whether an equation holds one variable of today beside shocks, and a shock of today or a lag of that variable."""
    dated = {
        (symbol.name, symbol.shift)
        for side in equation.sides
        for symbol in symbols_in(side)
        if symbol.shift is not None
    }
    today = {name for name, shift in dated if shift == 0}
    variables = today - shocks
    return len(variables) == 1 and (
        len(today) > 1 or any(name in variables and shift < 0 for name, shift in dated)
    )


def _today(expressions: Iterable[Expression]) -> frozenset[str]:
    """The names of date t."""
    return frozenset(symbol.name for one in expressions for symbol in symbols_in(one) if symbol.shift == 0)


def _used_by(names: Iterable[str], uses: Mapping[str, frozenset[str]]) -> set[str]:
    """What the definitions among ``names`` use, directly or not: none of it may be defined by these in turn."""
    pending, found = list(names), set[str]()
    while pending:
        new = uses.get(pending.pop(), frozenset()) - found
        found |= new
        pending.extend(new)
    return found
