"""The exceptions of the HTTP layer itself. None carries a status: ``service/problems.py`` is the one table.

::

    ServiceError
    ├── MalformedBodyError      bytes that are not of their media type
    ├── BodyTooLargeError       more bytes than the call takes
    ├── MediaTypeError          a body of a media type that the call does not read
    ├── NotAcceptableError      an answer asked for in a media type that the call does not write
    ├── RequestError            fields, query parameters or values that the call does not take; every fault
    ├── BusyError               as much work of one kind is under way as may be
    ├── DeletedError            a solution that was deleted while its request waited for it
    ├── StartLostError          the record of a solution whose start is not there any more as it was
    ├── NoHistoryError          a picture of a training of which nothing was kept
    └── UnsolvedError           a policy or certificate asked of a solution that has none
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.errors import Fault


class ServiceError(Exception):
    """Base of the exceptions of the HTTP layer. ``members`` are added to the problem document."""

    members: Mapping[str, Any] = {}


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
