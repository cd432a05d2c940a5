"""``/v1/solutions/{id}/record``: everything that it takes to solve a solution again."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.dependencies import services_of
from service.identity import solution_id_of
from service.openapi import operation
from service.query import Query, read_query
from service.records import build_record
from worker.record import Record

router = APIRouter(prefix="/v1/solutions/{solution_id}", tags=["Solutions"])


@router.get(
    "/record",
    **operation(
        "get_record",
        "Everything that it takes to solve it again",
        Record,
        path=("solution_id",),
        errors=(404, 409, 422, 503),
    ),
)
async def get_record(request: Request) -> Response:
    """The job with its whole model, the policy, and what produced it: ``saddlepath-server reproduce FILE`` solves it again.

    A solution that started from another one has that one's job and policy in its record.
    """
    read_query(request, Query)
    services, solution_id = services_of(request), solution_id_of(request)
    record = await run_in_threadpool(build_record, services, solution_id)
    return Response(record.model_dump_json(), media_type="application/json")
