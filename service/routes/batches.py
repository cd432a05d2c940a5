"""``POST /v1/solutions/{id}/policy``: a policy at up to a million states, as JSON columns or Arrow streams, in and out.

Bodies and answers are large, so what is held of them is counted, and everything but their bytes' coming and going is done
beside the event loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Literal, NamedTuple

import numpy as np
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from service.acceptance import accepted_media_type
from service.body import ARROW, COLUMNS, parse_body, read_body, require_media_type
from service.columns import answer_columns, check_size, read_columns
from service.dependencies import evaluator_of, services_of
from service.evaluation import Evaluator
from service.faults import located
from service.openapi import ARROW_STREAM, COMPONENTS, SENSITIVITY_PARAMETER, STRICT_PARAMETER, operation
from service.pieces import Pieces, PiecewiseResponse, size_of
from service.query import Query, read_query
from service.schemas import request_examples
from service.schemas.policies import EvaluationColumns, StatesRequest
from service.settings import ServiceSettings

router = APIRouter(prefix="/v1/solutions/{solution_id}", tags=["Policies"])
BYTES_A_NUMBER = 26
"""The longest float64 in JSON, -1.2345678901234567e-308, with a comma and a space; Arrow takes 8."""
BYTES_BESIDE = 64 * 1024


class ArrowOptions(Query):
    """What stands beside an Arrow stream; a JSON body holds its own."""

    strict: Literal["true", "false"] = "false"
    sensitivity: str | None = Field(None, min_length=1)


class Batch(NamedTuple):
    """What is asked: states (n, n_states), parameters to differentiate by, and whether the domain is a limit."""

    states: np.ndarray
    sensitivity: Sequence[str]
    is_strict: bool


@router.post(
    "/policy",
    **operation(
        "evaluate_policy_batch",
        "The policy at many states",
        EvaluationColumns,
        path=("solution_id",),
        parameters=[
            {**parameter, "description": f"{parameter['description']} Beside an Arrow stream only."}
            for parameter in (SENSITIVITY_PARAMETER, STRICT_PARAMETER)
        ],
        request_body={
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": COMPONENTS + StatesRequest.__name__},
                    "examples": request_examples.REQUESTS[StatesRequest.__name__],
                },
                ARROW: ARROW_STREAM,
            },
        },
        content={ARROW: ARROW_STREAM},
        errors=(400, 404, 406, 409, 413, 415, 422, 429, 503),
    ),
)
async def evaluate_policy_batch(request: Request) -> Response:
    """The same by columns, as JSON or as an Arrow stream by `Content-Type` and `Accept`, at up to 1,000,000 states.

    In JSON a single number stands for every row. A stream has a column of numbers for each state, uncompressed; its answer
    one for each state, control and definition, `in_domain`, and `i.beta` for a derivative of `i` by `beta`.
    """
    media_type = require_media_type(request, COLUMNS)
    wanted = accepted_media_type(request, COLUMNS)
    if media_type == ARROW:
        options = read_query(request, ArrowOptions)
    else:
        options = ArrowOptions()
        read_query(request, Query)
    evaluator = await evaluator_of(request)
    services = services_of(request)
    settings = services.settings
    max_bytes = BYTES_BESIDE + BYTES_A_NUMBER * len(evaluator.state_names) * settings.max_batch_states
    with ExitStack() as until_sent:
        share = until_sent.enter_context(services.held.share())
        body = await read_body(request, max_bytes, share.resize)

        def answer() -> Pieces:
            if media_type == ARROW:
                batch = _read_stream(body, options, evaluator, settings.max_batch_states)
            else:
                batch = _read_json(body, evaluator, settings)
            return _answer(batch, evaluator, wanted, () if media_type == ARROW else ("states",))

        pieces = await services.batches.run(answer)
        share.resize(size_of(pieces))
        return PiecewiseResponse(pieces, wanted, until_sent.pop_all())


def _read_json(body: bytearray, evaluator: Evaluator, settings: ServiceSettings) -> Batch:
    most = settings.max_batch_states
    with located("states"):
        check_size(body, len(evaluator.state_names), most)
    max_items = max(most, settings.max_items)
    asked = parse_body(body, StatesRequest, max_nesting=settings.max_nesting, max_items=max_items)
    evaluator.sensitivities.check(asked.sensitivity)
    with located("states"):
        evaluator.check_names(asked.states)
        states = read_columns(asked.states, evaluator.state_names, _most(most, asked.sensitivity))
    return Batch(states, asked.sensitivity, asked.strict)


def _read_stream(body: bytearray, options: ArrowOptions, evaluator: Evaluator, most: int) -> Batch:
    from service.arrow import read_stream

    names = [] if options.sensitivity is None else options.sensitivity.split(",")
    evaluator.sensitivities.check(names)
    return Batch(read_stream(body, evaluator, _most(most, names)), names, options.strict == "true")


def _most(most: int, sensitivity: Sequence[str]) -> int:
    """An answer with derivatives is as long as that to so many more states."""
    return most // (1 + len(sensitivity))


def _answer(batch: Batch, evaluator: Evaluator, wanted: str, place: tuple[str, ...]) -> Pieces:
    states = batch.states
    with located(*place):
        evaluation = evaluator.evaluate(states, is_strict=batch.is_strict)
    sensitivities = evaluator.sensitivities.at(batch.sensitivity, states)
    if wanted == ARROW:
        from service.arrow import write_stream

        return [write_stream(evaluator, states, evaluation, sensitivities)]
    return answer_columns(evaluator, states, evaluation, sensitivities)
