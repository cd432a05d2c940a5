"""What is known of a deleted job: when and why it went, for a day, unless it is created again.

Written together with the deletion (``life_cycle.lua``).
"""

from __future__ import annotations

import json
from typing import Any

import redis

from worker.errors import JobGoneError, JobNotFoundError
from worker.store import gone_key, store_errors

GONE_S = 24 * 60 * 60


def missing(client: redis.Redis, job_id: str) -> JobNotFoundError:
    """The error that tells of a job which is not there: :class:`JobGoneError` where it was deleted lately.

    Raises:
        StoreUnavailableError: the store does not answer.
    """
    with store_errors():
        told: Any = client.get(gone_key(job_id))
    return JobNotFoundError(job_id) if told is None else JobGoneError(job_id, **json.loads(told))
