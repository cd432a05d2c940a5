"""``/v1/solutions/{id}/policy`` and ``…/certificate``: a solved policy, applied and judged.

``evaluate_policy`` is the busiest endpoint of the service: for a policy that is in memory it does no I/O, takes no
thread and builds no schema.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.caller import caller_of
from service.comparison import comparing_job, describe_comparison
from service.conditional import IMMUTABLE, tagged
from service.dependencies import evaluator_of, services_of
from service.encoding import JsonResponse, encode
from service.errors import DeletedError, RequestError
from service.evaluation import Evaluator
from service.faults import shown
from service.identity import solution_id_of
from service.openapi import (
    IF_NONE_MATCH_HEADER,
    SENSITIVITY_PARAMETER,
    STATES_PARAMETER,
    STRICT_PARAMETER,
    operation,
)
from service.policies import require_solved
from service.problems import RETRY_AFTER_S
from service.query import read_numbers, read_query, split_query
from service.schemas.certificates import CertificateQuery, ComparedCertificate
from service.schemas.policies import Evaluation
from service.sensitivities import FIELD, ParameterAnswer
from service.solving import submit_and_wait
from solver.errors import Fault
from worker.contract import JobStatus
from worker.errors import JobNotFoundError
from worker.keys import Scope

router = APIRouter(prefix="/v1/solutions/{solution_id}", tags=["Policies"])
_FLAGS = {"true": True, "false": False}


@router.get(
    "/policy",
    **operation(
        "evaluate_policy",
        "The policy at one state",
        Evaluation,
        path=("solution_id",),
        parameters=(STATES_PARAMETER, SENSITIVITY_PARAMETER, STRICT_PARAMETER, IF_NONE_MATCH_HEADER),
        errors=(304, 404, 409, 422, 429, 503),
    ),
)
async def evaluate_policy(request: Request) -> Response:
    """Controls and definitions at one state; outside the domain extrapolated, with ``in_domain`` false.

    ``sensitivity=beta,delta`` adds their derivatives by these parameters, at a trained policy by the implicit function
    theorem. The first call for a solution takes as long as a step of training or two.
    """
    evaluator = await evaluator_of(request)
    parameters = split_query(request.scope["query_string"])
    is_strict = _read_flag(parameters.pop("strict", "false"))
    asked = parameters.pop(FIELD, None)
    names = [] if asked is None else asked.split(",")
    evaluator.sensitivities.check(names)
    evaluator.check_names(parameters)
    state = list(read_numbers(parameters, evaluator.state_names).values())
    answer = evaluator.evaluate_one(state, is_strict=is_strict)
    if names:
        batches, states = services_of(request).batches, np.array([state])
        found = await batches.run(lambda: evaluator.sensitivities.at(names, states))
        answer["sensitivities"] = {name: _of_one_state(evaluator, one) for name, one in found.items()}
    return tagged(request, encode(answer), IMMUTABLE)


# The route above describes the call; this one, tried first, answers it without what FastAPI does for arguments
# that this call does not have, which costs as much as the policy itself.
router.routes.insert(0, Route(router.prefix + "/policy", evaluate_policy, methods=["GET"]))


@router.get(
    "/certificate",
    **operation(
        "get_certificate",
        "How good the policy is",
        ComparedCertificate,
        also=(202,),
        path=("solution_id",),
        query=CertificateQuery,
        parameters=(IF_NONE_MATCH_HEADER,),
        errors=(304, 403, 404, 409, 422, 429, 503, 507),
    ),
)
async def get_certificate(request: Request) -> Response:
    """The independent verdict on the policy: Euler errors on fresh states, and checks with their reasons.

    ``compare=time_iteration`` adds the classical method's solve of the same, which takes the scope solve, and how far apart
    the two policies are.
    """
    query, services = read_query(request, CertificateQuery), services_of(request)
    deadline = time.monotonic() + query.wait
    if query.compare is None and query.wait:
        raise RequestError(
            [Fault(("wait",), f"wait = {query.wait} belongs to compare; leave it out, or compare")]
        )
    if query.compare is not None:
        caller_of(request).require(Scope.SOLVE)
    record = await run_in_threadpool(services.jobs.record, solution_id_of(request))
    require_solved(record)
    if query.compare is None:
        return tagged(request, encode(record.certificate), IMMUTABLE)
    job = await run_in_threadpool(services.jobs.job, record.id)
    other = await services.reading.run(lambda: comparing_job(services.models, job))
    try:
        found = await submit_and_wait(services, other, request.state.trace, deadline)
        evaluators = None
        if found.status is JobStatus.SUCCEEDED:
            evaluators = await services.policies.load(record.id), await services.policies.load(found.id)
    except JobNotFoundError as error:
        raise DeletedError(other.id) from error
    comparison = await services.batches.run(lambda: describe_comparison(record, found, evaluators))
    answer = {**(record.certificate or {}), "comparison": comparison}
    if found.status.is_terminal:
        return JsonResponse(answer)
    return JsonResponse(answer, 202, {"Retry-After": str(RETRY_AFTER_S)})


def _of_one_state(evaluator: Evaluator, answer: ParameterAnswer) -> dict[str, Any]:
    found = answer.derivatives
    return {
        "controls": dict(zip(evaluator.control_names, found.controls[0].tolist(), strict=True)),
        "definitions": {name: values.item() for name, values in found.definitions.items()},
        "misfit": answer.misfit,
    }


def _read_flag(text: str) -> bool:
    if text not in _FLAGS:
        raise RequestError(
            [Fault(("strict",), f"strict = {shown(text)} is not true or false; give one of them")]
        )
    return _FLAGS[text]
