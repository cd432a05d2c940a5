"""``/v2``: the Open Inference Protocol (KServe V2) over the same evaluation, so that its clients work.

A model is a solution, by its id; its inputs are the states, its outputs the controls, the definitions and ``in_domain``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from service.binary_tensors import EXTENSION, LENGTH_HEADER, MEDIA_TYPE, read_columns, separate, write
from service.body import JSON, parse_body, read_body, require_media_type
from service.conditional import IMMUTABLE, tagged
from service.dependencies import evaluator_of, services_of
from service.encoding import JsonResponse, encode
from service.errors import RequestError
from service.evaluation import IN_DOMAIN, Evaluator
from service.faults import shown
from service.identity import solution_id_of
from service.openapi import COMPONENTS, IF_NONE_MATCH_HEADER, operation
from service.query import Query, read_query
from service.schemas import request_examples
from service.schemas.inference import (
    InferenceAnswer,
    InferenceRequest,
    InferenceTensor,
    Liveness,
    ModelMetadata,
    ModelReadiness,
    ServerMetadata,
    ServerReadiness,
)
from service.version import VERSION
from solver.errors import Fault

router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])
MODEL_VERSION = "1"
"""A solution is named by its content and never changes."""
MAX_STATES = 100_000
"""Tensors are written in one go, which a larger answer would make felt by everyone; `…/policy` takes more."""
_BEHIND_JSON = {
    "schema": {"type": "string", "format": "binary"},
    "example": "(JSON, and behind it the bytes of tensors)",
}
_LENGTH_PARAMETER = {
    "name": LENGTH_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": f"Bytes of JSON at the beginning of the body, where tensors follow it as bytes ({EXTENSION}).",
}


@router.get("", **operation("server_metadata", "The server", ServerMetadata, errors=(422,)))
async def server_metadata(request: Request) -> Response:
    """Name and version."""
    read_query(request, Query)
    return JsonResponse({"name": "saddlepath", "version": VERSION, "extensions": [EXTENSION]})


@router.get(
    "/health/live", **operation("server_live", "Is the process alive?", Liveness, errors=(422,), scope=None)
)
async def server_live(request: Request) -> Response:
    """Answers as long as the event loop turns."""
    read_query(request, Query)
    return JsonResponse({"live": True})


@router.get(
    "/health/ready",
    **operation("server_ready", "Would a request be served?", ServerReadiness, errors=(422, 503), scope=None),
)
async def server_ready(request: Request) -> Response:
    """Answers 200 when the store does."""
    read_query(request, Query)
    await run_in_threadpool(services_of(request).jobs.ping)
    return JsonResponse({"ready": True})


@router.get(
    "/models/{solution_id}",
    **operation(
        "model_metadata",
        "What a policy takes and gives",
        ModelMetadata,
        path=("solution_id",),
        parameters=(IF_NONE_MATCH_HEADER,),
        errors=(304, 404, 409, 422, 503),
    ),
)
async def model_metadata(request: Request) -> Response:
    """A tensor for each state, control and definition."""
    read_query(request, Query)
    evaluator = await evaluator_of(request)
    outputs = (*evaluator.control_names, *evaluator.definition_names)
    described = {
        "name": solution_id_of(request),
        "versions": [MODEL_VERSION],
        "platform": "saddlepath",
        "inputs": [_described(name, "FP64") for name in evaluator.state_names],
        "outputs": [*(_described(name, "FP64") for name in outputs), _described(IN_DOMAIN, "BOOL")],
    }
    return tagged(request, encode(described), IMMUTABLE)


@router.get(
    "/models/{solution_id}/ready",
    **operation(
        "model_ready",
        "Is there a policy?",
        ModelReadiness,
        path=("solution_id",),
        errors=(404, 409, 422, 503),
    ),
)
async def model_ready(request: Request) -> Response:
    """200 where the solution has a policy, 409 where it has none (yet)."""
    read_query(request, Query)
    await evaluator_of(request)
    return JsonResponse({"name": solution_id_of(request), "ready": True})


@router.post(
    "/models/{solution_id}/infer",
    **operation(
        "infer",
        "The policy at many states, as tensors",
        InferenceAnswer,
        path=("solution_id",),
        request_body={
            "required": True,
            "content": {
                JSON[0]: {
                    "schema": {"$ref": COMPONENTS + InferenceRequest.__name__},
                    "examples": request_examples.REQUESTS[InferenceRequest.__name__],
                },
                MEDIA_TYPE: _BEHIND_JSON,
            },
        },
        content={MEDIA_TYPE: _BEHIND_JSON},
        parameters=(_LENGTH_PARAMETER,),
        errors=(400, 404, 409, 413, 415, 422, 429, 503),
    ),
)
async def infer(request: Request) -> Response:
    """Controls, definitions and ``in_domain`` at the states of the inputs; outside the domain extrapolated."""
    read_query(request, Query)
    services, settings = services_of(request), services_of(request).settings
    if "content-type" in request.headers:  # the protocol's own clients declare none
        require_media_type(request, (*JSON, MEDIA_TYPE))
    body = await read_body(request, settings.max_batch_body_bytes)
    text, tail = separate(body, request.headers.get(LENGTH_HEADER))
    evaluator = await evaluator_of(request)
    solution_id = solution_id_of(request)

    def answer() -> Response:
        most = min(settings.max_batch_states, MAX_STATES)
        max_items = max(most, settings.max_items)
        asked = parse_body(text, InferenceRequest, max_nesting=settings.max_nesting, max_items=max_items)
        evaluator.check_names({tensor.name: tensor for tensor in asked.inputs})
        states = _read_states(asked.inputs, read_columns(asked.inputs, tail, most), evaluator, most)
        return _answered(asked, _evaluated(evaluator, states), solution_id)

    return await services.batches.run(answer)


def _described(name: str, datatype: str) -> dict[str, object]:
    return {"name": name, "datatype": datatype, "shape": [-1]}


def _answered(asked: InferenceRequest, tensors: Mapping[str, np.ndarray], solution_id: str) -> Response:
    """The outputs that are asked for, in that order, each as numbers or as bytes behind the JSON.

    Raises:
        RequestError: one is unknown, or stands twice.
    """
    usually = _said(asked.parameters, "binary_data_output", False, ("parameters",))
    wanted = {name: usually for name in tensors}
    if asked.outputs is not None:
        _check_outputs([output.name for output in asked.outputs], tensors)
        wanted = {
            output.name: _said(output.parameters, "binary_data", usually, ("outputs", place, "parameters"))
            for place, output in enumerate(asked.outputs)
        }
    answer = {
        "model_name": solution_id,
        "model_version": MODEL_VERSION,
        **({} if asked.id is None else {"id": asked.id}),
        "outputs": [_tensor(name, tensors[name], is_binary) for name, is_binary in wanted.items()],
    }
    if not any(wanted.values()):
        return JsonResponse(answer)
    body, headers = write(answer, {name: tensors[name] for name, is_binary in wanted.items() if is_binary})
    return Response(body, headers=headers)


def _said(parameters: Mapping[str, object], name: str, otherwise: bool, where: tuple[str | int, ...]) -> bool:
    """A parameter that is true or false.

    Raises:
        RequestError: it is neither.
    """
    value = parameters.get(name, otherwise)
    if not isinstance(value, bool):
        raise RequestError([Fault((*where, name), f"{name} = {shown(value)} is neither true nor false")])
    return value


def _tensor(name: str, values: np.ndarray, is_binary: bool) -> dict[str, object]:
    datatype = "BOOL" if values.dtype == bool else "FP64"
    told: dict[str, object] = {"name": name, "shape": [len(values)], "datatype": datatype}
    return told if is_binary else {**told, "data": values.tolist()}


def _evaluated(evaluator: Evaluator, states: np.ndarray) -> Mapping[str, np.ndarray]:
    found = evaluator.evaluate(states)
    controls = dict(zip(evaluator.control_names, found.controls.T, strict=True))
    return {**controls, **found.definitions, IN_DOMAIN: found.in_domain}


def _read_states(
    inputs: list[InferenceTensor], columns: list[np.ndarray], evaluator: Evaluator, most: int
) -> np.ndarray:
    """The states (n, n_states) of tensors, which are those of the policy, and their values (n,).

    Raises:
        RequestError: one stands twice, shapes that do not fit, or too many states.
    """
    by_name = {tensor.name: column for tensor, column in zip(inputs, columns, strict=True)}
    n_rows = len(columns[0])
    faults = []
    if len(by_name) < len(inputs):
        faults.append(Fault(("inputs",), "a state stands more than once; give one tensor for each"))
    for place, (tensor, column) in enumerate(zip(inputs, columns, strict=True)):
        where, count = ("inputs", place, "shape"), len(column)
        if tensor.shape not in ([count], [count, 1]):
            told = tensor.shape if len(tensor.shape) <= 2 else shown(tensor.shape)
            message = f"shape = {told} is not that of {count} values; give [n] or [n, 1]"
            faults.append(Fault(where, message))
        elif count != n_rows:
            message = f"{shown(tensor.name)} has {count} values, the first tensor {n_rows}; give as many"
            faults.append(Fault(where, message))
    if not 1 <= n_rows <= most:
        faults.append(Fault(("inputs",), f"{n_rows} states are asked; give between 1 and {most}"))
    if faults:
        raise RequestError(faults)
    return np.column_stack([by_name[name] for name in evaluator.state_names])


def _check_outputs(wanted: list[str], tensors: Mapping[str, np.ndarray]) -> None:
    """Checks names of outputs.

    Raises:
        RequestError: one is unknown, or stands twice.
    """
    if len(set(wanted)) < len(wanted):
        raise RequestError([Fault(("outputs",), "an output stands more than once; name each once")])
    faults = [
        Fault(("outputs", place, "name"), f"{shown(name)} is no output; there are {', '.join(tensors)}")
        for place, name in enumerate(wanted)
        if name not in tensors
    ]
    if faults:
        raise RequestError(faults)
