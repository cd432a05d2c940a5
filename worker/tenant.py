"""Who asks: a key's tenant sees what it owns; the operator, and whoever has no key to show, sees everything."""

from __future__ import annotations

from dataclasses import dataclass

NO_LIMIT = 2**53


@dataclass(frozen=True)
class Tenant:
    """For whom the stores are asked.

    Attributes:
        key_id: the id of the key, which owns what is asked for with it; empty for none, which owns nothing.
        sees_all: whether it sees and ends what others own.
        max_waiting: most of its jobs that may wait.
        max_seconds: seconds of solving after which it gets no more on one day (UTC).
        max_models: most models that it may have registered.
        max_streams: most streams of events that it may have open.
    """

    key_id: str
    sees_all: bool
    max_waiting: int = NO_LIMIT
    max_seconds: int = NO_LIMIT
    max_models: int = NO_LIMIT
    max_streams: int = NO_LIMIT

    @property
    def script_arguments(self) -> tuple[str | int, ...]:
        """The tenant as ``worker/lua`` reads it."""
        return (self.key_id, int(self.sees_all), self.max_waiting, self.max_seconds)


OPERATOR = Tenant("", sees_all=True)
NOBODY = Tenant("", sees_all=False)
