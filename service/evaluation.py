"""A solved policy as it is asked over HTTP: states in; controls and definitions out.

Everything is NumPy. One state costs tens of microseconds, so it is answered on the event loop itself; batches
are for a thread, and are evaluated block by block.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from service.blocks import blocks
from service.faults import shown
from service.sensitivities import Sensitivities
from solver.calibrate import calibrate
from solver.diagnostics.euler_errors import EulerJudge
from solver.errors import Fault, StateError
from solver.expectation.ahead import build_expectation
from solver.model.economy import Date
from solver.model.spec import Model
from solver.model.state_space import REGIME
from solver.policy.defined import has_finite_equations
from solver.policy.kinks import size_of_problem
from worker.artifacts import Artifact
from worker.contract import Job

MAX_STATE_FAULTS = 20
IN_DOMAIN = "in_domain"
"""The name of that answer where it stands beside controls and definitions."""


@dataclass(frozen=True)
class Evaluation:
    """A policy's answer at n states.

    Attributes:
        controls: (n, n_controls).
        definitions: by name, (n,).
        in_domain: (n,) whether the domain that was solved holds the state.
    """

    controls: np.ndarray
    definitions: Mapping[str, np.ndarray]
    in_domain: np.ndarray


class Evaluator:
    """One solution's policy with the economy it belongs to. Immutable: requests may share it.

    Attributes:
        policy: the policy itself.
        judge: of its Euler errors, as the certificate measures them.
        target: the largest Euler error that was asked for.
    """

    def __init__(self, model: Model, job: Job, artifact: Artifact) -> None:
        calibration = calibrate(model, job.calibration)
        self.policy = artifact.unpack(model, calibration)
        self.target = job.target
        self._parameters = calibration.parameter_vector()
        judging = job.method.expectation.judging(size_of_problem(model, calibration))
        self.judge = EulerJudge(
            model, calibration, build_expectation(calibration.process, judging, finer=True)
        )
        self.sensitivities = Sensitivities(self.policy, job)
        space = self.policy.space
        self._n_regimes = space.n_regimes
        self.state_names = space.names
        self.control_names = model.controls
        domain: Mapping[str, Sequence[float]] = artifact.read_manifest()["domain"]
        regimes = {REGIME: (0.0, space.n_regimes - 1.0)}
        self.domain = {name: (float(low), float(high)) for name, (low, high) in {**domain, **regimes}.items()}
        self.domain = {name: self.domain[name] for name in self.state_names}
        self._bounds = tuple(self.domain.values())
        self._lower, self._upper = np.array(self._bounds).T

    @cached_property
    def definition_names(self) -> tuple[str, ...]:
        """The names of the definitions, multipliers first."""
        middle = [low if name == REGIME else (low + high) / 2 for name, (low, high) in self.domain.items()]
        return tuple(self._decide(np.array([middle]))[1])

    def evaluate_one(self, state: list[float], *, is_strict: bool) -> dict[str, Any]:
        """The answer at one state, finite values in the order of the states; raises as :meth:`evaluate` does.

        A state of the domain, which is nearly every one, is judged in plain Python: a NumPy call on one number
        costs more than the comparison that it makes.
        """
        states = np.array([state])
        self._check_regimes(states)
        is_inside = all(low <= value <= high for value, (low, high) in zip(state, self._bounds, strict=True))
        today, definitions = self._decide(states)
        answer: dict[str, Any] = {
            "states": dict(zip(self.state_names, state, strict=True)),
            "controls": dict(zip(self.control_names, today.controls[0].tolist(), strict=True)),
            "definitions": {name: values.item() for name, values in definitions.items()},
            "in_domain": is_inside,
        }
        numbers = (*answer["controls"].values(), *answer["definitions"].values())
        if not (is_inside and all(map(math.isfinite, numbers))):
            in_domain = np.array([is_inside])
            self._check_domain(states, in_domain, is_strict=is_strict)
            self._check_defined(states, self._is_answered(today, definitions, in_domain))
        return answer

    def evaluate(self, states: np.ndarray, *, is_strict: bool = False) -> Evaluation:
        """The policy at ``states``.

        Args:
            states: (n, n_states), finite.
            is_strict: refuse states outside the domain instead of extrapolating.

        Raises:
            StateError: a state outside the domain (strict), or one at which the economy is not defined; the
                pointer is ``(state,)`` for a single state and ``(state, row)`` for several.
        """
        self._check_regimes(states)
        n_rows = len(states)
        in_domain = np.all((states >= self._lower) & (states <= self._upper), axis=1)
        self._check_domain(states, in_domain, is_strict=is_strict)
        controls = np.empty((n_rows, len(self.control_names)), order="F")
        definitions = {name: np.empty(n_rows) for name in self.definition_names}
        is_defined = np.empty(n_rows, dtype=bool)
        for rows in blocks(n_rows):
            today, found = self._decide(states[rows])
            controls[rows] = today.controls
            for name, values in found.items():
                definitions[name][rows] = values
            is_defined[rows] = self._is_answered(today, found, in_domain[rows])
        self._check_defined(states, is_defined)
        return Evaluation(controls, definitions, in_domain)

    def tabulate(self, states: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Some controls and definitions, (n,) by name, at ``states`` (n, n_states); NaN where they are not defined.

        Multipliers, which cost an expectation, are found only where they are asked for.
        """
        with np.errstate(all="ignore"):
            today = self.policy.decide(states)
            definitions = self.policy.economy.definitions(self._parameters, today)
            in_domain = np.all((states >= self._lower) & (states <= self._upper), axis=1)
            is_answered = self._is_answered(today, definitions, in_domain)
        found = dict(zip(self.control_names, today.controls.T, strict=True)) | definitions
        if any(name not in found for name in names):
            found |= self.judge.multipliers(self.policy.evaluate, states)
        return {name: np.where(is_answered, found[name], np.nan) for name in names}

    def bounds(self, states: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The lower and the upper bound, (n,) each, of every control that has some, at ``states`` (n, n_states)."""
        economy, process, space = self.policy.economy, self.policy.calibration.process, self.policy.space
        exogenous = space.exogenous_of(np, process.mean, process.values, states)
        with np.errstate(all="ignore"):
            lowers, uppers = economy.bounds(self._parameters, exogenous, space.endogenous(states))
        names = [self.control_names[place] for place in economy.bounded]
        return dict(zip(names, zip(lowers, uppers, strict=True), strict=True))

    def _decide(self, states: np.ndarray) -> tuple[Date, dict[str, np.ndarray]]:
        with np.errstate(all="ignore"):  # far out states overflow; what is not finite is refused later
            today = self.policy.decide(states)
        definitions = self.policy.economy.definitions(self._parameters, today)
        return today, self.judge.multipliers(self.policy.evaluate, states) | definitions

    def _check_regimes(self, states: np.ndarray) -> None:
        """Refuses rows whose regime is none of the chain's."""
        if self._n_regimes == 1:
            return
        regimes = states[:, -1]
        at_fault = np.flatnonzero(
            (regimes != np.round(regimes)) | (regimes < 0) | (regimes >= self._n_regimes)
        )
        if at_fault.size:
            raise StateError(
                [
                    Fault(
                        (REGIME,) if len(states) == 1 else (REGIME, int(row)),
                        f"{REGIME} = {states[row, -1].item()!r} is none of the chain's; ask for a whole number from 0 to "
                        f"{self._n_regimes - 1}",
                    )
                    for row in at_fault[:MAX_STATE_FAULTS]
                ]
            )

    def _check_domain(self, states: np.ndarray, in_domain: np.ndarray, *, is_strict: bool) -> None:
        """Refuses rows outside the domain, where that is strict."""
        if is_strict and not in_domain.all():
            self._refuse(states, ~in_domain, "is outside its domain")

    def _check_defined(self, states: np.ndarray, is_defined: np.ndarray) -> None:
        """Refuses rows at which the economy is not defined."""
        if not is_defined.all():
            reason = "is where the economy is not defined, with no finite value of its equations"
            self._refuse(states, ~is_defined, reason)

    def _is_answered(
        self, today: Date, definitions: Mapping[str, np.ndarray], in_domain: np.ndarray
    ) -> np.ndarray:
        """Whether the economy is defined, (n,).

        Definitions may be finite where it is not (no output at no capital), so outside the domain the equations are asked
        too.
        """
        is_answered: np.ndarray = np.isfinite(today.controls).all(axis=1)
        for values in definitions.values():
            is_answered &= np.isfinite(values)
        outside = ~in_domain
        if outside.any():
            is_answered[outside] &= has_finite_equations(
                self.policy, Date(*(array[outside] for array in today))
            )
        return is_answered

    def _refuse(self, states: np.ndarray, at_fault: np.ndarray, reason: str) -> None:
        faults = []
        for row in np.flatnonzero(at_fault)[:MAX_STATE_FAULTS]:
            values = dict(zip(self.state_names, states[row].tolist(), strict=True))
            outside = {name for name, (low, high) in self.domain.items() if not low <= values[name] <= high}
            for name in outside or values:
                low, high = self.domain[name]
                message = f"{name} = {values[name]!r} {reason}; ask for {name} between {low!r} and {high!r}"
                faults.append(Fault((name,) if len(states) == 1 else (name, int(row)), message))
        raise StateError(faults)

    def check_names(self, names: Mapping[str, Any], *, may_be_left_out: bool = False) -> None:
        """Checks that nothing but the states is given, and all of them unless they may be left out.

        Raises:
            StateError: a state is missing or unknown.
        """
        states = ", ".join(self.state_names)
        faults = [
            Fault((name,), f"{name} is missing; this policy's states are: {states}")
            for name in self.state_names
            if name not in names and not may_be_left_out
        ]
        faults += [
            Fault((name,), f"{shown(name)[1:-1]} is not a state; this policy's states are: {states}")
            for name in names
            if name not in self.state_names
        ]
        if faults:
            raise StateError(faults)
