"""Parameter values, and the steady state and the domain that follow from them.

A file calibrates parameters, states and controls by expressions of each other, in any order. A caller may override
parameters; everything else is computed again, and checked before anything is solved: the parameters against their
bounds, the steady state against the model's own equations, the domain against the steady state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver.errors import CalibrationError, Fault
from solver.language.compiler import compile_program
from solver.language.numpy_backend import NUMPY
from solver.language.parser import suggest
from solver.language.tree import Expression, Number, symbols_in
from solver.model.economy import Economy
from solver.model.spec import Model

#: A steady state may miss a transition, relative to 1 + |state|, or an arbitrage equation by this much: far above
#: rounding (1e-10 at the extremes of the built-in models), far below any economic difference.
STEADY_STATE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Calibration:
    """A full calibration of one model.

    Attributes:
        parameters: every parameter, in the model's order.
        steady_state: every state, control and definition.
        domain: lower and upper bound of every state, in the model's order.
        controls: names of the controls, in the model's order.
    """

    parameters: dict[str, float]
    steady_state: dict[str, float]
    domain: dict[str, tuple[float, float]]
    controls: tuple[str, ...]

    def parameter_vector(self) -> NDArray[np.float64]:
        """The parameters, (n_parameters,)."""
        return np.array(list(self.parameters.values()), dtype=np.float64)

    def state_steady(self) -> NDArray[np.float64]:
        """The steady state of the states, (n_states,)."""
        return np.array([self.steady_state[name] for name in self.domain], dtype=np.float64)

    def control_steady(self) -> NDArray[np.float64]:
        """The steady state of the controls, (n_controls,)."""
        return np.array([self.steady_state[name] for name in self.controls], dtype=np.float64)

    def lower(self) -> NDArray[np.float64]:
        """The lower bounds of the domain, (n_states,)."""
        return np.array([lower for lower, _ in self.domain.values()], dtype=np.float64)

    def upper(self) -> NDArray[np.float64]:
        """The upper bounds of the domain, (n_states,)."""
        return np.array([upper for _, upper in self.domain.values()], dtype=np.float64)


def calibrate(model: Model, overrides: Mapping[str, float] | None = None) -> Calibration:
    """The model's calibration with some parameters replaced.

    Args:
        model: what to calibrate.
        overrides: parameter values by name.

    Raises:
        CalibrationError: every fault found; the pointer of a parameter's fault is ``(parameter,)``.
    """
    faults, values = _check_overrides(model, overrides or {})
    trees = {**model.trees.calibration, **{name: Number(value) for name, value in values.items()}}
    names = (*model.parameters, *model.states, *model.controls)
    numbers = dict(zip(names, _evaluate([trees[name] for name in names], trees), strict=True))
    parameters = {name: numbers[name] for name in model.parameters}
    _refuse([*faults, *_check_bounds(model, parameters)])
    _refuse(_check_finite(numbers, trees, parameters))
    bounds = _evaluate([bound for pair in model.trees.domain.values() for bound in pair], trees)
    domain = dict(zip(model.states, zip(bounds[::2], bounds[1::2], strict=True), strict=True))
    variables = {name: numbers[name] for name in (*model.states, *model.controls)}
    calibration = Calibration(parameters, variables, domain, model.controls)
    faults, definitions = _check_steady_state(model, calibration)
    _refuse([*_check_domain(calibration), *faults])
    return Calibration(parameters, {**variables, **definitions}, domain, model.controls)


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


def _evaluate(expressions: Sequence[Expression], trees: Mapping[str, Expression]) -> list[float]:
    """Values of undated expressions of the calibrated names."""
    return [float(value) + 0.0 for value in compile_program(expressions, frozenset(), trees, NUMPY)([])]


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


def _check_domain(calibration: Calibration) -> list[Fault]:
    faults = []
    for name, (lower, upper) in calibration.domain.items():
        steady = calibration.steady_state[name]
        if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
            message = (
                f"the domain of {name}, [{lower:g}, {upper:g}], is empty or not finite: give lower < upper"
            )
        elif not lower <= steady <= upper:
            message = (
                f"the domain of {name}, [{lower:g}, {upper:g}], does not hold the steady state {steady:g}: "
                "widen it"
            )
        else:
            continue
        faults.append(Fault((), message, symbol=name))
    return faults


def _check_steady_state(model: Model, calibration: Calibration) -> tuple[list[Fault], dict[str, float]]:
    """Faults of a steady state at which the model's own equations do not hold, and its definitions."""
    economy = Economy(model, NUMPY)
    parameters = calibration.parameter_vector()
    states, controls = calibration.state_steady(), calibration.control_steady()
    definitions = {
        name: float(value) for name, value in economy.definitions(parameters, states, controls).items()
    }
    faults = [
        Fault((), f"{name} is not finite ({value}) at the steady state: take other parameters", symbol=name)
        for name, value in definitions.items()
        if not math.isfinite(value)
    ]
    moves = economy.transition(parameters, states, controls) - states
    for name, state, move in zip(model.states, states, moves, strict=True):
        if not abs(move) <= STEADY_STATE_TOLERANCE * (1 + abs(state)):
            message = (
                f"the transition moves {name} by {move:.3g} from its calibrated steady state {state:g}, above "
                f"the tolerance {STEADY_STATE_TOLERANCE:g}: mend the calibration of the steady state"
            )
            faults.append(Fault((), message, symbol=name))
    residuals = economy.arbitrage(parameters, states, controls, states, controls)
    for text, residual in zip(model.equations["arbitrage"], residuals, strict=True):
        if not abs(residual) <= STEADY_STATE_TOLERANCE:
            message = (
                f"this arbitrage equation is off by {residual:.3g} at the calibrated steady state, above the "
                f"tolerance {STEADY_STATE_TOLERANCE:g}: mend the calibration of the steady state"
            )
            faults.append(Fault((), message, equation=text))
    return faults, definitions
