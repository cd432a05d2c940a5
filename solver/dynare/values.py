"""Parameter values, ``initval`` and ``steady_state_model`` as the section ``calibration`` of a model file.

``steady_state_model`` goes before the other two where they give the same name. A variable that nothing gives begins at
zero, as in Dynare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.dynare.file import ModFile
from solver.dynare.names import ENDOGENOUS, EXOGENOUS, LOCAL, NATIVE, PARAMETER, Names
from solver.dynare.statements import Statement
from solver.language.tree import Expression, Number, symbols_in
from solver.model.node import FaultList


@dataclass(frozen=True)
class Values:
    """What a file gives values to.

    Attributes:
        calibration: by name, parameters first.
        means: of the shocks that do not have zero.
        places: the statement behind each name.
    """

    calibration: dict[str, Expression]
    means: dict[str, Expression]
    places: dict[str, Statement]


def read_values(
    file: ModFile, names: Names, parametric: Mapping[str, Expression], faults: FaultList
) -> Values:
    """The values of a file.

    Args:
        file: its statements.
        names: its names.
        parametric: the ``#`` definitions of parameters alone.
        faults: to which every fault is added.
    """
    found: dict[str, Expression] = {}
    means: dict[str, Expression] = {}
    places: dict[str, Statement] = {}
    used = _used_before(file)
    for section, block in (("", file.values), ("initval", file.initial), ("steady_state_model", file.steady)):
        given: set[str] = set()
        for one in block:
            name = one.assignment.name.name
            written, kind = names.written.get(name, name), names.kinds.get(name)
            value = names.to_value(one.assignment.value, one.statement, faults)
            message = _message(name, kind, section, given, used, is_whole=names.is_whole)
            if message:
                faults.append(one.statement.fault(message, name))
            given.add(name)
            if kind == EXOGENOUS:
                if value != Number(0.0):
                    means[written] = value
            else:
                found[written], places[written] = value, one.statement
    for name, value in parametric.items():
        found[name] = value
    _check_steady(file, names, faults)
    _check_given(file, names, found, faults)
    ordered = [names.written.get(name, name) for name in names.of_kind(PARAMETER)]
    calibration = {name: found.pop(name) for name in (*ordered, *parametric) if name in found} | found
    return Values(calibration, means, places)


def _message(
    name: str, kind: str | None, section: str, given: set[str], used: set[str], *, is_whole: bool
) -> str | None:
    """What is wrong with an assignment, if anything."""
    if name in given:
        return f"{name} is given twice: keep one"
    if kind is None and is_whole:
        return f"{name} is not declared: declare it in var, or leave it out"
    if kind == LOCAL:
        return f"{name} is a # definition, which has a value already: leave this out"
    if section == "" and kind in (ENDOGENOUS, EXOGENOUS):
        return f"{name} is an {kind}: give its value in initval or steady_state_model"
    if section == "initval" and kind == PARAMETER:
        return f"{name} is a parameter: give its value before the block initval"
    if section == "steady_state_model" and kind == EXOGENOUS:
        return f"{name} is an {kind}: give its mean in initval"
    if section == "steady_state_model" and kind in (PARAMETER, NATIVE) and name in used:
        return f"{name} has had another value, which others were computed from: give it one value"
    return None


def _used_before(file: ModFile) -> set[str]:
    """Names whose values outside blocks are used there, or by the block ``shocks``, which Dynare works out in turn."""
    assignments = [one.assignment for one in file.values] + [one.assignment for one in file.moments]
    return {symbol.name for one in assignments for symbol in symbols_in(one.value)}


def _check_steady(file: ModFile, names: Names, faults: FaultList) -> None:
    """STEADY_STATE(y) needs a formula of y: a first guess will not do."""
    formulas = {one.assignment.name.name for one in file.steady}
    for name in names.steady:
        if name not in formulas and file.model is not None:
            message = f"STEADY_STATE({name}) needs the formula of {name}: give it in steady_state_model"
            faults.append(file.model.fault(message, name))


def _check_given(file: ModFile, names: Names, found: Mapping[str, Expression], faults: FaultList) -> None:
    for statement, declaration in file.declared["parameters"]:
        is_given = names.written.get(declaration.name, declaration.name) in found
        if not is_given and declaration.name not in file.unread:
            message = f"the parameter {declaration.name} has no value: write {declaration.name} = …;"
            faults.append(statement.fault(message, declaration.name, declaration.column))
