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

from service.body import parse_body, read_body, require_media_type
from service.columns import answer_columns, check_size, read_columns
from service.comparison import comparing_job, describe_comparison
from service.dependencies import services_of
from service.encoding import JsonResponse
from service.errors import DeletedError, RequestError
from service.evaluation import Evaluator
from service.faults import located, shown
from service.identity import solution_id_of
from service.openapi import STATES_PARAMETER, operation
from service.policies import evaluator_of, require_solved
from service.problems import RETRY_AFTER_S
from service.query import Query, read_numbers, read_query, split_query
from service.schemas.certificates import CertificateQuery, ComparedCertificate
from service.schemas.policies import Evaluation, EvaluationColumns, StatesRequest
from service.sensitivities import FIELD, ParameterAnswer
from service.solving import submit_and_wait
from solver.errors import Fault
from worker.contract import JobStatus
from worker.errors import JobNotFoundError

router = APIRouter(prefix="/v1/solutions/{solution_id}", tags=["Policies"])
_FLAGS = {"true": True, "false": False}
SENSITIVITY_PARAMETER = {
    "name": "sensitivity",
    "in": "query",
    "required": False,
    "style": "form",
    "explode": False,
    "schema": {"type": "array", "items": {"type": "string"}},
    "example": ["beta", "delta"],
    "description": "Parameters, separated by commas, by which controls and definitions are differentiated, too.",
}
STRICT_PARAMETER = {
    "name": "strict",
    "in": "query",
    "required": False,
    "schema": {"type": "boolean", "default": False},
    "description": "Refuse a state outside the domain instead of extrapolating.",
}


@router.get(
    "/policy",
    **operation(
        "evaluate_policy",
        "The policy at one state",
        Evaluation,
        path=("solution_id",),
        parameters=(STATES_PARAMETER, SENSITIVITY_PARAMETER, STRICT_PARAMETER),
        errors=(404, 409, 422, 429, 503),
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
    return JsonResponse(answer)


# The route above describes the call; this one, tried first, answers it without what FastAPI does for arguments
# that this call does not have, which costs as much as the policy itself.
router.routes.insert(0, Route(router.prefix + "/policy", evaluate_policy, methods=["GET"]))


@router.post(
    "/policy",
    **operation(
        "evaluate_policy_batch",
        "The policy at many states",
        EvaluationColumns,
        path=("solution_id",),
        body=StatesRequest,
        errors=(400, 404, 409, 413, 415, 422, 429, 503),
    ),
)
async def evaluate_policy_batch(request: Request) -> Response:
    """The same by columns; a single number stands for every row."""
    read_query(request, Query)
    settings, batches = services_of(request).settings, services_of(request).batches
    max_states = settings.max_batch_states
    max_items = max(max_states, settings.max_items)
    require_media_type(request)
    body = await read_body(request, settings.max_batch_body_bytes)
    evaluator = await evaluator_of(request)

    def answer() -> bytes:
        with located("states"):
            check_size(body, len(evaluator.state_names), max_states)
        asked = parse_body(body, StatesRequest, max_nesting=settings.max_nesting, max_items=max_items)
        evaluator.sensitivities.check(asked.sensitivity)
        with located("states"):
            evaluator.check_names(asked.states)
            # An answer with derivatives is as long as that to so many more states.
            most = max_states // (1 + len(asked.sensitivity))
            states = read_columns(asked.states, evaluator.state_names, most)
            evaluation = evaluator.evaluate(states, is_strict=asked.strict)
        return answer_columns(
            evaluator, states, evaluation, evaluator.sensitivities.at(asked.sensitivity, states)
        )

    return Response(await batches.run(answer), media_type="application/json")


@router.get(
    "/certificate",
    **operation(
        "get_certificate",
        "How good the policy is",
        ComparedCertificate,
        also=(202,),
        path=("solution_id",),
        query=CertificateQuery,
        errors=(404, 409, 422, 429, 503),
    ),
)
async def get_certificate(request: Request) -> Response:
    """The independent verdict on the policy: Euler errors on fresh states, and checks with their reasons.

    ``compare=time_iteration`` adds the classical method's solve of the same, and how far apart the two policies are.
    """
    query, services = read_query(request, CertificateQuery), services_of(request)
    deadline = time.monotonic() + query.wait
    record = await run_in_threadpool(services.jobs.record, solution_id_of(request))
    require_solved(record)
    if query.compare is None:
        return JsonResponse(record.certificate)
    job = await run_in_threadpool(services.jobs.job, record.id)
    other = await services.reading.run(lambda: comparing_job(services.models, job))
    try:
        found = await submit_and_wait(services, other, request.state.trace, deadline)
    except JobNotFoundError as error:
        raise DeletedError(other.id) from error
    evaluators = None
    if found.status is JobStatus.SUCCEEDED:
        evaluators = await services.policies.load(record.id), await services.policies.load(found.id)
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
