"""The one door through which a job's state changes: the script of ``worker/lua``, run atomically by the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import redis

from worker.contract import utc_now
from worker.store import (
    PREFIX,
    UNACKED_INDEX,
    artifact_key,
    gone_key,
    job_key,
    log_key,
    owners_key,
    store_errors,
    webhooks_key,
)
from worker.tenant import OPERATOR, Tenant

_PARTS = ("job", "owners", "requests", "attempts", "retention")
"""The files of the script, one text to the store: each builds on those before."""
_WHEN_FULL = frozenset({"keep", "release", "cancel", "complete", "fail", "delete", "expire", "adopt"})
"""What is done although the store's memory is full: it takes next to none, and leads out of it."""
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
    """Runs the actions of ``worker/lua``."""

    def __init__(self, client: redis.Redis) -> None:
        folder = files("worker").joinpath("lua")
        source = "\n".join(folder.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in _PARTS)
        source += "\nreturn actions[action](unpack(ARGV, 10))"
        self._script = client.register_script(f"#!lua\n{source}")
        self._when_full = client.register_script(f"#!lua flags=allow-oom\n{source}")

    def run(
        self, action: str, job_id: str, *arguments: str | bytes | float, tenant: Tenant = OPERATOR
    ) -> Answer:
        """Runs one action on one job, for a tenant.

        Raises:
            StoreFullError: the store's memory is full, and the action takes some; nothing was changed.
            StoreUnavailableError: the store does not answer.
        """
        own = [key(job_id) for key in (job_key, artifact_key, log_key, gone_key, webhooks_key)]
        keys = [*own, UNACKED_INDEX, owners_key(job_id)]
        told = [PREFIX, KEPT_ENTRIES, job_id, utc_now(), action, *tenant.script_arguments]
        script = self._when_full if action in _WHEN_FULL else self._script
        with store_errors():
            reply: Sequence[Any] = script(keys=keys, args=[*told, *arguments])
        value = reply[1] if len(reply) > 1 else None
        if isinstance(value, bytes):
            value = value.decode()
        return Answer(bool(reply[0]), None if value is None else str(value))
