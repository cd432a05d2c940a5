"""The exceptions of the HTTP layer itself. None carries a status: ``service/problems.py`` is the one table.

::

    ServiceError
    ├── MalformedBodyError      bytes that are not of their media type
    ├── BodyTooLargeError       more bytes than the call takes
    ├── MediaTypeError          a body of a media type that the call does not read
    ├── NotAcceptableError      an answer asked for in a media type that the call does not write
    ├── UnauthenticatedError    a request without a valid key, where one is asked for
    ├── ScopeError              a key that may not do what was asked
    ├── ForeignPageError        a request for a page of another site, where no key is asked for
    ├── RateError               a key that has sent as many requests as it may
    ├── RequestError            fields, query parameters or values that the call does not take; every fault
    ├── BusyError               as much work of one kind is under way as may be
    ├── DeletedError            a solution that was deleted while its request waited for it
    ├── StartLostError          the record of a solution whose start is not there any more as it was
    ├── NoHistoryError          a picture of a training of which nothing was kept
    ├── UnfinishedError         the result of a simulation that has none
    └── UnsolvedError           a policy or certificate asked of a solution that has none
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.errors import Fault


class ServiceError(Exception):
    """Base of the exceptions of the HTTP layer. ``members`` go into the problem document, ``headers`` beside it."""

    members: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class MalformedBodyError(ServiceError):
    """Bytes that are not of their media type: not JSON in UTF-8, or no Arrow stream."""


class BodyTooLargeError(ServiceError):
    """A body above the limit of the call."""


class MediaTypeError(ServiceError):
    """A body of a media type that the call does not read."""


class NotAcceptableError(ServiceError):
    """An answer asked for in a media type that the call does not write."""


class RequestError(ServiceError):
    """A request that the contract does not allow. ``faults`` lists everything that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.message for fault in self.faults))


class UnauthenticatedError(ServiceError):
    """A request without a valid key, where one is asked for. Never says what was sent."""

    def __init__(self, reason: str, code: str) -> None:
        """``code`` is that of RFC 6750, empty where nothing was sent."""
        self.headers = {"WWW-Authenticate": f'Bearer error="{code}"' if code else "Bearer"}
        super().__init__(reason)


class ScopeError(ServiceError):
    """A key that may not do what was asked."""

    def __init__(self, needed: str, scopes: Sequence[str]) -> None:
        self.headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed}"'}
        self.members = {"scope": {"needed": needed, "granted": list(scopes)}}
        super().__init__(
            f"this takes the scope {needed}, and the key has {', '.join(scopes)}; send a key that has it"
        )


class ForeignPageError(ServiceError):
    """A request that a browser sends for a page of another site, where no key is asked for."""


class RateError(ServiceError):
    """A key that has sent as many requests as it may."""

    def __init__(self, rate: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            f"this key may send {rate} requests a minute, and has; the next may come in {retry_after_s} s"
        )


class BusyError(ServiceError):
    """As much work of one kind is under way as may be."""


class DeletedError(ServiceError):
    """A solution that was deleted while its request waited for it."""

    def __init__(self, solution_id: str) -> None:
        self.members = {"solution": {"id": solution_id, "status": "deleted"}}
        super().__init__(
            f"solution {solution_id} was deleted while this request waited for it; post the request again "
            "to have it solved"
        )


class StartLostError(ServiceError):
    """The record of a solution whose start is not there any more as it was."""

    def __init__(self, start: str, reason: str) -> None:
        super().__init__(
            f"the record holds what the solution started from, {start}, and {reason}; post that one's own request "
            "again, which gives it the same id and, on the same machine, the same policy"
        )


class NoHistoryError(ServiceError):
    """A picture of a training of which nothing was kept."""


class UnsolvedError(ServiceError):
    """A policy or certificate asked of a solution that has none (yet).

    ``members`` holds the state of its job as ``solution`` and, of a failed one, its problem as ``problem``.
    """

    def __init__(self, detail: str, members: Mapping[str, Any]) -> None:
        self.members = members
        super().__init__(detail)


class UnfinishedError(ServiceError):
    """The result of a simulation that has none (yet); ``members`` as of :class:`UnsolvedError`."""

    def __init__(self, detail: str, members: Mapping[str, Any]) -> None:
        self.members = members
        super().__init__(detail)
