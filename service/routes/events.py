"""``/v1/solutions/{id}/events``: the life of a solution as it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from service.caller import caller_of
from service.dependencies import services_of
from service.following import read_place
from service.identity import solution_id_of
from service.methods import IS_HEAD
from service.openapi import operation
from service.query import Query, read_query
from service.schemas.examples import EVENTS

router = APIRouter(prefix="/v1/solutions/{solution_id}", tags=["Solutions"])
LAST_EVENT_ID_HEADER = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": r"^(\d{1,19}-\d{1,19})?$"},
    "example": "1764316800000-0",
    "description": "Id of the last event that was received: the stream goes on after it.",
}
EVENT_SCHEMA = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["status", "progress"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string", "pattern": r"^\d{1,19}-\d{1,19}$"},
    },
    "required": ["event", "data"],
}
#: Nobody between may keep it, or hold it back.
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """An answer of events; FastAPI's own class would make it encode them, which was done when they were logged.

    ``until_sent`` is closed once it is at its end, or the client gone.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], until_sent: ExitStack) -> None:
        super().__init__(events, headers=_HEADERS)
        self._until_sent = until_sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._until_sent:
            await super().__call__(scope, receive, send)


@router.get(
    "/events",
    response_class=Response,  # of no media type of its own, which would be described as a mere string
    **operation(
        "follow_solution",
        "Follow a solution",
        None,
        also=(204,),
        path=("solution_id",),
        parameters=(LAST_EVENT_ID_HEADER,),
        errors=(404, 422, 429, 503),
        content={
            EventStream.media_type: {
                "itemSchema": EVENT_SCHEMA,  # of OpenAPI 3.2; FastAPI describes its own streams by it, too
                "example": EVENTS,
            }
        },
    ),
)
async def follow_solution(request: Request) -> Response:
    """Server-sent events: ``status`` at every change of status, ``progress`` several times a second while it is solved.

    Ends when the solution is over. With ``Last-Event-ID`` it goes on after that event; 204 where it is over and nothing is
    left to send, upon which a browser does not come again. The log keeps the latest 500 events or so.
    """
    read_query(request, Query)
    place = read_place(request.headers.getlist("last-event-id"))
    services, solution_id = services_of(request), solution_id_of(request)

    def check() -> None:
        services.admission.check(caller_of(request))
        services.jobs.require(solution_id)

    tenant = caller_of(request).tenant
    with ExitStack() as until_sent:
        events = await services.followers.follow(solution_id, place, tenant, check, until_sent)
        if events is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        if request.scope.get(IS_HEAD):
            return Response(headers=_HEADERS, media_type=EventStream.media_type)
        return EventStream(events, until_sent.pop_all())
