"""The frame that a family works in: scaled states, and a linear rule that the family only corrects.

``x(s) = base + slope u + scale · f(u)`` with ``u = (s - center) / half_width``. With the linear rule of first-order
perturbation a policy starts near the truth, on the saddle path, and the family is left a small smooth correction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Frame:
    """The affine frame of a policy, as NumPy arrays or as tensors.

    Attributes:
        center: (n_states,) middle of the domain.
        half_width: (n_states,) half the width of the domain.
        base: (n_controls,) the linear rule at the middle of the domain.
        slope: (n_states, n_controls) the linear rule's change from the middle to the edge of each state.
        scale: (n_controls,) unit of the family's correction.
    """

    center: Array
    half_width: Array
    base: Array
    slope: Array
    scale: Array

    def __iter__(self) -> Iterator[Array]:
        """The arrays in the order of the fields."""
        return (getattr(self, field.name) for field in fields(self))

    def scaled(self, states: Array) -> Array:
        """States (n, n_states) in units of the domain: [-1, 1] within it."""
        return (states - self.center) / self.half_width

    def controls(self, xp: Any, u: Array, correction: Array) -> Array:
        """Controls (n, n_controls) from scaled states and the family's value there."""
        return self.base + xp.matmul(u, self.slope) + self.scale * correction

    def linear_rule(self, states: np.ndarray) -> np.ndarray:
        """The rule that the family corrects, (n, n_controls) at states (n, n_states), in NumPy."""
        controls: np.ndarray = self.controls(np, self.scaled(states), 0.0)
        return controls


def build_frame(
    lower: np.ndarray, upper: np.ndarray, states: np.ndarray, controls: np.ndarray, rule: np.ndarray
) -> Frame:
    """The frame of a linear rule on a domain.

    Args:
        lower: (n_states,) lower ends of the domain.
        upper: (n_states,) upper ends of the domain.
        states: (n_states,) steady state.
        controls: (n_controls,) controls at the steady state.
        rule: (n_controls, n_states) derivatives of the linear rule there.

    Returns:
        The frame; a control's scale is its linear variation over the domain, or its steady level where that is larger.
    """
    center, half_width = (upper + lower) / 2, (upper - lower) / 2
    slope = (rule * half_width).T
    scale = np.maximum(np.abs(slope).sum(axis=0), np.abs(controls))
    return Frame(
        center=center,
        half_width=half_width,
        base=controls + rule @ (center - states),
        slope=slope,
        scale=np.where(scale > 0, scale, 1.0),
    )
