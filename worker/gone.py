"""What is known of a deleted job: when and why it went, for a day, unless it is created again.

Written together with the deletion (``worker/lua``).
"""

from __future__ import annotations

import json
from typing import Any

import redis

from worker.errors import JobGoneError, JobNotFoundError, SimulationGoneError, SimulationNotFoundError
from worker.simulation_job import is_simulation
from worker.store import gone_key, store_errors
from worker.tenant import Tenant

GONE_S = 24 * 60 * 60
_ERRORS = {
    False: (JobNotFoundError, JobGoneError),
    True: (SimulationNotFoundError, SimulationGoneError),
}


def missing(client: redis.Redis, job_id: str, tenant: Tenant) -> JobNotFoundError:
    """The error that tells a tenant of a job which is not there: :class:`JobGoneError` where its own was deleted lately.

    Raises:
        StoreUnavailableError: the store does not answer.
    """
    with store_errors():
        told: Any = client.get(gone_key(job_id))
    word = {} if told is None else json.loads(told)
    owners = word.pop("owners", ())
    is_seen = tenant.sees_all or tenant.key_id in owners
    not_found, gone = _ERRORS[is_simulation(job_id)]
    return gone(job_id, **word) if word and is_seen else not_found(job_id)
