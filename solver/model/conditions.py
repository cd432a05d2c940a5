"""Which arbitrage equations are complementarity conditions, and what stands for their multipliers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from solver.language.tree import Symbol
from solver.model.spec import Model


@dataclass(frozen=True)
class Condition:
    """A complementarity condition.

    Attributes:
        equation: the arbitrage equation that it qualifies.
        control: the control that it bounds.
        multiplier: the control that is its multiplier, where the equation is that lone control, as in
            ``mu[t] ⟂ 0 <= i[t]``; None where the equation is a residual of its own.
    """

    equation: int
    control: int
    multiplier: int | None


@lru_cache(maxsize=256)
def conditions_of(model: Model) -> tuple[Condition, ...]:
    """The conditions of a model, in the order of their equations, which is that of ``Economy.bounded``."""
    conditions = []
    for equation, complementarity in enumerate(model.trees.complementarity):
        if complementarity is not None:
            control = model.controls.index(complementarity.control)
            conditions.append(Condition(equation, control, _multiplier(model, equation, control)))
    return tuple(conditions)


def multiplier_name(model: Model, condition: Condition) -> str:
    """The name of the multiplier of a condition that no control stands for."""
    return f"multiplier_{model.controls[condition.control]}"


def _multiplier(model: Model, equation: int, control: int) -> int | None:
    residual = model.trees.arbitrage[equation]
    if not isinstance(residual, Symbol) or residual.shift != 0 or residual.name not in model.controls:
        return None
    found = model.controls.index(residual.name)
    return None if found == control else found
