"""A request that is cut off because the process goes down is told so, in the form of every other failure."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import RETRY_AFTER_S, Row, problem

CUT_OFF = Row(503, "shutting-down", "The server is going down", RETRY_AFTER_S)


class CutOff:
    """Answers 503 to a request that the server cancels before its answer has begun.

    The server cancels what has not ended within its grace: a body that comes slowly, a batch that takes long. Clients
    that wait for a solution are answered before that (:class:`service.stack.api.Server`).
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
        except asyncio.CancelledError:
            if scope["type"] != "http" or has_begun:
                raise
            answer = problem(
                CUT_OFF,
                "the server goes down and could not end this request; send it again",
                {"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},
            )
            await answer(scope, receive, send)
