"""The ``Prefer: wait=N`` header of RFC 7240."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WAIT = re.compile(r'\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?', re.IGNORECASE | re.ASCII)


def preferred_wait_s(headers: Iterable[str], max_wait_s: int) -> int | None:
    """Seconds for which the client would rather wait than be told to come back.

    Args:
        headers: every value of the ``Prefer`` header.
        max_wait_s: longer wishes are cut to this.

    Returns:
        The first wish; None without one. A preference that cannot be read is ignored, as the RFC asks.
    """
    for preference in ",".join(headers).split(","):
        if match := _WAIT.fullmatch(preference):
            return min(int(match[1]), max_wait_s)
    return None
