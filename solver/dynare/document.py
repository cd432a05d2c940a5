"""The model file that a ``.mod`` file becomes.

Dynare dates a stock by when it is decided, so ``k(-1)`` is what the decision finds: the state ``k_lag``, with the
transition ``k_lag[t] = k[t-1]``. A lag of two is a state, too: ``k_lag2[t] = k_lag[t-1]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from solver.dynare.dates import replaced
from solver.dynare.dynamics import DatedEquation, Dynamics
from solver.dynare.file import ModFile
from solver.dynare.names import Names
from solver.dynare.roles import Roles
from solver.dynare.statements import Statement
from solver.dynare.values import Values
from solver.language.printer import equation_to_text
from solver.language.tree import (
    Condition,
    Equation,
    Expression,
    Number,
    Operation,
    Symbol,
    symbols_in,
    undated,
)
from solver.model.canonical import canonical_expression
from solver.model.node import Pointer

_SOURCE = "Converted from a file of Dynare's."
_ZERO = Number(0.0)


@dataclass(frozen=True)
class Written:
    """A model file, and the statements behind its parts.

    Attributes:
        document: as a YAML file would be read.
        places: by pointer.
    """

    document: dict[str, Any]
    places: dict[Pointer, Statement]


class LagStates:
    """The states that hold lags, found while equations are written.

    Attributes:
        transitions: by state, what it was a period before.
        of: by state, the variable that it is the lag of, and by how many periods.
    """

    def __init__(self, fresh: Callable[[str], str]) -> None:
        self.transitions: dict[str, Symbol] = {}
        self.of: dict[str, tuple[str, int]] = {}
        self._names: dict[tuple[str, int], str] = {}
        self._fresh = fresh

    def state(self, name: str, periods: int) -> str:
        """The state that is ``name`` some periods before, at least one."""
        for lag in range(1, periods + 1):
            if (name, lag) not in self._names:
                state = self._fresh(f"{name}_lag{lag if lag > 1 else ''}")
                before = name if lag == 1 else self._names[name, lag - 1]
                self._names[name, lag] = state
                self.transitions[state], self.of[state] = Symbol(before, -1), (name, lag)
        return self._names[name, periods]

    def found_today(self, expression: Expression) -> Expression:
        """An expression of date t with the lags as states."""

        def replace(symbol: Symbol) -> Symbol:
            if symbol.shift is None or symbol.shift >= 0:
                return symbol
            return Symbol(self.state(symbol.name, -symbol.shift), 0)

        return replaced(expression, replace)

    def found_before(self, expression: Expression) -> Expression:
        """The right side of a transition, which may hold date t - 1, with the lags before that as states."""

        def replace(symbol: Symbol) -> Symbol:
            if symbol.shift is None or symbol.shift >= -1:
                return symbol
            return Symbol(self.state(symbol.name, -symbol.shift - 1), -1)

        return replaced(expression, replace)


def write_document(
    file: ModFile,
    names: Names,
    dynamics: Dynamics,
    roles: Roles,
    values: Values,
    laws: Mapping[str, Any],
) -> Written:
    """The model file."""
    lags = LagStates(names.fresh)
    transitions = {name: lags.found_before(value) for name, value in roles.states.items()}
    definitions = {name: lags.found_today(value) for name, value in roles.definitions.items()}
    arbitrage = [_arbitrage(equation, lags) for equation in roles.arbitrage]
    transitions |= lags.transitions
    tags = {name: equation.name for name, equation in roles.origins.items()}
    calibration = _calibration(names, dynamics, roles, values, lags)
    parameters = [*_parameters(file, names), *dynamics.parametric, *names.steady.values()]
    document: dict[str, Any] = {
        "source": _SOURCE,
        "symbols": {
            "states": list(transitions),
            "controls": list(roles.controls),
            "exogenous": list(dynamics.exogenous),
            "parameters": parameters,
        },
        "definitions": [_assignment(name, value, tags) for name, value in definitions.items()],
        "equations": {
            "transition": [_assignment(name, value, tags) for name, value in transitions.items()],
            "arbitrage": [
                _remarked(equation_to_text(written), equation.name)
                for written, equation in zip(arbitrage, roles.arbitrage, strict=True)
            ],
        },
        "calibration": {name: canonical_expression(value) for name, value in calibration.items()},
    }
    if laws:
        document["exogenous"] = dict(laws)
    variables = _descriptions(file, names, ("var", "varexo"))
    for state, (name, lag) in lags.of.items():
        what = variables[name]["description"] if name in variables else name
        before = "a period before" if lag == 1 else f"{lag} periods before"
        variables[state] = {"description": f"{what}, {before}"}
    described = {"parameters": _descriptions(file, names, ("parameters",)), "variables": variables}
    document |= {section: entries for section, entries in described.items() if entries}
    return Written(document, _places(file, dynamics, roles, values, (definitions, transitions)))


def _places(
    file: ModFile,
    dynamics: Dynamics,
    roles: Roles,
    values: Values,
    blocks: tuple[Mapping[str, Expression], Mapping[str, Expression]],
) -> dict[Pointer, Statement]:
    """The statements behind the parts of the document; ``blocks`` are its definitions and transitions."""
    places: dict[Pointer, Statement] = {} if file.model is None else {(): file.model}
    origins = {name: equation.statement for name, equation in roles.origins.items()} | dict(dynamics.places)
    sections: tuple[Pointer, Pointer] = ("definitions",), ("equations", "transition")
    for section, block in zip(sections, blocks, strict=True):
        places |= {(*section, place): origins[name] for place, name in enumerate(block) if name in origins}
    for place, equation in enumerate(roles.arbitrage):
        places["equations", "arbitrage", place] = equation.statement
    return places | {("calibration", name): statement for name, statement in values.places.items()}


def _arbitrage(equation: DatedEquation, lags: LagStates) -> Equation:
    left = lags.found_today(equation.left)
    right = None if equation.right is None else lags.found_today(equation.right)
    if not equation.limits:
        return Equation(left, right)
    lower = next((limit.value for limit in equation.limits if limit.is_lower), None)
    upper = next((limit.value for limit in equation.limits if not limit.is_lower), None)
    residual = left if right is None else Operation("-", (left, right))
    return Equation(residual, None, Condition(lower, Symbol(equation.limits[0].name, 0), upper))


def _assignment(name: str, value: Expression, tags: Mapping[str, str]) -> str:
    return _remarked(equation_to_text(Equation(Symbol(name, 0), value)), tags.get(name, ""))


def _remarked(text: str, name: str) -> str:
    """The equation with its name behind it, as a comment."""
    return f"{text}  # {name}" if name else text


def _calibration(
    names: Names, dynamics: Dynamics, roles: Roles, values: Values, lags: LagStates
) -> dict[str, Expression]:
    """The file's values, zero where a variable that needs one has none, and those of what was added."""
    found = dict(values.calibration)
    for name, parameter in names.steady.items():
        written = names.written.get(name, name)
        found[parameter] = Symbol(written, None) if written in found else _ZERO
    for name in dynamics.endogenous:
        if name not in dynamics.auxiliary and name not in roles.definitions:
            found.setdefault(name, _ZERO)
    known = {*found, *dynamics.exogenous}
    added = {symbol.name for one in dynamics.auxiliary.values() for symbol in symbols_in(one)}
    added |= {name for name, _ in lags.of.values()}
    local = {} if added.isdisjoint(dynamics.local) else dynamics.local
    for name, expected in (*local.items(), *dynamics.auxiliary.items()):
        value = undated(expected)
        is_known = all(symbol.name in known for symbol in symbols_in(value))
        found[name] = value if is_known else _ZERO
        known.add(name)
    for state, (name, _) in lags.of.items():
        found[state] = Symbol(name, None) if name in known else _ZERO
    return found


def _parameters(file: ModFile, names: Names) -> Iterator[str]:
    return (names.written.get(one.name, one.name) for _, one in file.declared["parameters"])


def _descriptions(file: ModFile, names: Names, words: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The long names of what some words declare."""
    return {
        names.written.get(one.name, one.name): {"description": one.long_name}
        for word in words
        for _, one in file.declared[word]
        if one.long_name
    }
