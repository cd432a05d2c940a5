"""``/v1/models``: the economies that can be solved, built in or of the users' own."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.acceptance import accepted_media_type
from service.body import read_body, require_media_type
from service.conditional import ASKED_AGAIN, IMMUTABLE, tagged
from service.dependencies import Services, services_of
from service.encoding import JsonResponse, encode
from service.links import model_links
from service.model_checks import check_model, conversion_check
from service.model_files import ANSWERS, MEDIA_TYPES, YAML, ModelFile, read_model_file
from service.models import handle_of, is_handle
from service.openapi import IF_NONE_MATCH_HEADER, MODEL_BODY, YAML_ANSWER, operation
from service.query import Query, read_query
from service.schemas.models import ModelEntry, ModelList, ModelRegistration, RegisterQuery
from worker.keys import Scope

router = APIRouter(prefix="/v1/models", tags=["Models"])


@router.get(
    "",
    **operation(
        "list_models",
        "Every model",
        ModelList,
        parameters=(IF_NONE_MATCH_HEADER,),
        errors=(304, 422, 503),
        links=model_links("/models/0/name"),
    ),
)
async def list_models(request: Request) -> Response:
    """Every model that can be solved, with the names of its variables and parameters."""
    read_query(request, Query)
    summaries = await run_in_threadpool(services_of(request).models.summaries)
    content = {"models": [summary.model_dump(mode="json") for summary in summaries]}
    return tagged(request, encode(content), ASKED_AGAIN)


@router.post(
    "",
    **operation(
        "register_model",
        "Register a model of your own",
        ModelRegistration,
        status=201,
        also=(200,),
        query=RegisterQuery,
        request_body=MODEL_BODY,
        content=YAML_ANSWER,
        errors=(400, 406, 409, 413, 415, 422, 429, 503, 507),
        scope=Scope.SOLVE,
        links=model_links(),
    ),
)
async def register_model(request: Request) -> Response:
    """Reads and checks a model file, YAML, JSON or Dynare's, and keeps it for good under a handle of its name and content.

    201, or 200 when it is there already or `validate_only` is asked for; the same file is the same model, and the same
    equations under another name, title or source are another. A file with faults is a 422 that lists all of them, by the
    lines of the file that was sent. With `Accept: application/yaml` the answer is the model file, which for a `.mod` file
    is what it was converted to.
    """
    query = read_query(request, RegisterQuery)
    services = services_of(request)
    media_type = require_media_type(request, MEDIA_TYPES)
    wanted = accepted_media_type(request, ANSWERS)
    body = await read_body(request, services.settings.max_body_bytes)
    file, registration, is_new = await services.reading.run(
        lambda: _register(services, body, media_type, query)
    )
    headers = {} if query.validate_only else {"Location": f"/v1/models/{registration.name}"}
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    if wanted in YAML:
        return Response(file.yaml, status, headers, media_type=wanted)
    return JsonResponse(registration.model_dump(mode="json"), status, headers)


@router.get(
    "/{name}",
    **operation(
        "get_model",
        "One model in full",
        ModelEntry,
        path=("name",),
        parameters=(IF_NONE_MATCH_HEADER,),
        content=YAML_ANSWER,
        errors=(304, 404, 406, 422, 503),
        links=model_links(),
    ),
)
async def get_model(request: Request) -> Response:
    """Equations as written, symbols with their bounds, default calibration, steady state and domain.

    With `Accept: application/yaml` the answer is the model's file, which can be posted again.
    """
    read_query(request, Query)
    name, models = request.path_params["name"], services_of(request).models
    wanted = accepted_media_type(request, ANSWERS)
    if wanted in YAML:
        model = await run_in_threadpool(models.find, name)
        content = ModelFile(model, model.document).yaml
    else:
        entry = await run_in_threadpool(models.entry, name)
        content = encode(entry.model_dump(mode="json"))
    # A handle names its content; what is built in may be another model in another release.
    answer = tagged(request, content, IMMUTABLE if is_handle(name) else ASKED_AGAIN, wanted)
    answer.headers["Vary"] = "Accept"
    return answer


def _register(
    services: Services, body: bytearray, media_type: str, query: RegisterQuery
) -> tuple[ModelFile, ModelRegistration, bool]:
    """The file, the answer, and whether a model was registered that was not there."""
    file = read_model_file(body, media_type, services.settings, query.name)
    model = file.model
    calibration, checks = check_model(model)
    if file.remarks is not None:
        checks.insert(0, conversion_check(file.remarks))
    is_new = not query.validate_only and services.models.register(model)
    registration = ModelRegistration(
        name=handle_of(model), hash=model.hash, steady_state=calibration.steady_state, checks=checks
    )
    return file, registration, is_new
