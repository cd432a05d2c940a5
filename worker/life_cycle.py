"""The one door through which a job's state changes: ``life_cycle.lua``, run atomically by the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import redis

from worker.contract import utc_now
from worker.store import PREFIX, UNACKED_INDEX, artifact_key, job_key, log_key, owners_key, store_errors
from worker.tenant import OPERATOR, Tenant

KEPT_ENTRIES = 500
"""How many of the latest changes a job's log keeps, about: those of the last hundred seconds of a long solve."""


@dataclass(frozen=True)
class Answer:
    """The store's answer to one change.

    Attributes:
        is_done: whether the change was made.
        value: the result of a change (the attempt's token), or the reason of a refusal; None for neither.
    """

    is_done: bool
    value: str | None


class LifeCycle:
    """Runs the actions of ``life_cycle.lua``."""

    def __init__(self, client: redis.Redis) -> None:
        source = files("worker").joinpath("life_cycle.lua").read_text(encoding="utf-8")
        self._script = client.register_script(source)

    def run(
        self, action: str, job_id: str, *arguments: str | bytes | float, tenant: Tenant = OPERATOR
    ) -> Answer:
        """Runs one action on one job, for a tenant.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        keys = [job_key(job_id), artifact_key(job_id), log_key(job_id), UNACKED_INDEX, owners_key(job_id)]
        told = [PREFIX, KEPT_ENTRIES, job_id, utc_now(), action, *tenant.script_arguments]
        with store_errors():
            reply: Sequence[Any] = self._script(keys=keys, args=[*told, *arguments])
        value = reply[1] if len(reply) > 1 else None
        if isinstance(value, bytes):
            value = value.decode()
        return Answer(bool(reply[0]), None if value is None else str(value))
