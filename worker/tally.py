"""Sums over all jobs that ever were, kept by the store: they outlive jobs, workers and the API's processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import redis

from solver.model.zoo import zoo_names
from worker.contract import Job
from worker.store import TALLY, store_errors

OWN = "own"
"""The label of all models of the users' own together: names that anybody may choose are no labels."""


def label_of(job: Job) -> str:
    """The built-in model that a job solves, or :data:`OWN`."""
    return job.model_name if job.model_name in zoo_names() else OWN


@dataclass(frozen=True)
class Tally:
    """What has ended.

    Attributes:
        ended: jobs, by terminal status and label of the model.
        seconds: from the beginning of their last attempts to their ends, likewise.
        verdicts: certificates, by verdict.
        deleted: jobs, by why: request, age, size.
        webhooks: messages to webhooks, by what came of an attempt: delivered, failed, given_up.
    """

    ended: dict[tuple[str, str], int] = field(default_factory=dict)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
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
        kind, _, rest = name.decode().partition(":")
        if kind == "verdict":
            tally.verdicts[rest] = int(value)
        elif kind == "deleted":
            tally.deleted[rest] = int(value)
        elif kind == "webhook":
            tally.webhooks[rest] = int(value)
        else:
            status, _, label = rest.partition(":")
            if kind == "ended":
                tally.ended[status, label] = int(value)
            else:
                tally.seconds[status, label] = float(value)
    return tally
