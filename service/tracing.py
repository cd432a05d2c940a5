"""Names for requests, so that what the logs tell of one can be found: its own, and the trace that it belongs to.

Both are bound for everything that is logged while it is served, and its trace goes with the job that it asks for, to the
worker (W3C Trace Context). A client may send either; what is no such name is replaced and never logged.
"""

from __future__ import annotations

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_READING = ("GET", "HEAD", "OPTIONS")


class NameRequests:
    """Gives every request its names, and logs those that ask for a change or fail on this side."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _given(_REQUEST_ID, headers.get("x-request-id")) or uuid.uuid4().hex
        trace = _given(_TRACEPARENT, headers.get("traceparent")) or _new_trace()
        scope["state"] = {**scope.get("state", {}), "trace": trace}
        began_s = time.perf_counter()

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
                _log(scope, message["status"], time.perf_counter() - began_s)
            await send(message)

        with bound_contextvars(request=request_id, trace=trace):
            await self._app(scope, receive, send_named)


def _given(pattern: re.Pattern[str], value: str | None) -> str | None:
    return value if value is not None and pattern.fullmatch(value) else None


def _new_trace() -> str:
    """A trace of its own, which nobody has asked to be recorded."""
    return f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00"


def _log(scope: Scope, status: int, seconds: float) -> None:
    if scope["method"] in _READING and status < 500:
        return
    route = getattr(scope.get("route"), "path", None)
    structlog.get_logger().info(
        "request", method=scope["method"], route=route, status=status, seconds=round(seconds, 4)
    )
