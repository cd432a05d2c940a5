"""``/v1/solutions/{id}/simulations``: those that are too large for one request, looked at, ended, and their results."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from service.acceptance import accepted_media_type
from service.body import ARROW, COLUMNS
from service.conditional import IMMUTABLE, has_current, tagged
from service.dependencies import Services, services_of
from service.encoding import JsonResponse
from service.errors import RequestError
from service.gate import Gate
from service.identity import simulation_id_of, solution_id_of
from service.links import simulation_links
from service.methods import IS_HEAD
from service.openapi import ARROW_STREAM, IF_NONE_MATCH_HEADER, operation
from service.paths import read_page, stream_pages, stream_tag, write_paths
from service.problems import RETRY_AFTER_S
from service.query import Query, read_query
from service.schemas.simulations import PageQuery, SimulationList, SimulationPage, SimulationTold
from service.schemas.solutions import WaitQuery
from service.simulation_jobs import find_simulation, require_finished
from service.solving import until_over
from solver.errors import Fault
from worker.keys import Scope
from worker.simulation_job import SimulationRecord
from worker.simulations import Manifest

router = APIRouter(prefix="/v1/solutions/{solution_id}/simulations", tags=["Simulations"])
_PATH = ("solution_id", "simulation_id")


@router.get(
    "",
    **operation(
        "list_simulations",
        "Every large simulation of a solution",
        SimulationList,
        path=("solution_id",),
        errors=(404, 422, 503),
        links=simulation_links("/simulations/0"),
    ),
)
async def list_simulations(request: Request) -> Response:
    """Those that became jobs, newest first."""
    read_query(request, Query)
    solution_id, services = solution_id_of(request), services_of(request)

    def look() -> list[SimulationRecord]:
        services.jobs.require(solution_id)
        return services.simulations.of_solution(solution_id)

    records = await run_in_threadpool(look)
    return JsonResponse({"simulations": [_told(record) for record in records]})


@router.get(
    "/{simulation_id}",
    **operation(
        "get_simulation",
        "A large simulation",
        SimulationTold,
        path=_PATH,
        query=WaitQuery,
        errors=(404, 422, 503),
        links=simulation_links(),
    ),
)
async def get_simulation(request: Request) -> Response:
    """The record of a simulation; ``?wait=N`` holds the answer for up to N seconds until it is over."""
    services = services_of(request)
    deadline = time.monotonic() + read_query(request, WaitQuery).wait
    with services.news.waiting(simulation_id_of(request)) as news:
        record = await _find(request, services)
        record = await until_over(services, record, news, deadline, services.simulations.record)
    return answer_record(record, pending_status=200)


@router.get(
    "/{simulation_id}/result",
    **operation(
        "get_simulation_result",
        "The paths of a large simulation",
        SimulationPage,
        path=_PATH,
        query=PageQuery,
        parameters=(IF_NONE_MATCH_HEADER,),
        content={ARROW: ARROW_STREAM},
        errors=(304, 404, 406, 409, 422, 429, 503),
    ),
)
async def get_simulation_result(request: Request) -> Response:
    """A page as JSON columns, the first unless another is asked for; or an Arrow stream of all pages, or of one.

    A page has up to 65,536 rows, one path after the other as in the answer to a small simulation. Each says how many pages
    there are.
    """
    number = read_query(request, PageQuery).page
    wanted = accepted_media_type(request, COLUMNS)
    services = services_of(request)
    record = await _find(request, services)
    require_finished(record)
    manifest = await run_in_threadpool(services.results.manifest, record.id)
    n_pages = len(manifest.pages)
    if number is not None and number >= n_pages:
        message = f"page = {number} is above {n_pages - 1}, the last one of this result; lower it"
        raise RequestError([Fault(("page",), message)])
    if number is None and wanted == ARROW:
        return await _streamed(request, services, record.id, manifest)

    def answer() -> bytes:
        page = number or 0
        paths = read_page(services.results, record.id, manifest, page)
        return b"".join(write_paths(paths, wanted, page=page, pages=n_pages))

    body = await services.batches.run(answer)
    return tagged(request, body, IMMUTABLE, wanted)


@router.post(
    "/{simulation_id}/cancel",
    **operation(
        "cancel_simulation",
        "Cancel a large simulation",
        SimulationTold,
        status=202,
        path=_PATH,
        errors=(404, 409, 422, 503),
        scope=Scope.SOLVE,
        links=simulation_links(),
    ),
)
async def cancel_simulation(request: Request) -> Response:
    """Cancels a queued or running simulation, for all that asked or, of several keys, for this one; twice is once."""
    read_query(request, Query)
    services = services_of(request)
    record = await _find(request, services)
    return JsonResponse(
        _told(await run_in_threadpool(services.simulations.cancel, record.id)), status_code=202
    )


@router.post(
    "/{simulation_id}/retry",
    **operation(
        "retry_simulation",
        "Simulate a failed or cancelled one again",
        SimulationTold,
        status=202,
        path=_PATH,
        errors=(404, 409, 422, 429, 503, 507),
        scope=Scope.SOLVE,
        links=simulation_links(),
    ),
)
async def retry_simulation(request: Request) -> Response:
    """Puts a failed or cancelled simulation in the queue again."""
    read_query(request, Query)
    services = services_of(request)
    record = await _find(request, services)
    retried = await run_in_threadpool(services.submission.retry_simulation, record.id)
    return answer_record(retried, pending_status=202)


@router.delete(
    "/{simulation_id}",
    **operation(
        "delete_simulation",
        "Delete a large simulation",
        None,
        status=204,
        path=_PATH,
        errors=(404, 422, 503),
        scope=Scope.SOLVE,
    ),
)
async def delete_simulation(request: Request) -> Response:
    """Removes a simulation with its result; one that runs is stopped. All go with their solution, too."""
    read_query(request, Query)
    services = services_of(request)
    record = await _find(request, services)
    await run_in_threadpool(services.simulations.delete, record.id)
    return Response(status_code=204)


def answer_record(record: SimulationRecord, *, pending_status: int) -> Response:
    """The record of a simulation; where it is to be asked for again, if it is not over.

    ``pending_status`` 202 is kept when it is over: the answer to what was asked lies elsewhere all the same.
    """
    headers = {"Location": _self(record)} if pending_status == 202 else {}
    if not record.status.is_terminal:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return JsonResponse(_told(record), pending_status, headers)


async def _find(request: Request, services: Services) -> SimulationRecord:
    solution_id, simulation_id = solution_id_of(request), simulation_id_of(request)
    return await run_in_threadpool(find_simulation, services, solution_id, simulation_id)


async def _streamed(request: Request, services: Services, simulation_id: str, manifest: Manifest) -> Response:
    """All pages; where one is gone by its turn, the stream breaks off without its end mark."""
    headers = {"ETag": stream_tag(manifest), "Cache-Control": IMMUTABLE}
    if has_current(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if request.scope.get(IS_HEAD):
        return Response(headers=headers, media_type=ARROW)
    pages = stream_pages(services.results, simulation_id, manifest)
    first = await services.batches.run(lambda: next(pages))  # so that a refusal is an answer of its own
    return StreamingResponse(_in_turn(services.batches, first, pages), headers=headers, media_type=ARROW)


async def _in_turn(gate: Gate, first: bytes, pages: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The bytes of one page after the other, each written when the client has taken the one before."""
    yield first
    while (piece := await gate.go_on(lambda: next(pages, None))) is not None:
        yield piece


def _self(record: SimulationRecord) -> str:
    return f"/v1/solutions/{record.solution}/simulations/{record.id}"


def _told(record: SimulationRecord) -> dict[str, Any]:
    self = _self(record)
    links = {"self": self, "result": f"{self}/result", "solution": f"/v1/solutions/{record.solution}"}
    return record.model_dump(mode="json") | {"links": links}
