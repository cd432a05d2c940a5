"""The certificate: what is judged, the thresholds, and the verdict that follows.

The wire format is the ``certificate`` of the HTTP contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal["pass", "warn", "fail"]
_ORDER: tuple[Verdict, ...] = ("pass", "warn", "fail")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorSummary(_Frozen):
    """Euler errors over a set of states, in log10; null where the error is not defined at every state."""

    mean_log10: float | None = Field(description="log10 of the mean error.")
    p99_log10: float | None = Field(description="log10 of the 99th percentile.")
    max_log10: float | None = Field(description="log10 of the largest error.")
    states: int = Field(description="Number of states judged.")


class EulerErrors(_Frozen):
    """Euler errors where the policy was asked for and where the economy goes."""

    units: Literal["consumption", "residual"] = Field(
        description="consumption: the fraction by which consumption is off; residual: the equation as written, as a "
        "fraction of its sides at the steady state where these are below one."
    )
    box: ErrorSummary = Field(description="Over fresh states of the domain.")
    ergodic: ErrorSummary = Field(
        description="Along simulated paths; of a deterministic model, along its way to the steady state."
    )
    binding: ErrorSummary | None = Field(
        None,
        description="Over those fresh states of the domain at which a bound holds a control; null where none does.",
    )


class Check(_Frozen):
    """One question asked of the policy.

    ``value`` is held against ``threshold``: at most that passes. ``value`` is null where it is not defined.
    """

    name: str
    verdict: Verdict
    value: float | None
    threshold: float
    meaning: str

    @classmethod
    def of(cls, name: str, value: float | None, passes: float, warns: float, meaning: str) -> Check:
        """A check that passes up to the first threshold, warns up to the second, and fails above it or where undefined."""
        if value is None or not np.isfinite(value):
            return cls(name=name, verdict="fail", value=None, threshold=passes, meaning=meaning)
        verdict: Verdict = "pass" if value <= passes else "warn" if value <= warns else "fail"
        return cls(name=name, verdict=verdict, value=value, threshold=passes, meaning=meaning)


class Certificate(_Frozen):
    """An independent verdict on a policy: the worst of its checks."""

    verdict: Verdict
    steady_state: dict[str, float]
    euler_errors: EulerErrors
    checks: tuple[Check, ...]

    @property
    def rank(self) -> int:
        """0 of one that passes, 1 of one that warns, 2 of one that fails."""
        return _ORDER.index(self.verdict)


def summarise(errors: np.ndarray) -> ErrorSummary:
    """Mean, 99th percentile and maximum of errors (n,), in log10; zero counts as the rounding of a double."""
    if not np.all(np.isfinite(errors)):
        return ErrorSummary(mean_log10=None, p99_log10=None, max_log10=None, states=len(errors))
    floor = np.finfo(float).eps
    mean, p99, largest = (
        float(np.log10(max(value, floor)))
        for value in (errors.mean(), np.quantile(errors, 0.99), errors.max())
    )
    return ErrorSummary(mean_log10=mean, p99_log10=p99, max_log10=largest, states=len(errors))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts."""
    return max(verdicts, key=_ORDER.index)
