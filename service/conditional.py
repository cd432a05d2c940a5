"""Answers that a client may keep, and conditional requests: what it has already is not sent again (RFC 9110, 13)."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

# Private: who may see a solution may be the operator's business.
IMMUTABLE = "private, max-age=31536000, immutable"
"""Of what is named by its content: a year, and not asked for again within it (RFC 8246)."""
ASKED_AGAIN = "no-cache"
"""Of what the next release may answer otherwise, or the next request."""


def entity_tag(content: bytes) -> str:
    """The strong entity tag of some bytes: their SHA-256."""
    return f'"{hashlib.sha256(content).hexdigest()}"'


def has_current(request: Request, tag: str) -> bool:
    """Whether ``If-None-Match`` names the tag, strong or weak, or any."""
    listed = ",".join(request.headers.getlist("if-none-match")).split(",")
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in listed)


def tagged(request: Request, body: bytes, caching: str, media_type: str = "application/json") -> Response:
    """An answer with its entity tag; 304 without a body when the client has it already.

    Args:
        request: with or without ``If-None-Match``.
        body: the content.
        caching: the ``Cache-Control``.
        media_type: of the body.
    """
    tag = entity_tag(body)
    headers = {"ETag": tag, "Cache-Control": caching}
    if has_current(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
