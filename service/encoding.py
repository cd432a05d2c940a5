"""JSON out: an encoder that cannot emit a non-finite number and cannot fail on one.

Starlette's own ``JSONResponse`` raises on NaN, which turns an undefined figure into a 500. Here it becomes
``null``, as the contract says. Finite numbers are written as Python's ``repr``, so they read back to the same
float64.
"""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.responses import JSONResponse

_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def encode(content: Any) -> bytes:
    """``content`` as compact JSON in UTF-8, with ``null`` for every number that is not finite."""
    try:
        text = _dumps(content)
    except ValueError:
        text = _dumps(_finite(content))
    # A lone surrogate has no UTF-8 form; its backslash escape is the JSON escape of the same character.
    return text.encode("utf-8", "backslashreplace")


def _dumps(content: Any) -> str:
    return _ENCODER.encode(content)


def _finite(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return content


class JsonResponse(JSONResponse):
    """``application/json`` by :func:`encode`."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body of the response."""
        return encode(content)


class ProblemResponse(JsonResponse):
    """``application/problem+json`` (RFC 9457) by :func:`encode`."""

    media_type = "application/problem+json"
