"""A solution as it was last told, without a client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saddlepath.certificate import Certificate, EulerErrors, Verdict
from saddlepath.display import HtmlTable, error, named, table_of
from saddlepath.progress import Progress
from saddlepath.solving import Record
from saddlepath.wire import OVER

_REGIONS = {"box": "whole domain", "ergodic": "simulated", "binding": "where a bound binds"}


class SolutionRecord(HtmlTable):
    """What is known of a solution.

    Attributes:
        record: all of it, as the service told it last.
    """

    def __init__(self, record: Record) -> None:
        self.record = record

    @property
    def id(self) -> str:
        """Its id: a hash of the model, the calibration, the method, the target and the seed."""
        return str(self.record["id"])

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.record["model"]["name"])

    @property
    def status(self) -> str:
        """``queued``, ``running``, ``succeeded``, ``failed`` or ``cancelled``."""
        return str(self.record["status"])

    @property
    def is_over(self) -> bool:
        """Whether its solve has ended, be it with a policy or without."""
        return self.status in OVER

    @property
    def calibration(self) -> Mapping[str, float]:
        """The value of every parameter."""
        found: Mapping[str, float] = self.record["calibration"]
        return found

    @property
    def progress(self) -> Progress | None:
        """How far training is, or how it ended; None before it begins."""
        told = self.record["progress"]
        return None if told is None else Progress.of(told)

    @property
    def certificate(self) -> Certificate:
        """The independent verdict, with every check.

        Raises:
            AttributeError: it is not solved.
        """
        told = self.record["certificate"]
        if told is None:
            raise AttributeError(f"solution {self.id} is {self.status} and has no certificate; wait() for it")
        return Certificate.of(told)

    @property
    def verdict(self) -> Verdict:
        """``pass``, ``warn`` or ``fail``."""
        return self.certificate.verdict

    @property
    def euler_errors(self) -> Mapping[str, EulerErrors]:
        """Those of the certificate, by region."""
        return self.certificate.euler_errors

    @property
    def steady_state(self) -> Mapping[str, float]:
        """The calibration's, of every variable; ``rest()`` tells the policy's own."""
        return self.certificate.steady_state

    def title(self) -> str:
        """The headline of its table."""
        state = self.verdict if self.status == "succeeded" else self.status
        return f"Solution {self.id} of {self.model}: {state}"

    def rows(self) -> list[tuple[str, str]]:
        """What its table says."""
        rows = [("calibration", named(self.calibration))]
        if self.status != "succeeded":
            return rows + self._unsolved_rows()
        for region, errors in self.euler_errors.items():
            text = f"max {error(errors.max_log10)}  mean {error(errors.mean_log10)}  {_REGIONS[region]}"
            rows.append(("Euler errors", text))
        rows.append(("steady state", named(self.steady_state)))
        rows += [
            (check.verdict, f"{check.name}: {check.meaning}")
            for check in self.certificate.checks
            if check.verdict != "pass"
        ]
        provenance: Mapping[str, Any] = self.record["provenance"]
        return [
            *rows,
            ("solved", f"in {provenance['solve_s']:.2g} s, {provenance['status'].replace('_', ' ')}"),
        ]

    def _unsolved_rows(self) -> list[tuple[str, str]]:
        if problem := self.record["problem"]:
            return [("problem", str(problem["detail"]))]
        return [("training", str(self.progress))] if self.progress else []

    def __repr__(self) -> str:
        return table_of(self.title(), self.rows())
