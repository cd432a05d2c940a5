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

from collections.abc import Iterator
from dataclasses import dataclass

from solver.dynare.dynamics import DatedEquation, Dynamics
from solver.dynare.isolation import isolated
from solver.language.tree import Expression, Symbol, symbols_in


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
        for name, value in _solutions(equation, free):
            if _is_transition(name, value, shocks):
                states[name], origins[name] = value, left.pop(place)
                free.discard(name)
                break
    follows = _Follows(definitions)
    for place, equation in sorted(left.items(), key=lambda item: (_n_unknown(item[1], free), item[0])):
        for name, value in _solutions(equation, free):
            if follows.add(name, value):
                definitions[name], origins[name] = value, left.pop(place)
                free.discard(name)
                break
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
    """What the equation can be solved for, those first that stand alone on a side; nothing where it looks ahead."""
    symbols = [symbol for side in equation.sides for symbol in symbols_in(side)]
    if any(symbol.shift is not None and symbol.shift > 0 for symbol in symbols):
        return
    alone = [side.name for side in equation.sides if isinstance(side, Symbol) and side.shift == 0]
    today = [symbol.name for symbol in symbols if symbol.shift == 0]
    for name in dict.fromkeys((*alone, *today)):
        if name in free:
            value = isolated(equation.left, equation.right, name)
            if value is not None:
                yield name, value


def _is_transition(name: str, value: Expression, shocks: set[str]) -> bool:
    """Whether a variable follows from lags and shocks of today alone, its own lag or a shock among them."""
    dated = [symbol for symbol in symbols_in(value) if symbol.shift is not None]
    if any(symbol.shift == 0 and symbol.name not in shocks for symbol in dated):
        return False
    return any(symbol.shift == 0 or symbol.name == name for symbol in dated)


def _n_unknown(equation: DatedEquation, free: set[str]) -> int:
    """How many variables of today the equation holds that are not states."""
    symbols = (symbol for side in equation.sides for symbol in symbols_in(side))
    return len({symbol.name for symbol in symbols if symbol.shift == 0 and symbol.name in free})


class _Follows:
    """Which definition uses which variables of today."""

    def __init__(self, definitions: dict[str, Expression]) -> None:
        self._uses = {name: _today(value) for name, value in definitions.items()}

    def add(self, name: str, value: Expression) -> bool:
        """Adds a definition, lest a circle follows; whether it was added."""
        uses = _today(value)
        pending, seen = list(uses), set[str]()
        while pending:
            used = pending.pop()
            if used == name:
                return False
            if used not in seen:
                seen.add(used)
                pending.extend(self._uses.get(used, ()))
        self._uses[name] = uses
        return True


def _today(value: Expression) -> frozenset[str]:
    return frozenset(symbol.name for symbol in symbols_in(value) if symbol.shift == 0)
