"""The outcome of a solve: what is kept, judged and served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.calibrate import Calibration
from solver.diagnostics.certificate import Certificate
from solver.errors import SolveFailedError
from solver.policy.policy import Policy
from solver.progress import Progress
from solver.settings import SolveSettings
from solver.status import Status


@dataclass(frozen=True)
class Provenance:
    """What produced a solution.

    Attributes:
        versions: releases of Python and of the libraries that numbers depend on.
        device: ``"cpu"`` or ``"gpu"``, where training ran.
        dtype: floating-point type of training.
        solve_s: seconds of the whole solve, certificate included.
        training_s: seconds of training alone.
    """

    versions: Mapping[str, str]
    device: str
    dtype: str
    solve_s: float
    training_s: float


@dataclass(frozen=True)
class Solution:
    """A solved parameterisation.

    Attributes:
        status: how training ended.
        calibration: the parameters, steady state and domain that were solved.
        settings: the method in full.
        policy: the best decision rule that training found; None when it found none or was cancelled.
        certificate: the independent verdict on the policy; None exactly when there is no policy.
        history: the reports of training, in order.
        provenance: what produced it.
    """

    status: Status
    calibration: Calibration
    settings: SolveSettings
    policy: Policy | None
    certificate: Certificate | None
    history: tuple[Progress, ...]
    provenance: Provenance

    def raise_for_status(self) -> Solution:
        """This solution itself, if it has a policy.

        Raises:
            SolveFailedError: the solve ended without a policy; the message says why and what to try.
        """
        if self.policy is None:
            raise SolveFailedError(f"{self.status.sentence} {self.status.remedy}")
        return self
