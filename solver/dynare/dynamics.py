"""The equations of a ``.mod`` file in its own dates.

Leads are at most one, and ``#`` definitions that look ahead are written out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from solver.dynare.dates import Leads, latest, replaced
from solver.dynare.file import ModFile
from solver.dynare.names import ENDOGENOUS, EXOGENOUS, LOCAL, PARAMETER, Names
from solver.dynare.statements import Statement
from solver.language.parser import MAX_DEPTH, MAX_LENGTH
from solver.language.tree import Expression, Operation, Symbol, depth_of, symbols_in
from solver.model.node import FaultList
from solver.model.sections import MAX_MEMBERS


@dataclass(frozen=True)
class Limit:
    """A bound of a tag ``mcp``."""

    name: str
    is_lower: bool
    value: Expression


@dataclass(frozen=True)
class DatedEquation:
    """``left = right``, or zero, with its limits, its name, and where it stands."""

    statement: Statement
    left: Expression
    right: Expression | None
    limits: tuple[Limit, ...] = ()
    name: str = ""

    @property
    def sides(self) -> tuple[Expression, ...]:
        """The sides that are written."""
        return (self.left,) if self.right is None else (self.left, self.right)

    @property
    def dates(self) -> list[int]:
        """The shift of every dated symbol."""
        return [
            symbol.shift for side in self.sides for symbol in symbols_in(side) if symbol.shift is not None
        ]


@dataclass(frozen=True)
class Dynamics:
    """The equations of a file.

    Attributes:
        endogenous: the variables that they determine, auxiliary ones last.
        exogenous: the shocks.
        equations: as many as endogenous variables.
        local: the ``#`` definitions that hold variables, none later than today.
        parametric: those that hold parameters alone.
        auxiliary: what each auxiliary variable expects.
        places: the statement behind each name.
    """

    endogenous: tuple[str, ...]
    exogenous: tuple[str, ...]
    equations: tuple[DatedEquation, ...]
    local: Mapping[str, Expression]
    parametric: Mapping[str, Expression]
    auxiliary: Mapping[str, Expression]
    places: Mapping[str, Statement]


def read_dynamics(file: ModFile, names: Names, faults: FaultList) -> Dynamics:
    """The equations of a file, each symbol looked up.

    Args:
        file: its statements.
        names: its names.
        faults: to which every fault is added.
    """
    local = _Local(file, names, faults)
    equations = [
        dataclasses.replace(one, left=local.inline(one.left), right=one.right and local.inline(one.right))
        for one in _equations(file, names, faults)
    ]
    endogenous = [names.written.get(name, name) for name in names.of_kind(ENDOGENOUS)]
    if file.model is not None and len(equations) != len(endogenous) and not faults:
        message = f"{len(equations)} equations for {len(endogenous)} endogenous variables: give one for each variable"
        faults.append(file.model.fault(message))
    for one in equations:
        _check_size(one, faults)
    leads = Leads(names.fresh, MAX_MEMBERS["controls"])
    places = dict(local.places)
    if not faults:  # what is too large has been refused before it is worked on
        equations = [_reduced(one, leads, places) for one in equations]
    if leads.is_full:
        message = f"leads beyond one need more than {MAX_MEMBERS['controls']} auxiliary variables: take fewer"
        faults.append(equations[-1].statement.fault(message))
    for name, expected in leads.found.items():
        equations.append(DatedEquation(places[name], Symbol(name, 0), expected))
    return Dynamics(
        endogenous=(*endogenous, *leads.found),
        exogenous=tuple(names.written.get(name, name) for name in names.of_kind(EXOGENOUS)),
        equations=tuple(equations),
        local=local.defined,
        parametric=local.parametric,
        auxiliary=leads.found,
        places=places,
    )


def _equations(file: ModFile, names: Names, faults: FaultList) -> list[DatedEquation]:
    found = []
    for one in file.equations:
        left, right = one.equation.left, one.equation.right
        limits = []
        for bound in one.bounds:
            if names.kinds.get(bound.name) != ENDOGENOUS:
                message = f"the tag mcp bounds {bound.name}, which is not declared in var: name a variable"
                faults.append(one.statement.fault(message, bound.name))
            value = names.to_value(bound.value, one.statement, faults)
            for symbol in symbols_in(bound.value):
                if names.kinds.get(symbol.name) != PARAMETER:
                    message = f"the bound of {bound.name} holds {symbol.name}: give a number or parameters"
                    faults.append(one.statement.fault(message, symbol.name))
            limits.append(Limit(names.written.get(bound.name, bound.name), bound.is_lower, value))
        found.append(
            DatedEquation(
                one.statement,
                names.to_model(left, one.statement, faults),
                None if right is None else names.to_model(right, one.statement, faults),
                tuple(limits),
                one.name,
            )
        )
    return found


def _reduced(equation: DatedEquation, leads: Leads, places: dict[str, Statement]) -> DatedEquation:
    left = leads.reduced(equation.left)
    right = None if equation.right is None else leads.reduced(equation.right)
    for name in leads.found:
        places.setdefault(name, equation.statement)
    return dataclasses.replace(equation, left=left, right=right)


def _check_size(equation: DatedEquation, faults: FaultList) -> None:
    if max(map(depth_of, equation.sides)) > MAX_DEPTH:
        message = f"with its # definitions the equation is more than {MAX_DEPTH} operations deep: make one a variable"
        faults.append(equation.statement.fault(message))


class _Local:
    """The ``#`` definitions.

    Those that look ahead are written out where they are used, for the expectation is of the whole equation; those of
    parameters alone, and those of today, stay.
    """

    def __init__(self, file: ModFile, names: Names, faults: FaultList) -> None:
        self.defined: dict[str, Expression] = {}
        self.parametric: dict[str, Expression] = {}
        self.places: dict[str, Statement] = {}
        self._written_out: dict[str, Expression] = {}
        known: set[str] = set()
        for one in file.local:
            name = one.assignment.name.name
            value = self.inline(names.to_model(one.assignment.value, one.statement, faults))
            for symbol in symbols_in(value):
                if names.kinds.get(symbol.name) == LOCAL and symbol.name not in known:
                    message = f"{symbol.name} is not defined yet: move its # definition before this one"
                    faults.append(one.statement.fault(message, symbol.name))
            known.add(name)
            self._add(names.written.get(name, name), value, one.statement, faults)

    def inline(self, expression: Expression) -> Expression:
        """The expression with the definitions that look ahead written out, and the others of today dated."""

        def replace(symbol: Symbol) -> Expression:
            if symbol.name in self.defined:
                return Symbol(symbol.name, 0, symbol.column)
            return self._written_out.get(symbol.name, symbol)

        return replaced(expression, replace)

    def _add(self, name: str, value: Expression, statement: Statement, faults: FaultList) -> None:
        self.places[name] = statement
        if latest(value) > 0:
            if _nodes(value) > MAX_LENGTH or depth_of(value) > MAX_DEPTH:
                message = f"with what it uses, {name} is too long to be written out: make one part a variable"
                faults.append(statement.fault(message, name))
            else:
                self._written_out[name] = value
        elif any(symbol.shift is not None for symbol in symbols_in(value)):
            self.defined[name] = value
        else:
            self.parametric[name] = value


def _nodes(expression: Expression) -> int:
    """The number of nodes, up to one more than an equation may have characters."""
    count, pending = 0, [expression]
    while pending and count <= MAX_LENGTH:
        node = pending.pop()
        count += 1
        if isinstance(node, Operation):
            pending.extend(node.arguments)
    return count
