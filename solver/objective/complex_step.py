"""Derivatives along directions by a complex step: ``f(x + i h d).imag / h``, exact to rounding (Squire and Trapp 1998).

Trained weights are large and cancel, so that differences over any useful step would drown in rounding. Minima and maxima
are taken by real parts. Where a formula has no real value, as the logarithm of a negative number, what comes out means
nothing: ask the real formula whether it is defined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from solver.expectation.ahead import Expectation
from solver.policy.rule import Setting

#: The square of a step is nothing beside 1.
STEP = 1e-30

TreeT = TypeVar("TreeT")


class Numbers(NamedTuple):
    """Everything that residuals depend on beside the states; or a direction, in the same places."""

    setting: Setting
    expectation: Expectation
    weights: tuple[np.ndarray, ...]

    def moved(self, direction: Numbers) -> Numbers:
        """The numbers after a complex step; those that do not move stay real, which is faster."""
        return in_each(lambda own, slope: own + STEP * 1j * slope if slope.any() else own, self, direction)

    def without_policy(self) -> Numbers:
        """The same direction with the policy's frame and weights held."""
        frame = in_each(np.zeros_like, self.setting.frame)
        weights = in_each(np.zeros_like, self.weights)
        return self._replace(setting=self.setting._replace(frame=frame), weights=weights)


def derivative(values: Any) -> np.ndarray:
    """The derivative, from values after a complex step."""
    return np.asarray(np.imag(values) / STEP)


def in_each(function: Callable[..., np.ndarray], tree: TreeT, *others: TreeT) -> TreeT:
    """A function of the arrays in the same place of some nested tuples, in the same nest."""
    found: Any
    if not isinstance(tree, tuple):
        found = function(tree, *others)
    else:
        parts = [in_each(function, *branches) for branches in zip(tree, *others, strict=True)]
        found = type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return cast(TreeT, found)
