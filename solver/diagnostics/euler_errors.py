"""Unit-free Euler errors: by what fraction consumption is off.

The error of an arbitrage equation at a state is ``|c̃ / c - 1|``, where ``c̃`` is the consumption of today at which the
equation would hold with everything of tomorrow as it is (Judd 1992). For the Euler equation of a CRRA consumer
that is ``|(β u'(c') R')^(-1/γ) / c - 1|`` exactly; solving for ``c̃`` numerically says the same for any equation in
which today's consumption stands. It is solved as a log ratio of the equation's two sides, linear in log consumption for a
CRRA consumer, so that absurd policies are measured as exactly as good ones. An equation without consumption, and a model
without a definition or control named ``c``, gets the residual as written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from solver.model.consumption import CONSUMPTION, consumption
from solver.model.economy import Economy
from solver.policy.policy import Decide

_FIRST_STEP = 1e-6
_LARGEST_STEP = 1.0
_ITERATIONS = 60
_REDUCTION = 1e-6
_ROUNDING = 1e-13

Units = Literal["consumption", "residual"]


def error_units(economy: Economy) -> Units:
    """Which of the two measures :func:`euler_errors` takes for this model."""
    model = economy.model
    return "consumption" if CONSUMPTION in (*model.definitions, *model.controls) else "residual"


def euler_errors(
    economy: Economy,
    parameters: np.ndarray,
    states: np.ndarray,
    controls: np.ndarray,
    next_states: np.ndarray,
    next_controls: np.ndarray,
) -> np.ndarray:
    """Largest Euler error over the arbitrage equations at each state.

    Args:
        economy: the model compiled to NumPy.
        parameters: (n_parameters,).
        states: (n, n_states).
        controls: (n, n_controls), the policy there.
        next_states: (n, n_states), where the transition leads.
        next_controls: (n, n_controls), the policy there.

    Returns:
        (n,) errors, unit-free; NaN where the economy is not defined or no consumption makes the equation hold.
    """
    dates = (states, controls, next_states, next_controls)
    as_written = np.abs(economy.arbitrage(parameters, *dates))
    today = consumption(economy, parameters, states, controls)
    if today is None:
        return np.asarray(as_written.max(axis=-1))

    tomorrow = consumption(economy, parameters, next_states, next_controls)
    assert tomorrow is not None

    def mismatch(log_ratio: np.ndarray) -> np.ndarray:
        """How far the sides of each equation are apart, (n, n_equations), each with its own consumption of today."""
        columns = []
        for j, consumed in enumerate((today[:, None] * np.exp(log_ratio)).T):
            left, right = economy.arbitrage_sides(parameters, *dates, given={CONSUMPTION: consumed})
            columns.append(_apart(left[..., j], right[..., j]))
        return np.stack(columns, axis=-1)

    with np.errstate(all="ignore"):
        errors = _implied_errors(mismatch, as_written).max(axis=-1)
    return np.where((today > 0) & (tomorrow > 0), errors, np.nan)


def _apart(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``log(left / right)`` where both are positive, their difference elsewhere: the same zeros."""
    return np.asarray(np.where((left > 0) & (right > 0), np.log(left / right), left - right))


def policy_euler_errors(
    economy: Economy, parameters: np.ndarray, decide: Decide, states: np.ndarray
) -> np.ndarray:
    """Euler errors (n,) of a decision rule at states (n, n_states); NaN as in :func:`euler_errors`."""
    controls = decide(states)
    next_states = economy.transition(parameters, states, controls)
    next_controls = decide(next_states)
    return euler_errors(economy, parameters, states, controls, next_states, next_controls)


def _implied_errors(mismatch: Callable[[np.ndarray], np.ndarray], as_written: np.ndarray) -> np.ndarray:
    """``|exp(d) - 1|`` at the root d of each mismatch by the secant method; NaN where it is not found.

    Where d makes no difference the equation is without consumption, and its residual as written stands.
    """
    before = np.zeros_like(as_written)
    before_value = start = mismatch(before)
    now = np.full_like(before, _FIRST_STEP)
    now_value = mismatch(now)
    without_consumption = now_value == start
    # A mismatch that moves consumption by less than rounding counts as none, whatever its units.
    enough = _REDUCTION * np.abs(start) + _ROUNDING * np.abs(now_value - start) / _FIRST_STEP
    for _ in range(_ITERATIONS):
        found = np.abs(now_value) <= enough
        if np.all(found | without_consumption | np.isnan(now_value)):
            break
        slope = (now_value - before_value) / (now - before)
        step = np.where(found, 0.0, np.clip(-now_value / slope, -_LARGEST_STEP, _LARGEST_STEP))
        before, before_value = np.where(found, before, now), np.where(found, before_value, now_value)
        now = now + step
        now_value = mismatch(now)
    found = np.abs(now_value) <= enough
    implied = np.where(found, np.abs(np.expm1(now)), np.nan)
    return np.where(without_consumption, as_written, implied)
