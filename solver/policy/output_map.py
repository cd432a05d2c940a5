"""From what a family says to controls: natural domains and bounds hold by construction.

A family's value for a control is *notional*: any real number. A control with a natural domain is its exponential or
logistic image. A control that a complementarity condition bounds is the notional one held between the bounds, so a
bound is met exactly, with its kink, by a smooth function. Where the condition's equation is a lone control μ, its
multiplier, as in ``mu[t] ⟂ 0 <= i[t]``, the two make a pair of one notional value ν and the logarithm σ of a scale: ``i
= ν`` and μ = 0 between the bounds, ``μ = exp(σ) (i - ν)`` beyond them (Garcia and Zangwill 1981), so that the condition
holds exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from solver.language.tree import Symbol
from solver.model.spec import Model

Array = Any
_INSIDE = 1e-9


@dataclass(frozen=True)
class Condition:
    """A complementarity condition.

    Attributes:
        equation: the arbitrage equation that it qualifies.
        control: the control that it bounds.
        multiplier: the control that is its multiplier; None where the equation is not a lone control.
    """

    equation: int
    control: int
    multiplier: int | None


@dataclass(frozen=True)
class OutputMap:
    """The map of a model's controls.

    Attributes:
        intervals: natural domain of each control; None where it has none.
        conditions: in the order of their equations, which is that of ``Economy.bounded``.
    """

    intervals: tuple[tuple[float, float] | None, ...]
    conditions: tuple[Condition, ...]

    @property
    def free(self) -> tuple[Condition, ...]:
        """The conditions that are not met by construction alone: those without a multiplier among the controls."""
        return tuple(condition for condition in self.conditions if condition.multiplier is None)

    def controls(
        self, xp: Any, notional: Array, lowers: Sequence[Array], uppers: Sequence[Array]
    ) -> tuple[Array, list[Array]]:
        """Controls (..., n_controls), and by how much each :attr:`free` condition's notional control is beyond its bounds.

        Args:
            xp: the array namespace.
            notional: (..., n_controls).
            lowers: (...,) of each condition.
            uppers: likewise.
        """
        if not self.conditions and not any(self.intervals):
            return notional, []
        columns = [notional[..., place] for place in range(len(self.intervals))]
        for place, interval in enumerate(self.intervals):
            if interval is not None:
                columns[place] = _into(xp, columns[place], *interval)
        beyond = []
        for condition, lower, upper in zip(self.conditions, lowers, uppers, strict=True):
            wanted = columns[condition.control]
            held = xp.minimum(xp.maximum(wanted, lower), upper)
            columns[condition.control] = held
            if condition.multiplier is None:
                beyond.append(wanted - held)
            else:
                columns[condition.multiplier] = xp.exp(columns[condition.multiplier]) * (held - wanted)
        return xp.stack(columns, axis=-1), beyond

    def notional(self, controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The notional values of controls (n_controls,) within their domains, and d notional / d control there."""
        values, slopes = np.array(controls, dtype=float), np.ones(len(controls))
        for place, interval in enumerate(self.intervals):
            if interval is not None:
                values[place], slopes[place] = _out_of(float(controls[place]), *interval)
        return values, slopes


@lru_cache(maxsize=256)
def output_map(model: Model) -> OutputMap:
    """The output map of a model."""
    conditions = []
    for equation, complementarity in enumerate(model.trees.complementarity):
        if complementarity is not None:
            control = model.controls.index(complementarity.control)
            conditions.append(Condition(equation, control, _multiplier(model, equation, control)))
    bounded = {condition.control for condition in conditions}
    taken = bounded | {condition.multiplier for condition in conditions if condition.multiplier is not None}
    intervals = [
        None if place in taken else model.symbols[name].bounds for place, name in enumerate(model.controls)
    ]
    return OutputMap(tuple(intervals), tuple(conditions))


def _multiplier(model: Model, equation: int, control: int) -> int | None:
    residual = model.trees.arbitrage[equation]
    if not isinstance(residual, Symbol) or residual.shift != 0 or residual.name not in model.controls:
        return None
    found = model.controls.index(residual.name)
    return None if found == control else found


def _into(xp: Any, notional: Array, lower: float, upper: float) -> Array:
    if math.isfinite(lower) and math.isfinite(upper):
        return lower + (upper - lower) * (0.5 + 0.5 * xp.tanh(0.5 * notional))
    if math.isfinite(lower):
        return lower + xp.exp(notional)
    return upper - xp.exp(-notional) if math.isfinite(upper) else notional


def _out_of(control: float, lower: float, upper: float) -> tuple[float, float]:
    """The notional value of a control of a natural domain, and its derivative; an end counts as just inside."""
    if math.isfinite(lower) and math.isfinite(upper):
        share = min(max((control - lower) / (upper - lower), _INSIDE), 1 - _INSIDE)
        return math.log(share / (1 - share)), 1 / (share * (1 - share) * (upper - lower))
    if math.isfinite(lower):
        above = max(control - lower, _INSIDE)
        return math.log(above), 1 / above
    if math.isfinite(upper):
        below = max(upper - control, _INSIDE)
        return -math.log(below), 1 / below
    return control, 1.0
