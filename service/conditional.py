"""Conditional requests (RFC 9110, 13): a client that has what is there already is not sent it again."""

from __future__ import annotations

import hashlib

from starlette.requests import Request


def entity_tag(content: bytes) -> str:
    """The strong entity tag of some bytes: their SHA-256."""
    return f'"{hashlib.sha256(content).hexdigest()}"'


def has_current(request: Request, tag: str) -> bool:
    """Whether ``If-None-Match`` names the tag, strong or weak, or any."""
    listed = ",".join(request.headers.getlist("if-none-match")).split(",")
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in listed)
