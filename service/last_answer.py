"""A request that would end without an answer is given one, in the form of every other failure.

It is given where requests are counted and named, so that metrics and logs show what an operator must see.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import RETRY_AFTER_S, Row, answer_defect, problem

CUT_OFF = Row(503, "shutting-down", "The server is going down", RETRY_AFTER_S)


class LastAnswer:
    """Answers 503 to a request that the server cancels, and 500 to one that raised what no handler knows.

    The server cancels what has not ended within its grace when it goes down: a body that comes slowly, a batch that takes
    long. Clients that wait for a solution are answered before that (:class:`service.stack.api.Server`). A request whose
    answer has begun can only be broken off.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        has_begun = False

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except (asyncio.CancelledError, Exception) as failure:
            if scope["type"] != "http" or has_begun:
                raise
            answer = (
                await answer_defect(Request(scope), failure) if isinstance(failure, Exception) else _cut_off()
            )
            await answer(scope, receive, send)


def _cut_off() -> Response:
    return problem(
        CUT_OFF,
        "the server goes down and could not end this request; send it again",
        {"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},
    )
