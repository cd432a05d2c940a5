"""Policy functions of dynamic economic models, solved by a Saddlepath server.

::

    import saddlepath as sp

    solution = sp.solve("neoclassical", beta=0.96)
    solution.policy(a=0.0, k=4.2).i
    solution.simulate(periods=40, initial={"k": 3.0})

The server is at ``SADDLEPATH_URL``, or on this machine at port 8000; ``sp.Client(url, key=...)`` asks another one, and
``sp.local()`` starts one.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from saddlepath.certificate import Certificate, Check, EulerErrors
from saddlepath.client import AsyncClient, Client
from saddlepath.economy import Moments, Rest
from saddlepath.embedded import LocalClient, local
from saddlepath.errors import (
    AccessError,
    BusyError,
    ConflictError,
    Fault,
    InputError,
    InvalidError,
    JobError,
    LocalServerError,
    MissingExtraError,
    NotFoundError,
    ProblemError,
    SaddlepathError,
    ServerError,
    SimulationError,
    SolveError,
    SolveTimeoutError,
    UnreachableError,
)
from saddlepath.evaluation import Evaluation, Sensitivity
from saddlepath.modelling import Model, ModelSummary
from saddlepath.progress import Progress
from saddlepath.retries import Retries
from saddlepath.solution import AsyncSolution, Solution
from saddlepath.taking import Figure
from saddlepath.version import __version__

P = ParamSpec("P")
T = TypeVar("T")


def _by_default(method: Callable[Concatenate[Any, P], T]) -> Callable[P, T]:
    """A method of a client of the default server as a function."""

    @functools.wraps(method)
    def function(*args: P.args, **kwargs: P.kwargs) -> T:
        return method(Client(), *args, **kwargs)

    signature = inspect.signature(method)
    vars(function)["__signature__"] = signature.replace(parameters=[*signature.parameters.values()][1:])
    return function


solve = _by_default(Client.solve)
solve_many = _by_default(Client.solve_many)
models = _by_default(Client.models)

__all__ = [
    "AccessError",
    "AsyncClient",
    "AsyncSolution",
    "BusyError",
    "Certificate",
    "Check",
    "Client",
    "ConflictError",
    "EulerErrors",
    "Evaluation",
    "Fault",
    "Figure",
    "InputError",
    "InvalidError",
    "JobError",
    "LocalClient",
    "LocalServerError",
    "MissingExtraError",
    "Model",
    "ModelSummary",
    "Moments",
    "NotFoundError",
    "ProblemError",
    "Progress",
    "Rest",
    "Retries",
    "SaddlepathError",
    "Sensitivity",
    "ServerError",
    "SimulationError",
    "Solution",
    "SolveError",
    "SolveTimeoutError",
    "UnreachableError",
    "__version__",
    "local",
    "models",
    "solve",
    "solve_many",
]
