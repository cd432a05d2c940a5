"""``/v1/solutions/{id}/simulate``, ``…/impulse-response``, ``…/moments``, ``…/steady-state``: a policy over time.

All are arithmetic in NumPy, bounded beforehand, and take their turn with batches of states, off the event loop.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.body import parse_body, read_body, require_media_type
from service.columns import check_size, encode_columns
from service.conditional import IMMUTABLE, tagged
from service.dependencies import evaluator_of, services_of
from service.encoding import encode
from service.faults import located
from service.impulses import response_of
from service.openapi import DEPARTURE_PARAMETER, IF_NONE_MATCH_HEADER, operation
from service.query import Query, read_query, read_states, split_off
from service.schemas.simulations import (
    ImpulseQuery,
    ImpulseResponse,
    Moments,
    MomentsQuery,
    SimulatedColumns,
    SimulationRequest,
    SteadyState,
)
from service.simulation import moments_of, simulate, steady_state_of

router = APIRouter(prefix="/v1/solutions/{solution_id}", tags=["Simulations"])
_ERRORS = (304, 404, 409, 422, 429, 503)


@router.post(
    "/simulate",
    **operation(
        "simulate_policy",
        "Simulate paths",
        SimulatedColumns,
        path=("solution_id",),
        body=SimulationRequest,
        errors=(400, 404, 409, 413, 415, 422, 429, 503),
    ),
)
async def simulate_policy(request: Request) -> Response:
    """Every variable along paths with drawn shocks, by columns; from the steady state, or states that are given.

    A path that leaves the states at which the economy is defined is null from there on, and counted in ``lost``. More rows,
    or more periods of so many paths, than one request may have are a 422 that tells the most.
    """
    read_query(request, Query)
    services = services_of(request)
    settings = services.settings
    require_media_type(request)
    body = await read_body(request, settings.max_batch_body_bytes)
    evaluator = await evaluator_of(request)
    max_items = max(settings.max_batch_states, settings.max_items)

    def answer() -> bytes:
        with located("initial"):
            check_size(body, len(evaluator.state_names), settings.max_batch_states)
        asked = parse_body(body, SimulationRequest, max_nesting=settings.max_nesting, max_items=max_items)
        found = simulate(evaluator, asked, settings.max_batch_states)
        return encode_columns({"path": found.path, "t": found.t, **found.groups}, {"lost": found.n_lost})

    return Response(await services.batches.run(answer), media_type="application/json")


@router.get(
    "/impulse-response",
    **operation(
        "get_impulse_response",
        "What a shock changes",
        ImpulseResponse,
        path=("solution_id",),
        query=ImpulseQuery,
        parameters=(DEPARTURE_PARAMETER, IF_NONE_MATCH_HEADER),
        errors=_ERRORS,
    ),
)
async def get_impulse_response(request: Request) -> Response:
    """The generalised impulse response: the mean over many paths of the path with the impulse less the same path without.

    Both have the same draws before and after. Bounds hold on either, so a response may be cut short by one. A model in
    which nothing is left to chance has no impulse: a 422 says what to ask instead.
    """
    asked, others = split_off(request, ImpulseQuery)
    evaluator = await evaluator_of(request)
    given = read_states(others, evaluator.state_names, ImpulseQuery)
    found = await services_of(request).batches.run(lambda: response_of(evaluator, asked, given))
    return tagged(request, encode(found), IMMUTABLE)


@router.get(
    "/moments",
    **operation(
        "get_moments",
        "Moments in the long run",
        Moments,
        path=("solution_id",),
        query=MomentsQuery,
        parameters=(IF_NONE_MATCH_HEADER,),
        errors=_ERRORS,
    ),
)
async def get_moments(request: Request) -> Response:
    """Means with their standard errors, standard deviations, correlations and autocorrelations of every variable."""
    asked = read_query(request, MomentsQuery)
    evaluator = await evaluator_of(request)
    found = await services_of(request).batches.run(lambda: moments_of(evaluator, asked))
    return tagged(request, encode(found), IMMUTABLE)


@router.get(
    "/steady-state",
    **operation(
        "get_steady_state",
        "Where the economy rests",
        SteadyState,
        path=("solution_id",),
        parameters=(IF_NONE_MATCH_HEADER,),
        errors=_ERRORS,
    ),
)
async def get_steady_state(request: Request) -> Response:
    """The deterministic steady state of the calibration, and the policy's own, which with shocks allows for risk.

    That is where it keeps the economy when no shock comes, for each regime of a Markov chain as long as it lasts.
    """
    read_query(request, Query)
    evaluator = await evaluator_of(request)
    found = await services_of(request).batches.run(lambda: steady_state_of(evaluator))
    return tagged(request, encode(found), IMMUTABLE)
