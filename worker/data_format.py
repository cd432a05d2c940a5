"""The form in which data lies in the store, so that no release works on what a later one has written in another.

``FORMAT`` is raised with the first release that writes what the one before cannot read; that release then also says here
how it reads the older form. What bears no mark is of form 1: releases before the mark wrote that.
"""

from __future__ import annotations

from typing import Any

import redis

from worker.errors import DataTooNewError
from worker.store import PREFIX, store_errors

FORMAT = 1
FORMAT_KEY = f"{PREFIX}format"
# A store whose memory is full has room for it: retention, which makes some, comes after.
_CLAIM = """#!lua flags=allow-oom
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET')
"""


def claim_format(client: redis.Redis) -> None:
    """Marks a store that bears no mark as of this form, and checks that of one that does.

    Raises:
        DataTooNewError: it is of a later one.
        StoreUnavailableError: the store does not answer, or cannot write.
    """
    with store_errors():
        found: Any = client.eval(_CLAIM, 1, FORMAT_KEY, str(FORMAT))
    _check(found)


def check_format(client: redis.Redis) -> None:
    """Returns if the store answers, and has no data of a later form.

    Raises:
        DataTooNewError: it has.
        StoreUnavailableError: the store does not answer.
    """
    with store_errors():
        found: Any = client.get(FORMAT_KEY)
    _check(found)


def _check(found: bytes | None) -> None:
    if found is not None and int(found) > FORMAT:
        raise DataTooNewError(int(found), FORMAT)
