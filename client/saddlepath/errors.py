"""Everything that this client raises.

::

    SaddlepathError
    ├── UnreachableError           nothing answers, or what answers is no Saddlepath server
    ├── ProblemError               the service refused; has .code, .status and .errors
    │   ├── InvalidError           400, 406, 413, 415, 422: the request has faults
    │   ├── AccessError            401, 403: no key, or one that may not do this
    │   ├── NotFoundError          404, 410: there is no such solution or model
    │   ├── ConflictError          409: how things stand does not allow it
    │   ├── BusyError              429: too much is under way, even after waiting
    │   └── ServerError            5xx: the fault is not with the request
    ├── JobError                   a job ended without a result; has .id, .status and .problem
    │   ├── SolveError             a solve, without a policy
    │   └── SimulationError        a large simulation
    ├── SolveTimeoutError          it is not over in the time that was given, and goes on; has .id
    ├── LocalServerError           the server that ``local()`` starts is not there
    ├── InputError                 what was given cannot even be sent; a ValueError as well
    └── MissingExtraError          an optional package is not installed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class SaddlepathError(Exception):
    """Anything that goes wrong between this client and its server. May be pickled, as processes of a pool do."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args), vars(self)


def _restored(kind: type[SaddlepathError], arguments: tuple[Any, ...]) -> SaddlepathError:
    return kind.__new__(kind, *arguments)


class UnreachableError(SaddlepathError):
    """Nothing answers at the server's address.

    Attributes:
        url: the address.
    """

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        super().__init__(
            f"no Saddlepath server answers at {url}: {reason}. Start one by `make serve` or "
            "`saddlepath-server up`, take one up from Python by `saddlepath.local()`, or say where one is: "
            "url=…, or the environment variable SADDLEPATH_URL"
        )


@dataclass(frozen=True)
class Fault:
    """One mistake in a request.

    Attributes:
        pointer: JSON pointer to its place in the request, e.g. ``/calibration/beta``; empty for the whole.
        message: names the value, the bound and the remedy.
        equation: the equation as written, where there is one.
        symbol: the symbol at fault, where there is one.
        line: line in the model file, from 1.
        column: column in the model file, from 1.
    """

    pointer: str
    message: str
    equation: str | None = None
    symbol: str | None = None
    line: int | None = None
    column: int | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Fault:
        """The fault that a problem document tells; members that this release does not know are left out."""
        known = {name: told[name] for name in cls.__dataclass_fields__ if name in told}
        return cls(**({"pointer": "", "message": ""} | known))

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line is not None else self.pointer
        if self.line is not None and self.column is not None:
            place += f", column {self.column}"
        return f"{place}: {self.message}" if place else self.message


class ProblemError(SaddlepathError):
    """The service answered by a problem document (RFC 9457).

    Attributes:
        status: the HTTP status.
        code: stable name of the kind of problem.
        title: the kind of problem, for people.
        detail: this occurrence, for people.
        errors: every fault of the request.
        document: the whole document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = dict(document)
        self.status = int(document["status"])
        self.code = str(document["code"])
        self.title = str(document["title"])
        self.detail = str(document["detail"])
        self.errors = tuple(Fault.of(told) for told in document.get("errors") or ())
        super().__init__(self._text())

    def _text(self) -> str:
        if not self.errors:
            return f"{self.title}: {self.detail}"
        return "\n  ".join([f"{self.title}:", *map(str, self.errors)])


class InvalidError(ProblemError):
    """The request has faults: ``errors`` lists all of them."""

    @property
    def model_faults(self) -> tuple[Fault, ...]:
        """The faults of the model file that was sent; none where something else is at fault."""
        if self.code == "malformed-body":  # not even of its media type, as JSON that does not end
            return (Fault("", self.detail),)
        return self.errors if self.code == "invalid-model" else ()


class AccessError(ProblemError):
    """The server wants a key, or the key may not do this."""

    def _text(self) -> str:
        return f"{super()._text()}. Give a key: key=…, or the environment variable SADDLEPATH_API_KEY"


class NotFoundError(ProblemError):
    """There is no such solution or model, or it was deleted."""


class ConflictError(ProblemError):
    """How things stand does not allow it: the solution has no policy yet, or none at all."""


class BusyError(ProblemError):
    """Too much is under way, and was so still when it was asked again."""


class ServerError(ProblemError):
    """The service, or a proxy before it, failed; the request need not be changed."""


class JobError(SaddlepathError):
    """A job of the service's ended without a result.

    Attributes:
        id: of the solution or simulation that it was.
        status: ``failed`` or ``cancelled``.
        problem: what the service tells about it; None of a cancelled one.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.id = str(record["id"])
        self.status = str(record["status"])
        self.problem: Mapping[str, Any] | None = record.get("problem")
        super().__init__(self._text(record, f": {self.problem['detail']}" if self.problem else ""))

    def _text(self, record: Mapping[str, Any], detail: str) -> str:
        return f"{self.id} was {self.status}{detail}"


class SolveError(JobError):
    """A solve ended without a policy."""

    def _text(self, record: Mapping[str, Any], detail: str) -> str:
        end = "not solved" if self.status == "failed" else self.status
        return (
            f"solution {self.id} of {record['model']['name']} was {end}{detail}. To put it in the queue "
            f"again: client.solution('{self.id}').retry(), or POST /v1/solutions/{self.id}/retry"
        )


class SimulationError(JobError):
    """A simulation that was too large for one request ended without a result."""

    def _text(self, record: Mapping[str, Any], detail: str) -> str:
        return f"simulation {self.id} of solution {record['solution']} was {self.status}{detail}"


class SolveTimeoutError(SaddlepathError):
    """A solve is not over in the time that was given; it goes on.

    Attributes:
        id: the solution's id.
    """

    def __init__(self, solution_id: str, timeout_s: float) -> None:
        self.id = solution_id
        super().__init__(
            f"solution {solution_id} is not solved after {timeout_s:g} s. It goes on: take it up again by "
            f"client.solution('{solution_id}').wait(), or end it by .cancel()"
        )


class LocalServerError(SaddlepathError):
    """The server that :func:`saddlepath.local` starts is not installed, or did not come up."""


class InputError(SaddlepathError, ValueError):
    """What was given cannot even be sent."""


class MissingExtraError(SaddlepathError, ImportError):
    """An optional package is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs more than is installed: pip install 'saddlepath[{extra}]'")


_CLASSES: dict[int, type[ProblemError]] = {
    401: AccessError,
    403: AccessError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    429: BusyError,
}


def problem_of(status: int, document: Mapping[str, Any]) -> ProblemError:
    """The exception for a problem document."""
    default = ServerError if status >= 500 else InvalidError
    return _CLASSES.get(status, default)(document)
