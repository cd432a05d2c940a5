"""Which variables a figure shows: those that are asked for by name, or the first of a model's."""

from __future__ import annotations

from collections.abc import Sequence

from service.errors import RequestError
from service.faults import shown
from solver.errors import Fault
from solver.model.consumption import CONSUMPTION
from solver.model.spec import Model
from solver.model.state_space import REGIME

FIELD = "variables"
MAX_LISTED = 30
_FEW_STATES = 3


def choose_variables(
    asked: str | None, known: Sequence[str], preferred: Sequence[str], most: int, few: int
) -> list[str]:
    """The variables of a figure.

    Args:
        asked: names separated by commas; None for a choice.
        known: every name that may be asked for.
        preferred: the names to choose from, most wanted first. Consumption, where it is known, is always among the chosen.
        most: that may be asked for.
        few: that are chosen.

    Raises:
        RequestError: unknown names, one that stands twice, or too many.
    """
    if asked is None:
        wanted = [name for name in preferred if name != CONSUMPTION]
        is_there = CONSUMPTION in known
        return [*wanted[: few - is_there], *([CONSUMPTION] if is_there else [])]
    names = asked.split(",")
    listed = ", ".join(known[:MAX_LISTED]) + (", …" if len(known) > MAX_LISTED else "")
    faults = [
        Fault((FIELD,), f"{shown(name)} is no variable that this figure shows; choose among: {listed}")
        for name in dict.fromkeys(names)
        if name not in known
    ]
    faults += [
        Fault((FIELD,), f"{name} stands more than once; give it once")
        for name in dict.fromkeys(names)
        if names.count(name) > 1 and name in known
    ]
    if len(names) > most:
        faults = [
            Fault(
                (FIELD,),
                f"{len(names)} variables are above {most}, the most that one figure shows; ask for fewer",
            )
        ]
    if faults:
        raise RequestError(faults)
    return names


def path_variables(model: Model, state_names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Every variable along paths, and the same with those first that one wants to see: of each kind some."""
    shocks = [name for name in model.exogenous if name not in state_names]
    known = [*state_names, *model.controls, *model.definitions, *shocks]
    continuous = [name for name in state_names if name != REGIME]
    regime = [name for name in state_names if name == REGIME]
    few = [*continuous[: _FEW_STATES - len(regime)], *regime]
    return known, [*few, *(name for name in (*model.controls, *model.definitions) if name not in few)]
