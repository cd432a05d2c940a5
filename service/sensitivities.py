"""The sensitivities of one solution as they are asked over HTTP: found when first asked for, then kept.

Finding them takes a least squares as large as a step of training and no TensorFlow: a fraction of a second for most
policies, some seconds for the largest. So no solve pays for what few ask, and every stored policy has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from service.blocks import blocks
from service.errors import RequestError
from service.faults import located, shown
from solver.errors import Fault
from solver.policy.policy import Policy
from solver.sensitivity import Derivatives, Sensitivity, Tangent
from worker.contract import Job

FIELD = "sensitivity"


@dataclass(frozen=True)
class ParameterAnswer:
    """The derivatives by one parameter at the states that were asked, and the misfit of its tangent."""

    derivatives: Derivatives
    misfit: float


class Sensitivities:
    """The sensitivities of one policy; requests may share it."""

    def __init__(self, policy: Policy, job: Job) -> None:
        self._policy = policy
        self._job = job
        self._tangents: dict[str, Tangent] = {}

    def at(self, names: Sequence[str], states: np.ndarray) -> dict[str, ParameterAnswer]:
        """The derivatives by some parameters at states (n, n_columns) at which the policy is defined.

        Args:
            names: that :meth:`check` has passed.
            states: states.

        Raises:
            MethodError: a policy whose output layer is too large.
            CalibrationError: a parameter that can move neither way.
        """
        unknown = [name for name in names if name not in self._tangents]
        if unknown:
            with located(FIELD):
                self._tangents.update(self._sensitivity.tangents(unknown))
        tangents = {name: self._tangents[name] for name in names}
        return {
            name: ParameterAnswer(self._derivatives(tangent, states), tangent.misfit)
            for name, tangent in tangents.items()
        }

    def _derivatives(self, tangent: Tangent, states: np.ndarray) -> Derivatives:
        parts = [self._sensitivity.at(tangent, states[rows]) for rows in blocks(len(states))]
        names = parts[0].definitions
        return Derivatives(
            np.concatenate([part.controls for part in parts]),
            {name: np.concatenate([part.definitions[name] for part in parts]) for name in names},
        )

    def check(self, names: Sequence[str]) -> None:
        """Checks that names are parameters of the model, each once.

        Raises:
            RequestError: every fault.
        """
        parameters = self._policy.model.parameters
        known = ", ".join(parameters) or "none"
        faults = []
        for name, count in Counter(names).items():
            if name not in parameters:
                message = f"{shown(name)} is not a parameter; this model's parameters are: {known}"
                faults.append(Fault((FIELD,), message))
            elif count > 1:
                faults.append(Fault((FIELD,), f"{shown(name)} stands more than once; give it once"))
        if faults:
            raise RequestError(faults)

    @cached_property
    def _sensitivity(self) -> Sensitivity:
        return Sensitivity(self._policy, self._job.method, self._job.seed)
