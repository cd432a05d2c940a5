"""Answers that a client may keep: strong ETags, ``If-None-Match``, and for how long (RFC 9110, 8.8 and 13; RFC 8246)."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

IMMUTABLE = "max-age=31536000, immutable"
"""Of what is named by its content: a year, and not asked for again within it."""
ASKED_AGAIN = "no-cache"
"""Of what another release may answer otherwise, or the next request."""


def tagged(request: Request, body: bytes, caching: str) -> Response:
    """An answer in JSON with the ETag of its bytes; 304 without a body when the client has it already.

    Args:
        request: with or without ``If-None-Match``.
        body: the JSON.
        caching: the ``Cache-Control``.
    """
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": caching}
    held = request.headers.get("if-none-match")
    if held is not None:
        tags = {given.strip().removeprefix("W/") for given in held.split(",")}
        if tag in tags or "*" in tags:
            return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
