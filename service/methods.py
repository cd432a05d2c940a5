"""What a path answers to: HEAD wherever it answers GET, and ``Allow`` over all its routes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

IS_HEAD = "saddlepath.is_head"
"""Key of the scope of a request that was HEAD: an answer without end, of which only the head is sent, has none."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class HeadAsGet:
    """Answers HEAD as GET without the body (RFC 9110, 9.3.2); FastAPI's own routes would refuse it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        as_get = {**scope, "method": "GET", IS_HEAD: True}

        async def send_head(message: Message) -> None:
            scope["route"] = as_get.get("route")  # for those outside, who count and log it
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app(as_get, receive, send_head)


def allowed_methods(request: Request) -> list[str]:
    """Every method that some route answers at the request's path."""

    def is_answered(method: str) -> bool:
        scope = {
            "type": "http",
            "method": "GET" if method == "HEAD" else method,
            "path": request.scope["path"],
        }
        scope |= {"root_path": request.scope.get("root_path", ""), "headers": []}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)

    return [method for method in METHODS if is_answered(method)] + ["OPTIONS"]
