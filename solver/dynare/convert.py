"""A ``.mod`` file as a model file, and as a model: the entry of this room.

What comes out is a file like any other, so that everything after this takes the one path; a fault that only shows there
is told by its line in the ``.mod`` file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from solver.dynare.document import Written, write_document
from solver.dynare.dynamics import Dynamics, read_dynamics
from solver.dynare.file import ModFile, read_file
from solver.dynare.laws import read_laws
from solver.dynare.names import ENDOGENOUS, Names, read_names
from solver.dynare.roles import Roles, assign_roles
from solver.dynare.values import read_values
from solver.errors import Fault, ModelError
from solver.model.load import model_from_document
from solver.model.node import FaultList
from solver.model.spec import Model


@dataclass(frozen=True)
class Conversion:
    """What a ``.mod`` file became.

    Attributes:
        document: the model file, as a YAML file would be read.
        model: what that file says.
        notes: what was not read, and what was renamed.
    """

    document: dict[str, Any]
    model: Model
    notes: tuple[str, ...]


def convert(text: str | bytes, name: str = "") -> Conversion:
    """Read a file of Dynare's.

    Args:
        text: the ``.mod`` file, without instructions of the macro processor.
        name: of the model, since such a file has none.

    Raises:
        ModelError: every fault found, with its line and mostly its column in the ``.mod`` file.
    """
    faults = FaultList()
    file = read_file(text, faults)
    names = read_names(file, faults)
    dynamics = read_dynamics(file, names, faults)
    values = read_values(file, names, dynamics.parametric, faults)
    laws = read_laws(file, names, values.means, faults)
    _refuse(faults)
    roles = assign_roles(dynamics)
    _check_kind(file, names, dynamics, roles, faults)
    _refuse(faults)
    written = write_document(file, names, dynamics, roles, values, laws)
    document = {"name": name, **written.document} if name else written.document
    try:
        model = model_from_document(document)
    except ModelError as error:
        raise ModelError([_placed(fault, written) for fault in error.faults]) from error
    return Conversion(document, model, (*names.notes, *file.notes))


def _check_kind(file: ModFile, names: Names, dynamics: Dynamics, roles: Roles, faults: FaultList) -> None:
    """A model has variables and equations, a past and a decision."""
    dates = [date for one in dynamics.equations for date in one.dates]
    if file.model is None or not names.of_kind(ENDOGENOUS):
        message = "this file has no model: it declares variables in var, and their equations in model; … end;"
        faults.append(Fault((), message, line=1, column=1))
    elif not roles.controls:
        message = "every variable follows from its own past and the shocks: there is no decision to solve for"
        faults.append(file.model.fault(message))
    elif not roles.states and min(dates, default=0) >= 0:
        message = (
            "no variable is lagged, so there is no state that a policy could be a function of: give a shock some "
            "persistence, z = rho*z(-1) + e"
        )
        faults.append(file.model.fault(message))


def _placed(fault: Fault, written: Written) -> Fault:
    """A fault of the model file at the line of the ``.mod`` file that it follows from."""
    pointer = fault.pointer
    while pointer and pointer not in written.places:
        pointer = pointer[:-1]
    place = written.places.get(pointer)
    return replace(fault, line=None if place is None else place.line, column=None)


def _refuse(faults: FaultList) -> None:
    if faults:
        raise ModelError(sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
