"""A calibrated model: parameters, steady state, linear rule and domain, checked before anything is solved.

The domain of a state is the file's; where the file gives none, it is what the linear rule expects the economy to visit,
three standard deviations around the steady state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from solver.classical.perturbation import LinearRule, linear_rule
from solver.errors import CalibrationError, Fault
from solver.language.tree import Number
from solver.model.domain import check_consumption, check_domain, check_natural_domains, file_domain
from solver.model.process import Process
from solver.model.spec import Model
from solver.model.state_space import REGIME, state_space
from solver.model.steady_state import calibrated_trees, evaluate_undated, find_steady_state

_DEVIATIONS = 3.0
#: Two values this close, relative to their size, are one, computed on two machines.
_SAME = 1e-12
#: A state that shocks do not move is solved this far around its steady state, relative to it or, at zero, absolutely.
_STILL_WIDTH = 0.1


@dataclass(frozen=True)
class Calibration:
    """A full calibration of one model.

    Attributes:
        parameters: every parameter, in the model's order.
        steady_state: every exogenous variable, state, control and definition.
        domain: lower and upper bound of every continuous state of the policy, in its order.
        controls: names of the controls, in the model's order.
        process: the law of the exogenous variables.
        rule: the linear rule at the steady state.
        notes: what a reader should know of how this was found.
    """

    parameters: dict[str, float]
    steady_state: dict[str, float]
    domain: dict[str, tuple[float, float]]
    controls: tuple[str, ...]
    process: Process = field(repr=False, compare=False)
    rule: LinearRule = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()

    def parameter_vector(self) -> NDArray[np.float64]:
        """The parameters, (n_parameters,)."""
        return np.array(list(self.parameters.values()), dtype=np.float64)

    def state_steady(self) -> NDArray[np.float64]:
        """The steady state of the policy's continuous states, (n_continuous,)."""
        return np.array([self.steady_state[name] for name in self.domain], dtype=np.float64)

    def control_steady(self) -> NDArray[np.float64]:
        """The steady state of the controls, (n_controls,)."""
        return np.array([self.steady_state[name] for name in self.controls], dtype=np.float64)

    def lower(self) -> NDArray[np.float64]:
        """The lower bounds of the domain, (n_continuous,)."""
        return np.array([lower for lower, _ in self.domain.values()], dtype=np.float64)

    def upper(self) -> NDArray[np.float64]:
        """The upper bounds of the domain, (n_continuous,)."""
        return np.array([upper for _, upper in self.domain.values()], dtype=np.float64)


def calibrate(model: Model, overrides: Mapping[str, float] | None = None) -> Calibration:
    """The model's calibration with some parameters replaced.

    Args:
        model: what to calibrate.
        overrides: parameter values by name.

    Raises:
        CalibrationError: every fault found; the pointer of a parameter's fault is ``(parameter,)``.
    """
    steady = find_steady_state(model, overrides)
    rule = linear_rule(model, steady)
    domain, notes = _domain(model, steady.parameters, steady.values, rule)
    faults = [
        *check_domain(domain, steady.values),
        *check_natural_domains(model, steady.values),
        *check_consumption(model, steady.values),
    ]
    if faults:
        raise CalibrationError(faults)
    return Calibration(
        parameters=steady.parameters,
        steady_state=steady.values,
        domain=domain,
        controls=model.controls,
        process=steady.process,
        rule=rule,
        notes=(*steady.notes, *notes),
    )


def recalibrate(model: Model, calibration: Calibration, name: str, value: float) -> Calibration:
    """The calibration with one parameter at another value.

    Parameters that the file derives from others follow; those that are not what it derives were given, and stay.

    Raises:
        CalibrationError: as of :func:`calibrate`.
    """
    given = calibration.parameters
    followed = {
        other
        for other, value in given.items()
        if not isinstance(model.trees.calibration[other], Number)
        and math.isclose(_derived(model, given, other), value, rel_tol=_SAME)
    }
    return calibrate(model, {key: own for key, own in given.items() if key not in followed} | {name: value})


def _derived(model: Model, parameters: Mapping[str, float], name: str) -> float:
    """What the file's expression of a parameter gives at the values of all others."""
    trees = calibrated_trees(model, {key: value for key, value in parameters.items() if key != name})
    return evaluate_undated([trees[name]], trees)[0]


def _domain(
    model: Model, parameters: Mapping[str, float], steady: Mapping[str, float], rule: LinearRule
) -> tuple[dict[str, tuple[float, float]], list[str]]:
    given = file_domain(model, parameters, steady)
    domain, notes = {}, []
    names = [name for name in state_space(model).names if name != REGIME]
    for place, name in enumerate(names):
        if name in given:
            domain[name] = given[name]
            continue
        if rule.covariance is None:
            message = (
                f"the state {name} has no domain, and none follows from the linear rule ({rule.sentence}): "
                "give [lower, upper] in the file"
            )
            raise CalibrationError([Fault((), message, symbol=name)])
        width = _DEVIATIONS * math.sqrt(max(rule.covariance[place, place], 0.0))
        how = f"{_DEVIATIONS:g} standard deviations of the linear rule"
        if width <= 1e-8 * (1 + abs(steady[name])):
            width, how = _STILL_WIDTH * (abs(steady[name]) or 1.0), "no shock moves it: a tenth of its size"
        domain[name] = steady[name] - width, steady[name] + width
        notes.append(f"The domain of {name} is its steady state ± {width:.4g} ({how}).")
    return domain, notes
