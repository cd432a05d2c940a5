"""Unit-free Euler errors: by what fraction consumption is off.

The error of an arbitrage equation at a state is ``|c̃ / c - 1|``, where ``c̃`` is the consumption of today at which the
equation would hold, in expectation, with everything of tomorrow as it is (Judd 1992). For the Euler equation of a CRRA
consumer that is ``|(β E[u'(c') R'])^(-1/γ) / c - 1|`` exactly; solving for ``c̃`` numerically says the same for any
equation in which today's consumption stands. It is solved as a log ratio of the equation's two sides, linear in log
consumption for a CRRA consumer, so that absurd policies are measured as exactly as good ones. An equation without
consumption, and a model without a definition or control named ``c``, gets the residual as written; where the equation is
written in units so small that its sides are less than one at the steady state, as a fraction of these: marginal utility of
an income in cents is tiny, and so is every residual of it.

Where an equation is qualified by ``⟂ lower <= x <= upper``, the error is that of the whole condition: what is left of the
equation's error and of the room to the bounds, relative to consumption, after the smaller has excused the larger. It is
zero where the bound is met and the equation leans against it, and nowhere else at a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from solver.calibrate import Calibration
from solver.expectation.ahead import Expectation, expected, next_period
from solver.model.conditions import conditions_of, multiplier_name
from solver.model.consumption import CONSUMPTION, consumption
from solver.model.economy import Date, Economy
from solver.model.spec import Model
from solver.model.state_space import StateSpace, state_space
from solver.policy.policy import Decide, numpy_economy

_FIRST_STEP = 1e-6
_LARGEST_STEP = 1.0
_ITERATIONS = 60
_REDUCTION = 1e-6
_ROUNDING = 1e-13
#: Elasticity of an equation's sides to consumption below which it says nothing about consumption.
_LEAST_ELASTICITY = 0.05
#: Values of variables of the next period that are looked at together: every equation in every case has temporary arrays.
_LARGEST_BATCH = 600_000

Units = Literal["consumption", "residual"]


@dataclass(frozen=True)
class ConditionErrors:
    """Errors of the arbitrage conditions at n states.

    Attributes:
        values: (n, n_equations) unit-free, at least 0; NaN where the economy is not defined or no consumption makes an
            equation hold.
        binds: (n, n_equations) whether a bound holds the control there.
    """

    values: np.ndarray
    binds: np.ndarray

    def largest(self) -> np.ndarray:
        """(n,) the largest error at each state."""
        return np.asarray(self.values.max(axis=1))


class EulerJudge:
    """Measures the Euler errors of decision rules in one calibrated model.

    Args:
        model: the economy.
        calibration: its parameters and process.
        expectation: the rule for E[.].
    """

    def __init__(self, model: Model, calibration: Calibration, expectation: Expectation) -> None:
        self._economy = numpy_economy(model)
        self._calibration = calibration
        self._expectation = expectation
        self._parameters = calibration.parameter_vector()
        self._units = _equation_units(self._economy, calibration)
        self._conditions = [
            place for place, condition in enumerate(model.trees.complementarity) if condition is not None
        ]
        self.space: StateSpace = state_space(model)

    @property
    def units(self) -> Units:
        """Which of the two measures is taken for this model."""
        model = self._economy.model
        return "consumption" if CONSUMPTION in (*model.definitions, *model.controls) else "residual"

    @property
    def n_cases(self) -> int:
        """The cases of the next period that each state is judged by."""
        return len(self._expectation.weights) * self.space.n_regimes

    def errors(self, decide: Decide, states: np.ndarray) -> ConditionErrors:
        """The errors of a decision rule at states (n, n_columns)."""
        with np.errstate(all="ignore"):
            parts = [self._errors(decide, batch) for batch in self._batches(states)]
        return ConditionErrors(
            np.concatenate([part.values for part in parts]), np.concatenate([part.binds for part in parts])
        )

    def multipliers(self, decide: Decide, states: np.ndarray) -> dict[str, np.ndarray]:
        """What each bound costs whose multiplier is none of the controls.

        Args:
            decide: a decision rule that holds the bounds.
            states: (n, n_columns).

        Returns:
            By name, ``multiplier_`` and the control, (n,) the log ratio of the two sides of the condition's equation:
            positive where the lower bound holds the control, negative where the upper one does, zero between them.
        """
        model = self._economy.model
        free = [condition for condition in conditions_of(model) if condition.multiplier is None]
        if not free:
            return {}
        with np.errstate(all="ignore"):
            parts = [self._multipliers(decide, batch) for batch in self._batches(states)]
        names = [multiplier_name(model, condition) for condition in free]
        return dict(zip(names, np.concatenate(parts, axis=1), strict=True))

    def _batches(self, states: np.ndarray) -> list[np.ndarray]:
        """The states by as many as are looked at together: each has every case of the next period."""
        n_variables = len(self.space.names) + len(self._economy.model.controls)
        size = max(1, _LARGEST_BATCH // (self.n_cases * n_variables))
        return [states[start : start + size] for start in range(0, len(states), size)]

    def _multipliers(self, decide: Decide, states: np.ndarray) -> np.ndarray:
        """(n_free, n) of the free conditions."""
        today, now, then, weights = self._two_dates(decide, states)
        left, right = self._sides(now, then, weights)
        lowers, uppers = self._economy.bounds(self._parameters, today.exogenous, today.states)
        found = []
        for condition, lower, upper in zip(conditions_of(self._economy.model), lowers, uppers, strict=True):
            if condition.multiplier is None:
                held, place = today.controls[:, condition.control], condition.equation
                leaning = _apart(left[:, place], right[:, place])
                is_held = ((held <= lower) & (leaning > 0)) | ((held >= upper) & (leaning < 0))
                found.append(np.where(is_held, leaning, 0.0))
        return np.stack(found)

    def _two_dates(self, decide: Decide, states: np.ndarray) -> tuple[Date, Date, Date, np.ndarray]:
        """Today (n, ...); today (n, 1, ...) and tomorrow (n, n_cases, ...) for expectations; weights (n, n_cases)."""
        economy, parameters, space = self._economy, self._parameters, self.space
        process = self._calibration.process
        exogenous = space.exogenous_of(np, process.mean, process.values, states)
        today = Date(exogenous, space.endogenous(states), decide(states))
        ahead = next_period(np, economy, space, self._expectation, parameters, states, today)
        return today, ahead.today, ahead.decided(np, decide(ahead.states)), ahead.weights

    def _errors(self, decide: Decide, states: np.ndarray) -> ConditionErrors:
        today, now, then, weights = self._two_dates(decide, states)
        signed, eaten = self._implied(now, then, weights)
        values, binds = self._whole_conditions(signed, today, eaten)
        later = consumption(self._economy, self._parameters, then)
        if eaten is not None and later is not None:
            is_feasible = (eaten > 0) & np.all((later > 0) | (weights <= 0), axis=1)
            values = np.where(is_feasible[:, None], values, np.nan)
        return ConditionErrors(values, binds)

    def _sides(self, now: Date, then: Date, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``E[left]`` and ``E[right]``, (n, n_equations)."""
        sides = self._economy.arbitrage_sides(self._parameters, now, then)
        left, right = (expected(np, side, weights) for side in sides)
        return left, right

    def _implied(self, now: Date, then: Date, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Signed errors (n, n_equations) of the equations alone, positive where left is more, and consumption (n,)."""
        left, right = self._sides(now, then, weights)
        as_written = (left - right) / self._units
        eaten = consumption(self._economy, self._parameters, now)
        if eaten is None:
            return as_written, None
        today = eaten[:, 0]

        sides_at = self._economy.sides_by(CONSUMPTION, self._parameters, now, then)

        def mismatch(log_ratio: np.ndarray) -> np.ndarray:
            """How far the sides of each equation are apart, (n, n_equations), each with its own consumption of today."""
            consumed = [(today * np.exp(ratio))[:, None] for ratio in log_ratio.T]
            left, right = (expected(np, side, weights) for side in sides_at(consumed))
            return np.stack([_apart(*pair) for pair in zip(left.T, right.T, strict=True)], axis=-1)

        return np.copysign(_implied_errors(mismatch, as_written), as_written), today

    def _whole_conditions(
        self, signed: np.ndarray, today: Date, eaten: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        values, binds = np.abs(signed), np.zeros(signed.shape, dtype=bool)
        if not self._conditions:
            return values, binds
        lowers, uppers = self._economy.bounds(self._parameters, today.exogenous, today.states)
        for place, control, lower, upper in zip(
            self._conditions, self._economy.bounded, lowers, uppers, strict=True
        ):
            held = today.controls[:, control]
            unit = np.maximum(np.abs(held), 1e-12) if eaten is None else eaten
            below, above = (held - lower) / unit, (held - upper) / unit
            left_over = np.maximum(np.minimum(signed[:, place], below), above)
            binds[:, place] = left_over != signed[:, place]
            values[:, place] = np.abs(left_over)
        return values, binds


def _equation_units(economy: Economy, calibration: Calibration) -> np.ndarray:
    """(n_equations,) the size of each equation's sides at the steady state, at most 1.

    Where both sides are zero it is what the controls make of them, each moved by its size; that of a control which is zero,
    such as a multiplier, is what moves another equation by its own.
    """
    model, steady = economy.model, calibration.steady_state
    names = (model.exogenous, model.states, model.controls)
    point = Date(*(np.array([steady[name] for name in group]) for group in names))
    sides = np.abs(economy.arbitrage_sides(calibration.parameter_vector(), point, point)).max(axis=0)
    slopes, controls = np.abs(calibration.rule.system), np.abs(calibration.control_steady())
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.where((slopes > 0) & (sides[:, None] > 0), sides[:, None] / slopes, 1.0).min(axis=0)
    sizes = np.where(controls > 0, controls, np.minimum(moved, 1.0))
    units = np.minimum(np.where(sides > 0, sides, (slopes * sizes).max(axis=1)), 1.0)
    return np.asarray(np.where(units > 0, units, 1.0))


def _apart(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``log(left / right)`` where both are positive, their difference relative to their sizes elsewhere: the same zeros."""
    size = np.abs(left) + np.abs(right)
    relative = (left - right) / np.where(size > 0, size, 1.0)
    return np.asarray(np.where((left > 0) & (right > 0), np.log(left / right), relative))


def _implied_errors(mismatch: Callable[[np.ndarray], np.ndarray], as_written: np.ndarray) -> np.ndarray:
    """``|exp(d) - 1|`` at the root d of each mismatch by the secant method; NaN where it is not found.

    Where d hardly makes a difference the equation is without consumption, and its residual as written stands.
    """
    before = np.zeros_like(as_written)
    before_value = start = mismatch(before)
    now = np.full_like(before, _FIRST_STEP)
    now_value = mismatch(now)
    without_consumption = np.abs(now_value - start) <= _LEAST_ELASTICITY * _FIRST_STEP
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
    return np.where(without_consumption, np.abs(as_written), implied)
