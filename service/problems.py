"""Every failure as a problem document (RFC 9457): the one table from exceptions to HTTP.

Domain exceptions know nothing of HTTP. A class without a row of its own would be answered as its base, so a
test walks all of them and fails on one that has none.
"""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from service import errors as service_errors
from service.encoding import ProblemResponse
from service.faults import MAX_FAULTS, pointer_text
from service.methods import allowed_methods
from solver import errors as solver_errors
from solver.errors import Fault
from worker import errors as worker_errors
from worker.simulation_job import is_simulation

TYPE_PREFIX = "/problems/"
RETRY_AFTER_S = 2


@dataclass(frozen=True)
class Row:
    """How one class of exceptions is answered.

    Attributes:
        status: the HTTP status.
        code: stable name of the problem, for programs.
        title: the same for people; does not change from one occurrence to the next.
        retry_after_s: seconds after which the same request may succeed, where the exception itself does not tell; None when
            it will not.
        is_told: whether the exception's own message is shown; that of a broken invariant is only logged.
    """

    status: int
    code: str
    title: str
    retry_after_s: int | None = None
    is_told: bool = True


PROBLEMS: dict[type[Exception], Row] = {
    service_errors.ServiceError: Row(400, "bad-request", "The request cannot be served"),
    service_errors.MalformedBodyError: Row(400, "malformed-body", "The body is not of its media type"),
    service_errors.BodyTooLargeError: Row(413, "body-too-large", "The body is too large"),
    service_errors.MediaTypeError: Row(415, "media-type", "The media type of the body is not read here"),
    service_errors.NotAcceptableError: Row(
        406, "not-acceptable", "The answer is not written in this media type"
    ),
    service_errors.UnauthenticatedError: Row(401, "unauthenticated", "No valid key was sent"),
    service_errors.ScopeError: Row(403, "scope", "The key may not do this"),
    service_errors.ForeignPageError: Row(403, "foreign-page", "The request is for a page of another site"),
    service_errors.RateError: Row(429, "key-rate", "The key has sent too many requests", RETRY_AFTER_S),
    service_errors.RequestError: Row(422, "invalid-request", "The request is not valid"),
    service_errors.BusyError: Row(429, "busy", "Too much of this is under way", RETRY_AFTER_S),
    service_errors.DeletedError: Row(409, "deleted", "The solution was deleted"),
    service_errors.StartLostError: Row(409, "start-lost", "The solution to start from is not there any more"),
    service_errors.NoHistoryError: Row(409, "no-history", "Nothing was kept of the training"),
    service_errors.UnsolvedError: Row(409, "unsolved", "The solution has no policy"),
    service_errors.UnfinishedError: Row(409, "unfinished", "The simulation has no result"),
    solver_errors.SolverError: Row(500, "internal", "The service failed", is_told=False),
    solver_errors.InputError: Row(422, "invalid-input", "The input is not valid"),
    solver_errors.ModelError: Row(422, "invalid-model", "The model is not valid"),
    solver_errors.CalibrationError: Row(422, "invalid-calibration", "The calibration is not valid"),
    solver_errors.MethodError: Row(422, "invalid-method", "The method is not valid"),
    solver_errors.StartError: Row(422, "invalid-start", "The solution cannot start from that one"),
    solver_errors.StateError: Row(422, "invalid-state", "The policy is not defined at these states"),
    solver_errors.UnknownModelError: Row(404, "unknown-model", "There is no such model"),
    solver_errors.SolveFailedError: Row(409, "solve-failed", "The solve ended without a policy"),
    solver_errors.ArtifactError: Row(500, "artifact", "The stored policy cannot be read", is_told=False),
    worker_errors.WorkerError: Row(500, "internal", "The service failed", is_told=False),
    worker_errors.StoreUnavailableError: Row(
        503, "store-unavailable", "The store does not answer", RETRY_AFTER_S, is_told=False
    ),
    worker_errors.StoreFullError: Row(507, "store-full", "The memory of the store is full"),
    worker_errors.DataTooNewError: Row(503, "data-too-new", "A later release has written the store's data"),
    worker_errors.JobNotFoundError: Row(404, "unknown-solution", "There is no such solution"),
    worker_errors.JobGoneError: Row(410, "gone", "The solution was deleted"),
    worker_errors.SimulationNotFoundError: Row(404, "unknown-simulation", "There is no such simulation"),
    worker_errors.SimulationGoneError: Row(410, "simulation-gone", "The simulation was deleted"),
    worker_errors.JobConflictError: Row(409, "conflict", "The solution's status does not allow this"),
    worker_errors.QueueFullError: Row(429, "queue-full", "Too many jobs are waiting", RETRY_AFTER_S),
    worker_errors.WaitingLimitError: Row(
        429, "key-waiting", "Too many jobs of this key are waiting", RETRY_AFTER_S
    ),
    worker_errors.SecondsLimitError: Row(429, "key-seconds", "The key's seconds of today are spent", 60),
    worker_errors.KeyNotFoundError: Row(404, "unknown-key", "There is no such key"),
    worker_errors.ModelNotFoundError: Row(404, "unknown-model", "There is no such model"),
    worker_errors.RegistryFullError: Row(409, "registry-full", "Too many models are registered"),
    worker_errors.ModelsLimitError: Row(409, "key-models", "The key has registered as many models as it may"),
    worker_errors.WebhookUrlError: Row(422, "invalid-webhook", "The webhook is not valid"),
    worker_errors.WebhookRefusedError: Row(422, "invalid-webhook", "The webhook is not valid"),
    worker_errors.WebhooksFullError: Row(409, "webhooks-full", "Too many webhooks are asked for"),
    worker_errors.ExportFailedError: Row(
        500, "export", "The policy cannot be written in this form", is_told=False
    ),
    worker_errors.RecordError: Row(422, "invalid-record", "The record is not valid"),
    worker_errors.CursorError: Row(422, "invalid-cursor", "The cursor is not valid"),
    worker_errors.AttemptRefusedError: Row(500, "internal", "The service failed", is_told=False),
    ClientDisconnect: Row(400, "disconnected", "The client left before its request was complete"),
}
_UNTOLD = {
    500: "The fault is on this side and has been logged; the request need not be changed.",
    503: "Nothing is known about what was asked; the same request may be sent again.",
}
_INTERNAL = PROBLEMS[solver_errors.SolverError]


def row_of(error: Exception) -> Row:
    """The row of an exception's class, or of the nearest class above it."""
    return next((PROBLEMS[cls] for cls in type(error).__mro__ if cls in PROBLEMS), _INTERNAL)


def install(app: FastAPI) -> None:
    """Makes every failure of ``app`` a problem document."""
    for error_class in PROBLEMS:
        app.add_exception_handler(error_class, answer_known)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, answer_defect)


def problem(row: Row, detail: str, headers: dict[str, str] | None = None, **members: Any) -> ProblemResponse:
    """The response for one row of the table.

    ``error`` says the same as ``detail``, where clients of the Open Inference Protocol look for it.
    """
    body = {
        "type": TYPE_PREFIX + row.code,
        "title": row.title,
        "status": row.status,
        "code": row.code,
        "detail": detail,
        "error": detail,
        **members,
    }
    return ProblemResponse(body, row.status, headers)


async def answer_known(request: Request, error: Exception) -> Response:
    """The answer to an exception of the table."""
    row = row_of(error)
    if row.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log_defect(request, error)
    elif isinstance(error, worker_errors.StoreUnavailableError):
        structlog.get_logger().warning("request not served", path=request.url.path, reason=str(error))
    members = dict(getattr(error, "members", {}))
    if isinstance(error, worker_errors.JobConflictError):
        members[_kind(error.job_id)] = {"id": error.job_id, "status": error.status}
    if isinstance(error, worker_errors.JobGoneError):
        members[_kind(error.job_id)] = {"id": error.job_id, "status": "deleted"}
        members["deletion"] = {"at": error.deleted_at, "reason": error.reason}
    if faults := getattr(error, "faults", ()):
        members["errors"] = [_told(fault) for fault in faults[:MAX_FAULTS]]
    retry_after_s = getattr(error, "retry_after_s", row.retry_after_s)
    headers = dict(getattr(error, "headers", {}))
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    detail = str(error) if row.is_told else _UNTOLD[row.status]
    if faults:
        detail = faults[0].message + (f" (and {len(faults) - 1} more)" if len(faults) > 1 else "")
    return problem(row, detail, headers, **members)


def _kind(job_id: str) -> str:
    return "simulation" if is_simulation(job_id) else "solution"


def _told(fault: Fault) -> dict[str, Any]:
    where = {key: value for key, value in asdict(fault).items() if value is not None}
    return where | {"pointer": pointer_text(fault.pointer)}


async def _answer_http(request: Request, error: Exception) -> Response:
    """The router's own refusals: unknown paths and methods."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = ", ".join(allowed_methods(request))
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allow})
        row = Row(405, "method-not-allowed", "The method is not allowed here")
        return problem(row, f"this path answers {allow}", {"Allow": allow})
    status = HTTPStatus(error.status_code)
    row = Row(status.value, status.phrase.lower().replace(" ", "-"), status.phrase)
    if status == HTTPStatus.NOT_FOUND:
        return problem(row, "there is nothing at this path; every path of the service is in /openapi.json")
    return problem(row, str(error.detail), dict(error.headers or {}))


async def answer_defect(request: Request, error: Exception) -> Response:
    """Anything else is a defect: logged in full, told without its insides."""
    _log_defect(request, error)
    return problem(_INTERNAL, _UNTOLD[500])


def _log_defect(request: Request, error: Exception) -> None:
    # As text: structlog's default rendering of an exception takes seconds, during which nothing else is served.
    trace = "".join(traceback.format_exception(error))
    structlog.get_logger().error("request failed", path=request.url.path, traceback=trace)
