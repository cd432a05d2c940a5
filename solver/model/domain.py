"""The domains that a file gives to its variables, and whether they hold the steady state."""

from __future__ import annotations

import math
from collections.abc import Mapping

from solver.errors import Fault
from solver.language.tree import Number
from solver.model.consumption import CONSUMPTION
from solver.model.spec import Model
from solver.model.steady_state import calibrated_trees, evaluate_undated


def file_domain(
    model: Model, parameters: Mapping[str, float], steady: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Lower and upper bound of those variables for which the file gives them.

    Args:
        model: the economy.
        parameters: every parameter.
        steady: the steady state of every exogenous variable, state, control and definition.
    """
    variables = (*model.exogenous, *model.states, *model.controls)
    trees = calibrated_trees(model, parameters)
    trees |= {name: Number(steady[name]) for name in variables}
    numbers = evaluate_undated([bound for pair in model.trees.domain.values() for bound in pair], trees)
    return dict(zip(model.trees.domain, zip(numbers[::2], numbers[1::2], strict=True), strict=True))


def check_domain(domain: Mapping[str, tuple[float, float]], steady: Mapping[str, float]) -> list[Fault]:
    """Faults of a domain that is empty, not finite, or does not hold the steady state."""
    faults = []
    for name, (lower, upper) in domain.items():
        if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
            message = (
                f"the domain of {name}, [{lower:g}, {upper:g}], is empty or not finite: give lower < upper"
            )
        elif not lower <= steady[name] <= upper:
            message = (
                f"the domain of {name}, [{lower:g}, {upper:g}], does not hold the steady state {steady[name]:g}: "
                "widen it"
            )
        else:
            continue
        faults.append(Fault((), message, symbol=name))
    return faults


def check_consumption(model: Model, steady: Mapping[str, float]) -> list[Fault]:
    """A fault where the symbol read as consumption is not positive at the steady state, as a log deviation is not."""
    if CONSUMPTION not in (*model.definitions, *model.controls) or steady[CONSUMPTION] > 0:
        return []
    message = (
        f"{CONSUMPTION} is read as consumption, which must be positive, and it is {steady[CONSUMPTION]:g} at the steady "
        "state: give a deviation or a rate another name"
    )
    return [Fault((), message, symbol=CONSUMPTION)]


def check_natural_domains(model: Model, steady: Mapping[str, float]) -> list[Fault]:
    """Faults of controls whose steady state lies outside what the file says of them."""
    faults = []
    for name in model.controls:
        lower, upper = model.symbols[name].bounds or (-math.inf, math.inf)
        if not lower <= steady[name] <= upper:
            message = (
                f"the bounds of the control {name}, ({lower:g}, {upper:g}), do not hold its steady state "
                f"{steady[name]:g}: widen them"
            )
            faults.append(Fault((), message, symbol=name))
    return faults
