"""``/v1/models``: the economies that can be solved."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.encoding import JsonResponse, encode
from service.openapi import operation
from service.query import Query, read_query
from service.schemas.models import ModelEntry, ModelList, ModelSummary
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo, zoo_names

router = APIRouter(prefix="/v1/models", tags=["Models"])


@router.get("", **operation("list_models", "Every model", ModelList, errors=(304, 422)))
async def list_models(request: Request) -> Response:
    """Every model that can be solved, with the names of its variables and parameters."""
    read_query(request, Query)
    models = [ModelSummary.of(load_zoo(name)).model_dump(mode="json") for name in zoo_names()]
    return _tagged(request, {"models": models})


@router.get(
    "/{name}",
    **operation("get_model", "One model in full", ModelEntry, path=("name",), errors=(304, 404, 422)),
)
async def get_model(request: Request) -> Response:
    """Equations as written, symbols with their bounds, default calibration, steady state and domain."""
    read_query(request, Query)
    model = load_zoo(request.path_params["name"])
    return _tagged(request, ModelEntry.of_calibrated(model, calibrate(model)).model_dump(mode="json"))


def _tagged(request: Request, content: object) -> Response:
    """The answer with its ETag; 304 without a body when the client has it already (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.sha256(encode(content)).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    held = {given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")}
    if tag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    return JsonResponse(content, headers=headers)
