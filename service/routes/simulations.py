"""``/v1/solutions/{id}/simulate``, ``…/impulse-response``, ``…/moments``, ``…/steady-state``: a policy over time.

All are arithmetic in NumPy, bounded beforehand, and take their turn with batches of states, off the event loop.
"""

from __future__ import annotations

from contextlib import ExitStack

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.acceptance import accepted_media_type
from service.body import ARROW, COLUMNS, parse_body, read_body, require_media_type
from service.caller import caller_of
from service.columns import check_size
from service.conditional import IMMUTABLE, tagged
from service.dependencies import evaluator_of, services_of
from service.encoding import encode
from service.faults import located
from service.identity import solution_id_of
from service.impulses import response_of
from service.links import simulation_links
from service.openapi import ARROW_STREAM, DEPARTURE_PARAMETER, IF_NONE_MATCH_HEADER, operation
from service.paths import write_paths
from service.pieces import Pieces, PiecewiseResponse, size_of
from service.query import Query, read_query, read_states, split_off
from service.routes.simulation_jobs import answer_record
from service.schemas.simulations import (
    ImpulseQuery,
    ImpulseResponse,
    Moments,
    MomentsQuery,
    SimulatedColumns,
    SimulationRequest,
    SimulationTold,
    SteadyState,
)
from service.simulation import fits_request, moments_of, read_experiment, simulate, steady_state_of
from service.simulation_jobs import check_job, submit_simulation
from solver.simulation.experiment import Experiment
from worker.keys import Scope

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
        content={ARROW: ARROW_STREAM},
        accepted=SimulationTold,
        accepted_links=simulation_links(),
        errors=(400, 403, 404, 406, 409, 413, 415, 422, 429, 503, 507),
    ),
)
async def simulate_policy(request: Request) -> Response:
    """Every variable along paths with drawn shocks, by columns; from the steady state, or states that are given.

    As JSON, or as an Arrow stream by `Accept`. A path that leaves the states at which the economy is defined is null from
    there on, and counted in `lost`. What is more than one request may have becomes a job: 202 with its record, whose
    `Location` tells how far it is and leads to the result; the same request is the same job. More than a job may take is a
    422 that tells the most.
    """
    read_query(request, Query)
    services = services_of(request)
    settings = services.settings
    require_media_type(request)
    wanted = accepted_media_type(request, COLUMNS)
    evaluator = await evaluator_of(request)
    max_items = max(settings.max_batch_states, settings.max_items)
    with ExitStack() as until_sent:
        share = until_sent.enter_context(services.held.share())
        body = await read_body(request, settings.max_batch_body_bytes, share.resize)

        def answer() -> Pieces | Experiment:
            with located("initial"):
                check_size(body, len(evaluator.state_names), settings.max_batch_states)
            asked = parse_body(body, SimulationRequest, max_nesting=settings.max_nesting, max_items=max_items)
            experiment = read_experiment(evaluator, asked)
            if not fits_request(evaluator.policy, experiment, settings.max_batch_states):
                check_job(evaluator.policy, experiment, settings.max_simulation_bytes)
                return experiment
            return write_paths(simulate(evaluator, experiment), wanted)

        found = await services.batches.run(answer)
        if not isinstance(found, Experiment):
            share.resize(size_of(found))
            return PiecewiseResponse(found, wanted, until_sent.pop_all())
    caller_of(request).require(Scope.SOLVE)
    record = await submit_simulation(services, solution_id_of(request), found, request.state.trace)
    return answer_record(record, pending_status=202)


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
