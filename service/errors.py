"""The exceptions of the HTTP layer itself. None carries a status: ``service/problems.py`` is the one table.

::

    ServiceError
    ├── MalformedBodyError      bytes that are not JSON in UTF-8
    ├── BodyTooLargeError       more bytes than the call takes
    ├── MediaTypeError          a body that is not declared as JSON
    ├── RequestError            fields, query parameters or values that the call does not take; every fault
    ├── QueueFullError          as many jobs are waiting as may wait
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
    """Bytes that are not JSON in UTF-8."""


class BodyTooLargeError(ServiceError):
    """A body above the limit of the call."""


class MediaTypeError(ServiceError):
    """A body that is not declared as ``application/json``."""


class RequestError(ServiceError):
    """A request that the contract does not allow. ``faults`` lists everything that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.message for fault in self.faults))


class QueueFullError(ServiceError):
    """As many jobs are waiting as may wait."""


class UnsolvedError(ServiceError):
    """A policy or certificate asked of a solution that has none (yet).

    ``members`` holds the state of its job as ``solution`` and, of a failed one, its problem as ``problem``.
    """

    def __init__(self, detail: str, members: Mapping[str, Any]) -> None:
        self.members = members
        super().__init__(detail)
