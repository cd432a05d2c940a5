"""``Accept``: which of the media types that a call answers with the client wants (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request

from service.errors import NotAcceptableError
from service.faults import shown

_WEIGHT = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


def accepted_media_type(request: Request, offered: Sequence[str]) -> str:
    """The one of ``offered`` that is accepted with the greatest weight; the first of them where several are.

    Raises:
        NotAcceptableError: none is.
    """
    accept = ",".join(request.headers.getlist("accept"))
    if not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",")]
    weights = {media_type: _weight(media_type, ranges) for media_type in offered}
    best = max(offered, key=weights.__getitem__)
    if weights[best] == 0.0:
        raise NotAcceptableError(
            f"Accept {shown(accept)} takes none of what this call answers with; accept {' or '.join(offered)}"
        )
    return best


def _range(text: str) -> tuple[str, float]:
    """A media range and its weight; a weight that is none takes nothing."""
    media_range, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            weight = parameter.removeprefix("q=")
            return media_range, float(weight) if _WEIGHT.fullmatch(weight) else 0.0
    return media_range, 1.0


def _weight(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """That of the most specific range which the media type is in."""
    wanted = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    for candidate in wanted:
        for media_range, weight in ranges:
            if media_range == candidate:
                return weight
    return 0.0
