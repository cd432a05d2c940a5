"""The ids of solutions and simulations in a path."""

from __future__ import annotations

import re

from starlette.requests import Request

from service.faults import shown
from worker.contract import ID_DIGITS
from worker.errors import JobNotFoundError, SimulationNotFoundError
from worker.simulation_job import ID_PREFIX

_ID = re.compile(rf"[0-9a-f]{{{ID_DIGITS}}}", re.ASCII)
_SIMULATION_ID = re.compile(ID_PREFIX + _ID.pattern, re.ASCII)


def solution_id_of(request: Request) -> str:
    """The id in the request's path; one that no solution can have is not even looked up.

    Raises:
        JobNotFoundError: it is not of the form of an id.
    """
    solution_id: str = request.path_params["solution_id"]
    if _ID.fullmatch(solution_id) is None:
        raise JobNotFoundError(shown(solution_id))
    return solution_id


def simulation_id_of(request: Request) -> str:
    """The id of a simulation in the request's path, likewise.

    Raises:
        SimulationNotFoundError: it is not of the form of an id.
    """
    simulation_id: str = request.path_params["simulation_id"]
    if _SIMULATION_ID.fullmatch(simulation_id) is None:
        raise SimulationNotFoundError(shown(simulation_id))
    return simulation_id
