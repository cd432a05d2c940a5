"""Checks of Euler errors: how large they are, and what they add up to."""

from __future__ import annotations

import numpy as np

from solver.diagnostics.case import Case
from solver.diagnostics.certificate import Check, ErrorSummary, EulerErrors

_ERROR_PASS, _ERROR_WARN = -4.0, -2.0
#: A tenth of a per cent of consumption is less than such models are trusted to; a tenth of it is no answer.
_ADDED_PASS, _ADDED_WARN = 1e-3, 1e-1


def check_errors(name: str, summary: ErrorSummary, where: str) -> Check:
    """How large the largest error of some states is; ``where`` says which."""
    outcome = "is not defined" if summary.max_log10 is None else f"is 10^{summary.max_log10:.1f}"
    return Check.of(
        name,
        summary.max_log10,
        _ERROR_PASS,
        _ERROR_WARN,
        f"The largest Euler error {where} {outcome}; up to 10^{_ERROR_PASS:g} passes, "
        f"above 10^{_ERROR_WARN:g} fails.",
    )


def check_target(summary: ErrorSummary, target: float) -> Check:
    """Whether the error that was asked for is met."""
    value, threshold = summary.max_log10, float(np.log10(target))
    is_met = value is not None and value <= threshold
    return Check(
        name="target",
        verdict="pass" if is_met else "warn",
        value=value,
        threshold=threshold,
        meaning=f"The largest Euler error of the fresh states {'meets' if is_met else 'misses'} "
        f"the target of {target:g}.",
    )


def check_accumulated(case: Case, errors: EulerErrors) -> Check:
    """A policy is off by the errors of every period ahead, discounted by the smallest unstable root λ.

    Solved forward, a constant error of each period makes one of 1 / (1 - 1/λ) times its size: a slow economy, whose λ is
    near one, makes a wrong policy of small errors.
    """
    root = case.calibration.rule.unstable_root
    means = [one.mean_log10 for one in (errors.box, errors.ergodic)]
    value = (
        None if None in means else 10.0 ** max(mean for mean in means if mean is not None) / (1 - 1 / root)
    )
    return Check.of(
        "accumulated",
        value,
        _ADDED_PASS,
        _ADDED_WARN,
        "How far the policy may be off, to first order, by the mean Euler errors of all periods ahead: one's "
        f"times {1 / (1 - 1 / root):.3g}, as the smallest unstable root of the economy has it.",
    )
