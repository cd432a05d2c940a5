"""The connection to the store, and the names of the keys in it.

Both the service and the workers use these names. Redis-py's own defaults are replaced where they harm: its
ten silent retries would turn a dead store into a request that hangs for a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from worker.errors import StoreFullError, StoreUnavailableError

PREFIX = "saddlepath:"
UNACKED = f"{PREFIX}unacked"
"""The queue's hash of messages that were delivered and not acknowledged: delivery tag -> message."""
UNACKED_INDEX = f"{PREFIX}unacked_index"
"""The queue's sorted set of the same delivery tags, scored by the time of their last sign of life."""
SOCKET_TIMEOUT_S = 5.0
_CANNOT_WRITE = ("MISCONF", "NOREPLICAS")
"""How errors of a store begin that cannot put on disk, or on its replicas, what it is told: its disk is full, say."""
_LETS_NOBODY_IN = "DENIED"
"""How they begin of one in protected mode, which answers its own machine alone while it has no password."""


def connect(url: str) -> redis.Redis:
    """A client of the store at ``url`` (``redis://…`` or ``unix://…``); connects at its first command.

    One retry, at once, covers a connection that the server has closed since it was last used.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(ConstantBackoff(0), 1),
    )


@contextmanager
def store_errors() -> Iterator[None]:
    """Turns the client's errors of a store that is away, full, or cannot write into :class:`StoreUnavailableError`."""
    try:
        yield
    except redis.OutOfMemoryError as error:
        raise StoreFullError(str(error)) from error
    except redis.ResponseError as error:
        if str(error).startswith(_LETS_NOBODY_IN):
            raise StoreUnavailableError(f"the store lets nobody in: {error}") from error
        if not str(error).startswith(_CANNOT_WRITE):
            raise
        raise StoreUnavailableError(f"the store cannot write: {error}") from error
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise StoreUnavailableError(f"the store does not answer: {error}") from error


def job_key(job_id: str) -> str:
    """The hash of a job."""
    return f"{PREFIX}job:{job_id}"


def artifact_key(job_id: str) -> str:
    """The hash of a job's artifact."""
    return f"{PREFIX}artifact:{job_id}"


def log_key(job_id: str) -> str:
    """The stream of the changes of a job."""
    return f"{PREFIX}log:{job_id}"


def gone_key(job_id: str) -> str:
    """The word of when and why a job was deleted."""
    return f"{PREFIX}gone:{job_id}"


USED = f"{PREFIX}used"
"""The sorted set of all jobs by the time of their last use, in seconds of the store's clock."""
SIZES = f"{PREFIX}sizes"
"""The hash of what each job that is over takes of the store's memory, in bytes; ``*`` is their sum."""


def webhooks_key(job_id: str) -> str:
    """The set of the URLs that are to be told of a job's end, each behind the key id of its tenant and a space."""
    return f"{PREFIX}webhooks:{job_id}"


def message_key(message_id: str) -> str:
    """The hash of a message to a webhook."""
    return f"{PREFIX}message:{message_id}"


OUTBOX = f"{PREFIX}outbox"
"""The sorted set of the messages to webhooks that are not delivered, by the time at which each is due."""


def owners_key(job_id: str) -> str:
    """The set of the ids of the keys that own a job."""
    return f"{PREFIX}owners:{job_id}"


def spent_key(key_id: str, now: str) -> str:
    """The seconds of solving that a key has had on the day (UTC) of a time (ISO 8601)."""
    return f"{PREFIX}spent:{key_id}:{now[:10]}"


TALLY = f"{PREFIX}tally"
"""The hash of the sums over all jobs that ever ended."""


def simulations_key(solution_id: str) -> str:
    """The set of the ids of a solution's simulations."""
    return f"{PREFIX}simulations-of:{solution_id}"


def index_key(
    status: str | None = None, model: str | None = None, owner: str | None = None, kind: str = ""
) -> str:
    """The sorted set (score: order of creation) of the jobs of a status, of a model and of an owner; None for any.

    Any is spelt ``*``, and a name that begins with ``*`` gets one more: no name can be taken for any. Kinds of jobs other
    than solutions have indexes of their own.
    """
    name = "*" if model is None else f"*{model}" if model.startswith("*") else model
    place = "" if owner is None else f"of:{owner}:"
    return f"{PREFIX}{kind}{place}index:{status or '*'}:{name}"
