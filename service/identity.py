"""The id of a solution in a path."""

from __future__ import annotations

import re

from starlette.requests import Request

from service.faults import shown
from worker.contract import ID_DIGITS
from worker.errors import JobNotFoundError

_ID = re.compile(rf"[0-9a-f]{{{ID_DIGITS}}}", re.ASCII)


def solution_id_of(request: Request) -> str:
    """The id in the request's path; one that no solution can have is not even looked up.

    Raises:
        JobNotFoundError: it is not of the form of an id.
    """
    solution_id: str = request.path_params["solution_id"]
    if _ID.fullmatch(solution_id) is None:
        raise JobNotFoundError(shown(solution_id))
    return solution_id
