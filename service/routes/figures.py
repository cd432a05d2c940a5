"""``/v1/solutions/{id}/figures/{name}.{svg|png}``: pictures of a solution.

Their numbers take their turn with batches of states, and figures are drawn one at a time, off the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.conditional import IMMUTABLE, tagged
from service.dependencies import evaluator_of, services_of
from service.figures.canvas import Form, Picture, render
from service.figures.euler_errors import collect_errors
from service.figures.impulse_response import collect_response
from service.figures.policy import collect_policy
from service.figures.simulation import collect_simulation
from service.figures.training import collect_training
from service.identity import solution_id_of
from service.openapi import (
    DEPARTURE_PARAMETER,
    IF_NONE_MATCH_HEADER,
    PLANE_PARAMETER,
    START_PARAMETER,
    operation,
)
from service.query import Query, read_query, read_states, split_off
from service.schemas.figures import (
    ErrorsFigureQuery,
    ImpulseFigureQuery,
    PolicyFigureQuery,
    SimulationFigureQuery,
)

router = APIRouter(prefix="/v1/solutions/{solution_id}/figures", tags=["Figures"])
_MEDIA_TYPES = {Form.SVG: "image/svg+xml", Form.PNG: "image/png"}
_CONTENT = {
    media_type: {"schema": {"type": "string", "format": "binary"}, "example": "(bytes)"}
    for media_type in _MEDIA_TYPES.values()
}


def _figure(
    name: str, summary: str, query: type[BaseModel] | None = None, states: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "response_class": Response,
        **operation(
            name,
            summary,
            None,
            path=("solution_id", "form"),
            query=query,
            parameters=(*([states] if states else []), IF_NONE_MATCH_HEADER),
            content=_CONTENT,
            errors=(304, 404, 409, 422, 429, 503),
        ),
    }


@router.get(
    "/policy.{form}",
    **_figure("draw_policy", "Policy functions", PolicyFigureQuery, PLANE_PARAMETER),
)
async def draw_policy(request: Request) -> Response:
    """Slices along one state, and a map over two, through the steady state or the states that are given.

    Lines are for values of the map's other state, or for the regimes of a Markov chain. Bounds are thin dashes.
    """
    form = _form_of(request)
    asked, others = split_off(request, PolicyFigureQuery)
    evaluator = await evaluator_of(request)
    given = read_states(others, evaluator.state_names, PolicyFigureQuery)
    return await _drawn(request, form, lambda: collect_policy(evaluator, asked, given))


@router.get(
    "/euler-errors.{form}",
    **_figure("draw_euler_errors", "Euler errors over the domain", ErrorsFigureQuery, PLANE_PARAMETER),
)
async def draw_euler_errors(request: Request) -> Response:
    """The largest Euler error by the certificate's measure: along one state, over two, and how it is distributed."""
    form = _form_of(request)
    asked, others = split_off(request, ErrorsFigureQuery)
    evaluator = await evaluator_of(request)
    given = read_states(others, evaluator.state_names, ErrorsFigureQuery)
    return await _drawn(request, form, lambda: collect_errors(evaluator, asked, given))


@router.get("/training.{form}", **_figure("draw_training", "The history of training"))
async def draw_training(request: Request) -> Response:
    """The held-out Euler error and the loss, against seconds and against the states that training visited."""
    form = _form_of(request)
    read_query(request, Query)
    evaluator = await evaluator_of(request)
    artifact = await run_in_threadpool(services_of(request).artifacts.load, solution_id_of(request))
    return await _drawn(request, form, lambda: collect_training(evaluator, artifact))


@router.get(
    "/simulation.{form}",
    **_figure("draw_simulation", "Simulated paths", SimulationFigureQuery, START_PARAMETER),
)
async def draw_simulation(request: Request) -> Response:
    """Paths from the steady state or from given states; where nothing is left to chance, from corners of the domain."""
    form = _form_of(request)
    asked, others = split_off(request, SimulationFigureQuery)
    evaluator = await evaluator_of(request)
    given = read_states(others, evaluator.state_names, SimulationFigureQuery)
    return await _drawn(request, form, lambda: collect_simulation(evaluator, asked, given))


@router.get(
    "/impulse-response.{form}",
    **_figure("draw_impulse_response", "What a shock changes", ImpulseFigureQuery, DEPARTURE_PARAMETER),
)
async def draw_impulse_response(request: Request) -> Response:
    """The generalised impulse response, as ``…/impulse-response`` answers it, with two standard errors around it."""
    form = _form_of(request)
    asked, others = split_off(request, ImpulseFigureQuery)
    evaluator = await evaluator_of(request)
    given = read_states(others, evaluator.state_names, ImpulseFigureQuery)
    return await _drawn(request, form, lambda: collect_response(evaluator, asked, given))


def _form_of(request: Request) -> Form:
    form = request.path_params["form"]
    if form not in list(Form):
        raise HTTPException(404)
    return Form(form)


async def _drawn(request: Request, form: Form, collect: Callable[[], Picture]) -> Response:
    services = services_of(request)
    picture = await services.batches.run(collect)
    content = await services.drawing.run(lambda: render(picture, form))
    return tagged(request, content, IMMUTABLE, _MEDIA_TYPES[form])
