"""A solved policy as it is asked over HTTP: states in; controls and definitions out.

Everything is NumPy. One state costs tens of microseconds, so it is answered on the event loop itself; batches
are for a thread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.faults import shown
from solver.errors import Fault, StateError
from solver.language.numpy_backend import NUMPY
from solver.model.consumption import consumption
from solver.model.economy import Economy
from solver.model.load import model_from_document
from solver.policy.policy import Policy
from worker.artifacts import Artifact
from worker.contract import Job

MAX_STATE_FAULTS = 20


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
    """One solution's policy with the economy it belongs to. Immutable: requests may share it."""

    def __init__(self, job: Job, artifact: Artifact) -> None:
        model = model_from_document(job.document)
        self._policy: Policy = artifact.unpack()
        self._economy = Economy(model, NUMPY)
        self._parameters = np.array([job.calibration[name] for name in model.parameters], dtype=np.float64)
        domain: Mapping[str, Sequence[float]] = artifact.read_manifest()["domain"]
        self.state_names = self._policy.state_names
        self.control_names = self._policy.control_names
        self.domain = {name: (float(domain[name][0]), float(domain[name][1])) for name in self.state_names}
        self._bounds = tuple(self.domain.values())
        self._lower, self._upper = np.array(self._bounds).T

    def evaluate_one(self, state: list[float], *, is_strict: bool) -> dict[str, Any]:
        """The answer at one state, finite values in the order of the states; raises as :meth:`evaluate` does.

        A state of the domain, which is nearly every one, is judged in plain Python: a NumPy call on one number
        costs more than the comparison that it makes.
        """
        states = np.array([state])
        is_inside = all(low <= value <= high for value, (low, high) in zip(state, self._bounds, strict=True))
        controls, definitions = self._decide(states)
        answer: dict[str, Any] = {
            "states": dict(zip(self.state_names, state, strict=True)),
            "controls": dict(zip(self.control_names, controls[0].tolist(), strict=True)),
            "definitions": {name: values.item() for name, values in definitions.items()},
            "in_domain": is_inside,
        }
        numbers = (*answer["controls"].values(), *answer["definitions"].values())
        if not (is_inside and all(map(math.isfinite, numbers))):
            self._check(states, controls, definitions, np.array([is_inside]), is_strict=is_strict)
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
        in_domain = np.all((states >= self._lower) & (states <= self._upper), axis=1)
        controls, definitions = self._decide(states)
        self._check(states, controls, definitions, in_domain, is_strict=is_strict)
        return Evaluation(controls, definitions, in_domain)

    def _decide(self, states: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        with np.errstate(all="ignore"):  # far out states overflow; what is not finite is refused by _check
            controls = self._policy.evaluate(states)
        return controls, self._economy.definitions(self._parameters, states, controls)

    def _check(
        self,
        states: np.ndarray,
        controls: np.ndarray,
        definitions: Mapping[str, np.ndarray],
        in_domain: np.ndarray,
        *,
        is_strict: bool,
    ) -> None:
        """Refuses rows outside the domain (strict), and those where the economy is not defined.

        Definitions may be finite there (no output at no capital), so outside the domain the equations are asked too.
        """
        outside = ~in_domain
        if is_strict and outside.any():
            self._refuse(states, outside, "is outside its domain")
        is_defined: np.ndarray = np.isfinite(controls).all(axis=1)
        for values in definitions.values():
            is_defined &= np.isfinite(values)
        is_defined[outside] &= self._is_defined(states[outside], controls[outside])
        if not is_defined.all():
            self._refuse(
                states,
                ~is_defined,
                "is where the economy is not defined, with no finite value of its equations",
            )

    def _is_defined(self, states: np.ndarray, controls: np.ndarray) -> np.ndarray:
        residuals = self._economy.arbitrage(self._parameters, states, controls, states, controls)
        next_states = self._economy.transition(self._parameters, states, controls)
        is_defined: np.ndarray = np.isfinite(residuals).all(axis=1) & np.isfinite(next_states).all(axis=1)
        consumed = consumption(self._economy, self._parameters, states, controls)
        return is_defined if consumed is None else is_defined & (consumed > 0)

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

    def check_names(self, names: Mapping[str, Any]) -> None:
        """Checks that exactly the states are given.

        Raises:
            StateError: a state is missing or unknown.
        """
        states = ", ".join(self.state_names)
        faults = [
            Fault((name,), f"{name} is missing; this policy's states are: {states}")
            for name in self.state_names
            if name not in names
        ]
        faults += [
            Fault((name,), f"{shown(name)[1:-1]} is not a state; this policy's states are: {states}")
            for name in names
            if name not in self.state_names
        ]
        if faults:
            raise StateError(faults)
