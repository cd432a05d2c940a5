"""Sums over all jobs that ever were, kept by the store: they outlive jobs, workers and the API's processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import redis

from solver.model.zoo import zoo_names
from worker.simulation_job import KIND
from worker.store import TALLY, store_errors

OWN = "own"
"""The label of all models of the users' own together: names that anybody may choose are no labels."""
_SUMS = {
    "ended": "ended",
    "seconds": "seconds",
    f"{KIND}ended": "simulated",
    f"{KIND}seconds": "simulated_seconds",
    "verdict": "verdicts",
    "deleted": "deleted",
    f"{KIND}deleted": "deleted_simulations",
    "webhook": "webhooks",
}
"""Which sums the fields of a kind are."""


def label_of(model_name: str) -> str:
    """The built-in model of that name, or :data:`OWN`."""
    return model_name if model_name in zoo_names() else OWN


@dataclass(frozen=True)
class Tally:
    """What has ended.

    Attributes:
        ended: jobs, by terminal status and label of the model.
        seconds: from the beginning of their last attempts to their ends, likewise.
        simulated: simulations, by terminal status and label of the model.
        simulated_seconds: of their last attempts, likewise.
        verdicts: certificates, by verdict.
        deleted: solutions, by why: request, age, size.
        deleted_simulations: likewise.
        webhooks: messages to webhooks, by what came of an attempt: delivered, failed, given_up.
    """

    ended: dict[tuple[str, str], int] = field(default_factory=dict)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    simulated: dict[tuple[str, str], int] = field(default_factory=dict)
    simulated_seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    deleted_simulations: dict[str, int] = field(default_factory=dict)
    webhooks: dict[str, int] = field(default_factory=dict)


def read_tally(client: redis.Redis) -> Tally:
    """The sums so far.

    Raises:
        StoreUnavailableError: the store does not answer.
    """
    with store_errors():
        fields: Any = client.hgetall(TALLY)
    tally = Tally()
    for name, value in fields.items():
        kind, place = _place(name.decode())
        sums = getattr(tally, _SUMS[kind])
        sums[place] = float(value) if kind.endswith("seconds") else int(value)
    return tally


def _place(name: str) -> tuple[str, str | tuple[str, str]]:
    """What a field sums up, and of what."""
    known = KIND if name.startswith(KIND) else ""
    kind, _, rest = name.removeprefix(known).partition(":")
    if kind not in ("ended", "seconds"):
        return known + kind, rest
    status, _, label = rest.partition(":")
    return known + kind, (status, label)
