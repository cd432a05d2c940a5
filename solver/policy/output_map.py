"""From what a family says to controls: natural domains and bounds hold by construction.

A family's values are *notional*: any real numbers. A control with a natural domain is the exponential or logistic image of
its notional value. A control that a complementarity condition bounds is its notional value ν held between the bounds,
``x = mid(lower, ν, upper)``, so a bound is met exactly, with its kink, by a smooth function. By how much ν is beyond a
bound says how much the condition's equation leans against it: the multiplier is ``exp(σ) (x - ν)``, zero between the
bounds, with a scale exp(σ) > 0 that is the family's to find (Garcia and Zangwill 1981). It is free to choose the one
with which ν passes the kink smoothly.

Where the condition's equation is a lone control μ, as in ``mu[t] ⟂ 0 <= i[t]``, μ is that multiplier and the condition
holds exactly. Elsewhere σ is one more notional value behind those of the controls, and the equation holds with its
multiplier.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from solver.model.conditions import Condition, conditions_of
from solver.model.spec import Model

Array = Any
_INSIDE = 1e-9


def hold(xp: Any, wanted: Array, lower: Array, upper: Array) -> Array:
    """``mid(lower, wanted, upper)``."""
    return xp.minimum(xp.maximum(wanted, lower), upper)


@dataclass(frozen=True)
class OutputMap:
    """The map of a model's controls.

    Attributes:
        intervals: natural domain of each control; None where it has none.
        conditions: the complementarity conditions.
        hold: ``(xp, wanted, lower, upper) -> mid(lower, wanted, upper)``, with the derivatives that training wants of it.
    """

    intervals: tuple[tuple[float, float] | None, ...]
    conditions: tuple[Condition, ...]
    hold: Callable[[Any, Array, Array, Array], Array] = hold

    @property
    def free(self) -> tuple[Condition, ...]:
        """The conditions whose multiplier is none of the controls."""
        return tuple(condition for condition in self.conditions if condition.multiplier is None)

    @property
    def n_notional(self) -> int:
        """Notional values at a state: one for each control, then one for each free condition."""
        return len(self.intervals) + len(self.free)

    def controls(
        self, xp: Any, notional: Array, lowers: Sequence[Array], uppers: Sequence[Array]
    ) -> tuple[Array, list[Array]]:
        """Controls (..., n_controls), and the multiplier (...,) of each :attr:`free` condition.

        Args:
            xp: the array namespace.
            notional: (..., n_notional).
            lowers: (...,) of each condition.
            uppers: likewise.
        """
        if not self.conditions and not any(self.intervals):
            return notional, []
        columns = [notional[..., place] for place in range(self.n_notional)]
        n_controls = len(self.intervals)
        for place, interval in enumerate(self.intervals):
            if interval is not None:
                columns[place] = _into(xp, columns[place], *interval)
        multipliers: list[Array] = []
        for condition, lower, upper in zip(self.conditions, lowers, uppers, strict=True):
            wanted = columns[condition.control]
            held = self.hold(xp, wanted, lower, upper)
            columns[condition.control] = held
            if condition.multiplier is None:
                multipliers.append(xp.exp(columns[n_controls + len(multipliers)]) * (held - wanted))
            else:
                columns[condition.multiplier] = xp.exp(columns[condition.multiplier]) * (held - wanted)
        return xp.stack(columns[:n_controls], axis=-1), multipliers

    def notional(self, controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The notional values of controls (n_controls,) within their domains, and d notional / d control there."""
        values, slopes = np.array(controls, dtype=float), np.ones(len(controls))
        for place, interval in enumerate(self.intervals):
            if interval is not None:
                values[place], slopes[place] = _out_of(float(controls[place]), *interval)
        return values, slopes

    def notional_beside(self, controls: np.ndarray, linear: np.ndarray) -> np.ndarray:
        """Notional values (n, n_notional) that give controls (n, n_controls) as far as their bounds allow.

        What controls leave open, the scales of multipliers, is that of the notional values ``linear``, of the same shape.
        """
        values = linear.copy()
        for place, interval in enumerate(self.intervals):
            column = controls[:, place]
            if interval is not None:
                column = np.array([_out_of(float(control), *interval)[0] for control in column])
            values[:, place] = column
        for condition in self.conditions:
            if condition.multiplier is not None:
                scale = linear[:, condition.multiplier]
                values[:, condition.control] -= controls[:, condition.multiplier] / np.exp(scale)
                values[:, condition.multiplier] = scale
        return values


@lru_cache(maxsize=256)
def output_map(model: Model) -> OutputMap:
    """The output map of a model."""
    conditions = conditions_of(model)
    paired: set[int] = set()
    for condition in conditions:
        if condition.multiplier is not None:
            paired |= {condition.control, condition.multiplier}
    intervals = [
        None if place in paired else model.symbols[name].bounds for place, name in enumerate(model.controls)
    ]
    return OutputMap(tuple(intervals), conditions)


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
