"""``/v1/solutions``: solved parameterisations, asked for, waited for, listed, cancelled, retried and deleted."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.body import parse_body, read_body, require_media_type
from service.dependencies import Services, services_of
from service.encoding import JsonResponse
from service.errors import DeletedError, RequestError
from service.faults import located
from service.identity import solution_id_of
from service.links import solution_links
from service.models import handle_of
from service.openapi import PREFER_HEADER, operation
from service.prefer import preferred_wait_s
from service.problems import RETRY_AFTER_S
from service.query import Query, read_query
from service.schemas.solutions import (
    MAX_WAIT_S,
    ListQuery,
    SolutionPage,
    SolutionRecord,
    SolutionRequest,
    WaitQuery,
)
from service.solving import submit_and_wait, until_over
from service.starts import require_start
from service.webhooks import require_webhook
from solver.calibrate import calibrate
from solver.errors import Fault, MethodError, UnknownModelError
from solver.model.load import model_from_document
from solver.model.spec import Model
from worker.contract import Job, JobRecord
from worker.errors import JobNotFoundError
from worker.keys import Scope

router = APIRouter(prefix="/v1/solutions", tags=["Solutions"])


@router.post(
    "",
    **operation(
        "create_solution",
        "Solve a parameterisation",
        SolutionRecord,
        status=202,
        also=(200,),
        body=SolutionRequest,
        parameters=(PREFER_HEADER,),
        links=solution_links(),
        errors=(400, 409, 413, 415, 422, 429, 503, 507),
        scope=Scope.SOLVE,
    ),
)
async def create_solution(request: Request) -> Response:
    """Asks for a solution: 202 while it is to be solved, 200 when it is there. The same request is one solution.

    A wait that the server cannot grant to its end, since it is going down, is answered by 202 as well; a solution
    that somebody deletes while it is waited for is a 409.
    """
    read_query(request, Query)
    services = services_of(request)
    require_media_type(request)
    body = await read_body(request, services.settings.max_body_bytes)
    wait_s = preferred_wait_s(request.headers.getlist("prefer"), MAX_WAIT_S)
    deadline = time.monotonic() + (wait_s or 0)
    job, webhook = await services.reading.run(lambda: _read_job(services, body))
    try:
        record = await submit_and_wait(services, job, request.state.trace, deadline, webhook)
    except JobNotFoundError as error:  # no 404: what was asked of, the collection, is there
        raise DeletedError(job.id) from error
    headers = {"Location": f"/v1/solutions/{job.id}"}
    if wait_s is not None:
        headers["Preference-Applied"] = f"wait={wait_s}"
    return _answer(record, headers, pending_status=202)


@router.get(
    "",
    **operation(
        "list_solutions",
        "Every solution, newest first",
        SolutionPage,
        query=ListQuery,
        errors=(422, 503),
        links=solution_links("/solutions/0/id"),
    ),
)
async def list_solutions(request: Request) -> Response:
    """A page of solutions; ``next_cursor`` leads to the next."""
    query = read_query(request, ListQuery)
    jobs = services_of(request).jobs
    page = await run_in_threadpool(jobs.page, query.model, query.status, query.limit, query.cursor)
    records = [_told(record) for record in page.records]
    return JsonResponse({"solutions": records, "next_cursor": page.next_cursor})


@router.get(
    "/{solution_id}",
    **operation(
        "get_solution",
        "One solution",
        SolutionRecord,
        path=("solution_id",),
        query=WaitQuery,
        errors=(404, 422, 503),
        links=solution_links(),
    ),
)
async def get_solution(request: Request) -> Response:
    """The record of a solution; ``?wait=N`` holds the answer for up to N seconds until it is over."""
    solution_id, services = solution_id_of(request), services_of(request)
    deadline = time.monotonic() + read_query(request, WaitQuery).wait
    with services.news.waiting(solution_id) as news:
        record = await run_in_threadpool(services.jobs.record, solution_id)
        record = await until_over(services, record, news, deadline, services.jobs.record)
    return _answer(record, {}, pending_status=200)


@router.post(
    "/{solution_id}/cancel",
    **operation(
        "cancel_solution",
        "Cancel a solve",
        SolutionRecord,
        status=202,
        path=("solution_id",),
        errors=(404, 409, 422, 503),
        scope=Scope.SOLVE,
        links=solution_links(),
    ),
)
async def cancel_solution(request: Request) -> Response:
    """Cancels a queued or running solve; cancelling twice is once.

    A solve that another key has asked for as well goes on for that one, and is not this key's any more.
    """
    read_query(request, Query)
    record = await run_in_threadpool(services_of(request).jobs.cancel, solution_id_of(request))
    return JsonResponse(_told(record), status_code=202)


@router.post(
    "/{solution_id}/retry",
    **operation(
        "retry_solution",
        "Solve a failed or cancelled one again",
        SolutionRecord,
        status=202,
        path=("solution_id",),
        errors=(404, 409, 422, 429, 503, 507),
        scope=Scope.SOLVE,
        links=solution_links(),
    ),
)
async def retry_solution(request: Request) -> Response:
    """Puts a failed or cancelled solution in the queue again."""
    read_query(request, Query)
    record = await run_in_threadpool(services_of(request).submission.retry, solution_id_of(request))
    return _answer(record, {"Location": f"/v1/solutions/{record.id}"}, pending_status=202)


@router.delete(
    "/{solution_id}",
    **operation(
        "delete_solution",
        "Delete a solution",
        None,
        status=204,
        path=("solution_id",),
        errors=(404, 422, 503),
        scope=Scope.SOLVE,
    ),
)
async def delete_solution(request: Request) -> Response:
    """Removes a solution with its policy; one that is being solved is stopped.

    A solution that another key has asked for as well stays there for that one alone.
    """
    read_query(request, Query)
    solution_id, services = solution_id_of(request), services_of(request)
    await run_in_threadpool(services.jobs.delete, solution_id)
    services.policies.drop(solution_id)
    return Response(status_code=204)


def _read_job(services: Services, body: bytearray) -> tuple[Job, str]:
    """The job that a request asks for, checked in full: nothing that cannot be solved is ever queued; and its webhook.

    Raises:
        ServiceError: the body is not a request, or asks for a webhook that is not allowed.
        InputError: the model, the calibration, the method or the start is not valid.
        UnsolvedError: the solution to start from has no policy.
    """
    settings = services.settings
    asked = parse_body(body, SolutionRequest, max_nesting=settings.max_nesting, max_items=settings.max_items)
    webhook = require_webhook(asked.webhook, settings)
    model = _find_model(services, asked.model)
    with located("calibration"):
        calibration = calibrate(model, asked.calibration)
    try:
        job = Job.describe(handle_of(model), model, calibration, asked.settings(), asked.start)
    except ValueError as error:
        raise MethodError([Fault(("method",), str(error))]) from error
    require_start(services.jobs, services.models, job, model)
    return job, webhook


def _find_model(services: Services, asked: str | dict[str, Any]) -> Model:
    if isinstance(asked, dict):
        with located("model"):
            return model_from_document(asked)
    try:
        return services.models.find(asked)
    except UnknownModelError as error:  # a field of this request, not the path
        raise RequestError([replace(fault, pointer=("model",)) for fault in error.faults]) from error


def _answer(record: JobRecord, headers: dict[str, str], *, pending_status: int) -> Response:
    if record.status.is_terminal:
        return JsonResponse(_told(record), headers=headers)
    headers["Retry-After"] = str(RETRY_AFTER_S)
    return JsonResponse(_told(record), pending_status, headers)


def _told(record: JobRecord) -> dict[str, Any]:
    self = f"/v1/solutions/{record.id}"
    links = {
        "self": self,
        "policy": f"{self}/policy",
        "certificate": f"{self}/certificate",
        "artifact": f"{self}/artifact",
        "events": f"{self}/events",
        "record": f"{self}/record",
    }
    return record.model_dump(mode="json") | {"links": links}
