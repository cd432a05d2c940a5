"""Examples of refusals in the OpenAPI document, one a status."""

from __future__ import annotations

from typing import Any

from service.schemas.examples import SOLUTION_ID

_SELF = f"/v1/solutions/{SOLUTION_ID}"


def _problem(status: int, code: str, title: str, detail: str, **members: Any) -> dict[str, Any]:
    kind = {"type": f"/problems/{code}", "title": title, "status": status, "code": code}
    return {**kind, "detail": detail, "error": detail, **members}


_BETA = "beta = 1.2 is above 0.9999, the largest value it takes; lower it"
PROBLEMS: dict[int, dict[str, Any]] = {
    400: _problem(
        400,
        "malformed-body",
        "The body is not of its media type",
        "the body is not JSON: Expecting value at line 1, column 1",
    ),
    401: _problem(
        401,
        "unauthenticated",
        "No valid key was sent",
        "no key was sent; send the header Authorization: Bearer KEY",
    ),
    403: _problem(
        403,
        "scope",
        "The key may not do this",
        "this takes the scope solve, and the key has read; send a key that has it",
        scope={"needed": "solve", "granted": ["read"]},
    ),
    404: _problem(404, "unknown-solution", "There is no such solution", f"there is no job {SOLUTION_ID}"),
    406: _problem(
        406,
        "not-acceptable",
        "The answer is not written in this media type",
        "Accept 'text/csv' takes none of what this call answers with; accept application/json or "
        "application/vnd.apache.arrow.stream",
    ),
    409: _problem(
        409,
        "unsolved",
        "The solution has no policy",
        f"the solution is queued; GET {_SELF}?wait=60 waits for it",
        solution={"id": SOLUTION_ID, "status": "queued", "progress": None},
    ),
    410: _problem(
        410,
        "gone",
        "The solution was deleted",
        f"solution {SOLUTION_ID} was deleted at 2026-01-31T12:00:00.000Z, on request; post its request again to have it "
        "solved again under the same id",
        solution={"id": SOLUTION_ID, "status": "deleted"},
        deletion={"at": "2026-01-31T12:00:00.000Z", "reason": "request"},
    ),
    413: _problem(
        413,
        "body-too-large",
        "The body is too large",
        "the body is larger than 1048576 bytes, the most this call reads; send less",
    ),
    415: _problem(
        415,
        "media-type",
        "The media type of the body is not read here",
        "the body has no Content-Type; send Content-Type: application/json",
    ),
    422: _problem(
        422,
        "invalid-calibration",
        "The calibration is not valid",
        _BETA,
        errors=[{"pointer": "/calibration/beta", "message": _BETA}],
    ),
    429: _problem(
        429,
        "queue-full",
        "Too many jobs are waiting",
        "10000 jobs are waiting, the most that may; try again later",
    ),
    500: _problem(500, "internal", "The service failed", "The fault is on this side and has been logged."),
    503: _problem(
        503, "store-unavailable", "The store does not answer", "The same request may be sent again."
    ),
    507: _problem(
        507,
        "store-full",
        "The memory of the store is full",
        "the store's memory is full, so it takes nothing new; what it has is safe and can be read. Delete solutions that "
        "are not needed any more and send the request again",
    ),
}
