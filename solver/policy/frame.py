"""The frame that a family works in: scaled states, and a linear rule that the family only corrects.

``ν(s) = base_r + slope u + scale · f(v)`` with ``u = (s - center) / half_width``, r the regime, and v the point of the
trained box that is nearest to u: beyond what was trained the correction stays what it is at the edge. With the linear rule
of first-order perturbation a policy starts near the truth, on the saddle path, and the family is left a small smooth
correction.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from solver.calibrate import Calibration
from solver.policy.output_map import OutputMap

Array = Any


class Frame(NamedTuple):
    """The affine frame of a policy, as NumPy arrays or as tensors.

    Attributes:
        center: (n_continuous,) middle of the domain.
        half_width: (n_continuous,) half the width of the domain.
        base: (n_regimes, n_notional) the linear rule at the middle of the domain.
        slope: (n_continuous, n_notional) the linear rule's change from the middle to the edge of each state.
        scale: (n_notional,) unit of the family's correction.
        lowest: (n_continuous,) lower ends of the trained box, in units of the domain; -inf where nothing is trained.
        highest: (n_continuous,) upper ends; inf likewise.
    """

    center: Array
    half_width: Array
    base: Array
    slope: Array
    scale: Array
    lowest: Array
    highest: Array

    def scaled(self, continuous: Array) -> Array:
        """Continuous states (..., n_continuous) in units of the domain: [-1, 1] within it."""
        return (continuous - self.center) / self.half_width

    def held(self, xp: Any, u: Array) -> Array:
        """The points of the trained box that are nearest to scaled states u."""
        return xp.minimum(xp.maximum(u, self.lowest), self.highest)


def build_frame(calibration: Calibration, outputs: OutputMap, share: float = 1.0) -> Frame:
    """The frame of the linear rule on the domain, in notional controls.

    Args:
        calibration: with its linear rule; where that is not unique, the steady controls are held constant.
        outputs: the map of the controls.
        share: of the rule's slope that is kept.

    Returns:
        The frame; a control's scale is its linear variation over the domain, or its steady level where that is larger.
    """
    lower, upper = calibration.lower(), calibration.upper()
    center, half_width = (upper + lower) / 2, (upper - lower) / 2
    rule = calibration.rule
    controls = calibration.control_steady()
    slopes = np.zeros((len(controls), len(center))) if rule.slope is None else share * rule.slope
    base, stretch = outputs.notional(controls)
    slopes = stretch[:, None] * slopes
    offsets = stretch * rule.offsets
    scale = np.maximum((np.abs(slopes) * half_width).sum(axis=1), np.abs(stretch * controls))
    for condition in outputs.conditions:
        if condition.multiplier is not None:
            _frame_pair(condition.control, condition.multiplier, rule.system, controls, base, slopes, scale)
            offsets[:, condition.multiplier] = 0.0
    scale = np.where(scale > 0, scale, 1.0)
    n_free = len(outputs.free)
    return Frame(
        center=center,
        half_width=half_width,
        base=_widened(
            base + offsets + slopes @ (center - calibration.state_steady()),
            [-math.log(scale[condition.control]) for condition in outputs.free],
        ),
        slope=_widened((slopes * half_width).T, [0.0] * n_free),
        scale=_widened(scale, [1.0] * n_free),
        lowest=np.full(len(center), -np.inf),
        highest=np.full(len(center), np.inf),
    )


def _widened(array: np.ndarray, values: list[float]) -> np.ndarray:
    """The array with constant columns behind its own."""
    return np.concatenate([array, np.broadcast_to(values, (*array.shape[:-1], len(values)))], axis=-1)


def _frame_pair(
    control: int,
    multiplier: int,
    system: np.ndarray,
    controls: np.ndarray,
    base: np.ndarray,
    slopes: np.ndarray,
    scale: np.ndarray,
) -> None:
    """A pair's notional control and log scale, in place: the scale that keeps the notional control's slope at its kink."""
    price = pair_scale(system, control, multiplier)
    base[control] = controls[control] - controls[multiplier] / price
    if controls[multiplier] != 0:
        slopes[control] = -slopes[multiplier] / price
    base[multiplier], slopes[multiplier], scale[multiplier] = math.log(price), 0.0, 1.0


def pair_scale(system: np.ndarray, control: int, multiplier: int) -> float:
    """By how much a multiplier rises for each unit that its control is held above what is wanted, to first order.

    Args:
        system: (n_equations, n_controls) derivatives of the arbitrage conditions.
        control: the bounded control.
        multiplier: its multiplier.
    """
    others = np.delete(system, [control], axis=1)
    response = np.linalg.lstsq(others, -system[:, control], rcond=None)[0]
    place = multiplier - (multiplier > control)
    price = abs(float(response[place]))
    return price if math.isfinite(price) and price > 0 else 1.0
