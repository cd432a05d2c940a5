"""The independent verdict on a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from saddlepath.display import HtmlTable, table_of

Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Check:
    """One check of a certificate.

    Attributes:
        name: stable name.
        verdict: its own verdict.
        value: what was measured; None where it is not defined.
        threshold: what it is held against.
        meaning: a sentence about both.
    """

    name: str
    verdict: Verdict
    value: float | None
    threshold: float | None
    meaning: str


@dataclass(frozen=True)
class EulerErrors:
    """Unit-free Euler errors, in consumption, as log10: -3 is a mistake of 0.1 %.

    Attributes:
        mean_log10: of their mean.
        p99_log10: of their 99th percentile.
        max_log10: of the largest.
        states: how many states they were taken at.
    """

    mean_log10: float | None
    p99_log10: float | None
    max_log10: float | None
    states: int


@dataclass(frozen=True, repr=False)
class Certificate(HtmlTable):
    """The verdict on a policy, judged on fresh states by code that shares nothing with training.

    Attributes:
        verdict: the worst of its checks.
        steady_state: the calibration's.
        euler_errors: by region: ``box``, the whole domain; ``ergodic``, along simulated paths; ``binding``, where a bound
            binds.
        checks: each with what it found.
    """

    verdict: Verdict
    steady_state: Mapping[str, float]
    euler_errors: Mapping[str, EulerErrors]
    checks: tuple[Check, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Certificate:
        """The certificate that the service tells."""
        regions = ((name, told["euler_errors"].get(name)) for name in ("box", "ergodic", "binding"))
        errors = {name: _known(EulerErrors, region) for name, region in regions if region}
        checks = tuple(_known(Check, check) for check in told["checks"])
        return cls(told["verdict"], told["steady_state"], errors, checks)

    def title(self) -> str:
        """The headline of its table."""
        return f"Certificate: {self.verdict}"

    def rows(self) -> list[tuple[str, str]]:
        """Its checks, the worst first."""
        order = {"fail": 0, "warn": 1, "pass": 2}
        ranked = sorted(self.checks, key=lambda check: order[check.verdict])
        return [(f"{check.verdict}  {check.name}", check.meaning) for check in ranked]

    def __repr__(self) -> str:
        return table_of(self.title(), self.rows())


def _known(cls: type[Any], told: Mapping[str, Any]) -> Any:
    return cls(**{name: told[name] for name in cls.__dataclass_fields__})
