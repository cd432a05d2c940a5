"""Parameter values, the exogenous process, and the steady state that follow from a file and a caller's overrides.

A file calibrates parameters, states and controls by expressions of each other, in any order. A caller may override
parameters; everything else is computed again and checked: the parameters against their bounds, the steady state against
the model's own equations. Where the calibrated steady state is off, it is only where the search for one begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from solver.errors import CalibrationError, Fault
from solver.language.compiler import compile_program
from solver.language.numpy_backend import NUMPY
from solver.language.parser import suggest
from solver.language.tree import Expression, Number, symbols_in
from solver.model.economy import Date, Economy
from solver.model.process import Process, build_process
from solver.model.spec import Model
from solver.numerics.complementarity import fischer_burmeister, min_map

#: A steady state may miss a transition, relative to 1 + |state|, or an arbitrage condition by this much: far above
#: rounding (1e-10 at the extremes of the built-in models), far below any economic difference.
STEADY_STATE_TOLERANCE = 1e-6
_TIGHT = 1e-11

WholeCondition = Callable[[Any, Any, Any, Any, Any], Any]


@dataclass(frozen=True)
class SteadyState:
    """A model at given parameters, where nothing moves.

    Attributes:
        parameters: every parameter, in the model's order.
        values: every exogenous variable, state, control and definition.
        process: the law of the exogenous variables.
        notes: what a reader should know: which calibrated values were off, and that the steady state was solved.
    """

    parameters: dict[str, float]
    values: dict[str, float]
    process: Process
    notes: tuple[str, ...]


class Misses(NamedTuple):
    """How far a point is from a steady state: transition by state, arbitrage conditions by equation."""

    moves: np.ndarray
    conditions: np.ndarray


def find_steady_state(model: Model, overrides: Mapping[str, float] | None = None) -> SteadyState:
    """The steady state of a model with some parameters replaced.

    Args:
        model: the economy.
        overrides: parameter values by name.

    Raises:
        CalibrationError: every fault found; the pointer of a parameter's fault is ``(parameter,)``.
    """
    trees, parameters, numbers = _evaluate_calibration(model, overrides or {})

    def evaluate(expressions: Sequence[Expression]) -> np.ndarray:
        return np.array(evaluate_undated(expressions, trees))

    process = build_process(model.trees.exogenous, evaluate)
    means = dict(zip(model.exogenous, process.stationary_mean(), strict=True))
    exogenous = np.array([numbers.get(name, float(means[name])) for name in model.exogenous])
    vector = np.array(list(parameters.values()))
    start = np.array([numbers[name] for name in (*model.states, *model.controls)])
    found, notes = _settle(model, Economy(model, NUMPY), vector, exogenous, start)
    today = _date(model, exogenous, found)
    definitions = Economy(model, NUMPY).definitions(vector, today)
    values = dict(zip((*model.exogenous, *model.states, *model.controls), [*exogenous, *found], strict=True))
    values |= definitions
    faults = [
        Fault((), f"{name} is not finite ({value}) at the steady state: take other parameters", symbol=name)
        for name, value in definitions.items()
        if not np.isfinite(value)
    ]
    _refuse(faults)
    notes = (*notes, *_off_their_law(model, exogenous, process))
    return SteadyState(parameters, {name: float(value) for name, value in values.items()}, process, notes)


def evaluate_undated(expressions: Sequence[Expression], trees: Mapping[str, Expression]) -> list[float]:
    """Values of undated expressions of the calibrated names; -0.0 counts as 0."""
    return [float(value) + 0.0 for value in compile_program(expressions, frozenset(), trees, NUMPY)([])]


def calibrated_trees(model: Model, parameters: Mapping[str, float]) -> dict[str, Expression]:
    """The calibration's expressions with the parameters at given values."""
    return {**model.trees.calibration, **{name: Number(value) for name, value in parameters.items()}}


def _evaluate_calibration(
    model: Model, overrides: Mapping[str, float]
) -> tuple[dict[str, Expression], dict[str, float], dict[str, float]]:
    faults, values = _check_overrides(model, overrides)
    trees = calibrated_trees(model, values)
    given = [name for name in model.exogenous if name in trees]
    names = (*model.parameters, *given, *model.states, *model.controls)
    numbers = dict(zip(names, evaluate_undated([trees[name] for name in names], trees), strict=True))
    parameters = {name: numbers[name] for name in model.parameters}
    _refuse([*faults, *_check_bounds(model, parameters)])
    _refuse(_check_finite(numbers, trees, parameters))
    return trees, parameters, numbers


def _date(model: Model, exogenous: np.ndarray, found: np.ndarray) -> Date:
    states, controls = np.split(found, [len(model.states)])
    return Date(exogenous, states, controls)


def _misses(
    model: Model, economy: Economy, parameters: np.ndarray, today: Date, whole: WholeCondition = min_map
) -> Misses:
    """Arbitrage with a condition misses by what is left of residual and bounds: zero exactly where it holds."""
    moves = economy.transition(parameters, today, today.exogenous) - today.states
    conditions = np.array(economy.arbitrage(parameters, today, today))
    lowers, uppers = economy.bounds(parameters, today.exogenous, today.states)
    bounded = [place for place, one in enumerate(model.trees.complementarity) if one is not None]
    for place, control, lower, upper in zip(bounded, economy.bounded, lowers, uppers, strict=True):
        held = today.controls[control]
        conditions[place] = whole(np, held, lower, upper, conditions[place])
    return Misses(moves, conditions)


def _settle(
    model: Model, economy: Economy, parameters: np.ndarray, exogenous: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The calibrated states and controls where they are a steady state, else one solved from there."""
    at_start = _misses(model, economy, parameters, _date(model, exogenous, start))
    if not _faults_of(model, at_start, start):
        return start, ()
    # Slow to import, and no model needs it whose calibration is a steady state.
    from scipy.optimize import root

    scale = np.maximum(np.abs(start), 1e-3)
    rows = np.concatenate([1 + np.abs(start[: len(model.states)]), np.ones(len(model.controls))])

    # Where a bound is far from binding, the first is exact; the second sees a bound that binds from afar.
    attempts: tuple[tuple[WholeCondition, Literal["hybr", "lm"]], ...] = (
        (min_map, "hybr"),
        (fischer_burmeister, "hybr"),
        (fischer_burmeister, "lm"),
    )
    left: list[Fault] = []
    for whole, method in attempts:

        def system(point: np.ndarray, whole: WholeCondition = whole) -> np.ndarray:
            misses = _misses(model, economy, parameters, _date(model, exogenous, point * scale), whole)
            return np.asarray(np.nan_to_num(np.concatenate(misses) / rows, nan=1e6, posinf=1e6, neginf=-1e6))

        found = root(system, start / scale, method=method, tol=_TIGHT).x * scale
        misses = _misses(model, economy, parameters, _date(model, exogenous, found))
        if not (left := _faults_of(model, misses, found)):
            return found, _notes_of(model, at_start)
    raise CalibrationError(left)


def _notes_of(model: Model, misses: Misses) -> tuple[str, ...]:
    """What was off at the calibrated point, where a steady state was found all the same."""
    named = list(zip((*model.states, *model.equations["arbitrage"]), np.concatenate(misses), strict=True))
    worst = max(named, key=lambda pair: abs(pair[1]) if np.isfinite(pair[1]) else np.inf)
    return (
        "The calibrated states and controls are not a steady state, which was solved from them; the largest miss "
        f"was {worst[1]:.3g}, of {worst[0]}.",
    )


def _off_their_law(model: Model, exogenous: np.ndarray, process: Process) -> tuple[str, ...]:
    """The exogenous variables that are calibrated at another value than their law's mean."""
    return tuple(
        f"{name} is calibrated at {value:g}, and the mean of its law is {mean:g}: the steady state and the linear rule are "
        "those at the calibrated value."
        for name, value, mean in zip(model.exogenous, exogenous, process.stationary_mean(), strict=True)
        if not abs(value - mean) <= STEADY_STATE_TOLERANCE * (1 + abs(mean))
    )


def _faults_of(model: Model, misses: Misses, point: np.ndarray) -> list[Fault]:
    faults = []
    for name, state, move in zip(model.states, point, misses.moves, strict=False):
        if not abs(move) <= STEADY_STATE_TOLERANCE * (1 + abs(state)):
            message = (
                f"the transition moves {name} by {move:.3g} from {state:g}, above the tolerance "
                f"{STEADY_STATE_TOLERANCE:g}, and no steady state was found from the calibrated one: mend the "
                "calibration of the steady state"
            )
            faults.append(Fault((), message, symbol=name))
    for text, miss in zip(model.equations["arbitrage"], misses.conditions, strict=True):
        if not abs(miss) <= STEADY_STATE_TOLERANCE:
            message = (
                f"this arbitrage equation is off by {miss:.3g}, above the tolerance {STEADY_STATE_TOLERANCE:g}, "
                "and no steady state was found from the calibrated one: mend the calibration of the steady state"
            )
            faults.append(Fault((), message, equation=text))
    return faults


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise CalibrationError(faults)


def _check_overrides(model: Model, overrides: Mapping[str, float]) -> tuple[list[Fault], dict[str, float]]:
    """Faults of names and of numbers that no bound could judge, and the other values as floats."""
    faults, values = [], {}
    for name, value in overrides.items():
        if name not in model.parameters:
            hint = suggest(name, model.parameters) or f"; it has {', '.join(model.parameters)}"
            faults.append(
                Fault((name,), f"{name[:64]!r} is not a parameter of {model.name}{hint}", symbol=name)
            )
        elif isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            is_long = isinstance(value, int) and not isinstance(value, bool)  # whose repr may be refused
            shown = "one so large" if is_long else repr(value)[:40]
            message = f"{name} must be a finite floating-point number, and {shown} is none"
            faults.append(Fault((name,), message, symbol=name))
        else:
            values[name] = float(value) + 0.0  # -0.0 becomes 0.0: one value, one hash
    return faults, values


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the floating-point range
        return False


def _check_bounds(model: Model, parameters: Mapping[str, float]) -> list[Fault]:
    faults = []
    for name, value in parameters.items():
        lower, upper = model.symbols[name].bounds or (-math.inf, math.inf)
        if math.isfinite(value) and not lower <= value <= upper:
            message = f"{name} = {value} is outside its bounds [{lower}, {upper}]: take a value within them"
            faults.append(Fault((name,), message, symbol=name))
    return faults


def _check_finite(
    numbers: Mapping[str, float], trees: Mapping[str, Expression], parameters: Mapping[str, float]
) -> list[Fault]:
    faults = []
    for name, value in numbers.items():
        if not math.isfinite(value):
            at = ", ".join(
                f"{used} = {parameters[used]:g}" for used in _names_behind(name, trees) if used in parameters
            )
            pointer = (name,) if name in parameters else ()
            message = (
                f"{name} is not finite ({value}) at {at or 'its calibration'}: there is no steady state there; "
                "take other parameter values"
            )
            faults.append(Fault(pointer, message, symbol=name))
    return faults


def _names_behind(name: str, trees: Mapping[str, Expression]) -> list[str]:
    """Every name on which a calibrated one depends, itself not counted."""
    found: dict[str, None] = {}
    pending = [name]
    while pending:
        for symbol in symbols_in(trees[pending.pop()]):
            if symbol.name not in found:
                found[symbol.name] = None
                pending.append(symbol.name)
    return list(found)
