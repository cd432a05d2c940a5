"""The outcome of a solve: what is kept, judged and served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from solver.calibrate import Calibration
from solver.diagnostics.certificate import Certificate
from solver.errors import SolveFailedError
from solver.policy.policy import Policy
from solver.progress import Progress
from solver.settings import SolveSettings
from solver.status import Status


class StartUse(StrEnum):
    """What became of the policy that a solve was to start from.

    ``taken``: the policy was trained from it. ``undefined``: its Euler errors at the held-out states are not defined, and
    ``not_better``: they are no smaller than the linear rule's; either way training began at the linear rule. ``missed``:
    what was trained from it missed the target or a check, so that training began again at the linear rule, and ended
    with the better policy.
    """

    TAKEN = "taken"
    UNDEFINED = "undefined"
    NOT_BETTER = "not_better"
    MISSED = "missed"


@dataclass(frozen=True)
class Provenance:
    """What produced a solution.

    Attributes:
        versions: releases of Python and of the libraries that numbers depend on.
        device: ``"cpu"`` or ``"gpu"``, where training ran.
        dtype: floating-point type of training.
        solve_s: seconds of the whole solve, certificate included.
        training_s: seconds of training alone.
        start: what became of the policy to start from; None where there was none.
    """

    versions: Mapping[str, str]
    device: str
    dtype: str
    solve_s: float
    training_s: float
    start: StartUse | None = None


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
