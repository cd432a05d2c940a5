"""``/v1/solutions/{id}/artifact``: a solved policy to take away."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.conditional import IMMUTABLE, entity_tag, has_current
from service.dependencies import Services, evaluator_of, services_of
from service.identity import solution_id_of
from service.openapi import IF_NONE_MATCH_HEADER, operation
from service.policies import require_solved
from service.problems import RETRY_AFTER_S
from service.query import read_query
from service.schemas.artifacts import ArtifactFormat, ArtifactQuery
from solver.export.npz import to_npz
from solver.export.onnx_file import to_onnx
from worker.contract import JobRecord
from worker.exports import origin_of

_ZIP, _BINARY = "application/zip", "application/octet-stream"
_FORMS = {
    ArtifactFormat.NPZ: (_ZIP, ".npz"),
    ArtifactFormat.ONNX: (_BINARY, ".onnx"),
    ArtifactFormat.SAVEDMODEL: (_ZIP, ".savedmodel.zip"),
}
_CONTENT = {
    media_type: {"schema": {"type": "string", "format": "binary"}, "example": "(bytes)"}
    for media_type in (_ZIP, _BINARY)
}

router = APIRouter(prefix="/v1/solutions/{solution_id}", tags=["Policies"])


@router.get(
    "/artifact",
    response_class=Response,
    **operation(
        "get_artifact",
        "The policy to take away",
        None,
        also=(202, 304),
        path=("solution_id",),
        query=ArtifactQuery,
        parameters=(IF_NONE_MATCH_HEADER,),
        content=_CONTENT,
        errors=(404, 409, 422, 429, 503, 507),
    ),
)
async def get_artifact(request: Request) -> Response:
    """The policy as a file that needs nothing of this service: docs/artifacts.md shows how to evaluate each.

    A SavedModel is written by a worker when it is first asked for; until it is there the answer is 202, without a body. A
    client that names in If-None-Match what it has is answered 304.
    """
    asked = read_query(request, ArtifactQuery).format
    record = await run_in_threadpool(services_of(request).jobs.record, solution_id_of(request))
    require_solved(record)
    content = await _content(request, record, asked)
    if content is None:
        return Response(
            status_code=202, headers={"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"}
        )
    tag = entity_tag(content)
    headers = {"ETag": tag, "Cache-Control": IMMUTABLE}
    if has_current(request, tag):
        return Response(status_code=304, headers=headers)
    media_type, ending = _FORMS[asked]
    # A name of a model is a slug of letters, digits, _ and -: it may stand in a header as it is.
    headers["Content-Disposition"] = f'attachment; filename="{record.model.name}-{record.id[:8]}{ending}"'
    return Response(content, headers=headers, media_type=media_type)


async def _content(request: Request, record: JobRecord, asked: ArtifactFormat) -> bytes | None:
    """The bytes of an artifact; None while a worker is asked to write them."""
    services = services_of(request)
    if asked is ArtifactFormat.SAVEDMODEL:
        return await run_in_threadpool(_saved_model, services, record.id)
    evaluator = await evaluator_of(request)
    write = to_npz if asked is ArtifactFormat.NPZ else to_onnx
    return await services.batches.run(lambda: write(evaluator.policy, origin_of(record)))


def _saved_model(services: Services, solution_id: str) -> bytes | None:
    content = services.exports.load(solution_id)
    if content is None and services.exports.ask(solution_id):
        services.submission.export(solution_id)
    return content
