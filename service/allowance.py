"""How many bytes requests may hold together: bodies that wait for their turn, and answers that wait for their clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import BusyError


class Allowance:
    """At most ``most_bytes`` for all requests together. Belongs to the event loop."""

    def __init__(self, work: str, most_bytes: int) -> None:
        self._work = work
        self._most_bytes = most_bytes
        self._taken_bytes = 0

    @property
    def taken_bytes(self) -> int:
        """What all requests hold now."""
        return self._taken_bytes

    @contextmanager
    def share(self) -> Iterator[Share]:
        """What one request holds, nothing at first and nothing once it is left."""
        share = Share(self)
        try:
            yield share
        finally:
            self._taken_bytes -= share.n_bytes

    def resize(self, share: Share, n_bytes: int) -> None:
        """See :meth:`Share.resize`."""
        others_bytes = self._taken_bytes - share.n_bytes
        if n_bytes > share.n_bytes and others_bytes > 0 and others_bytes + n_bytes > self._most_bytes:
            raise BusyError(
                f"{self._work} hold {others_bytes} bytes, and may hold {self._most_bytes} with this one; try again later"
            )
        self._taken_bytes = others_bytes + n_bytes
        share.n_bytes = n_bytes


class Share:
    """What one request holds of an :class:`Allowance`, in bytes."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self.n_bytes = 0

    def resize(self, n_bytes: int) -> None:
        """Holds ``n_bytes`` from now on. A request that is alone may hold what it needs: its own limits bound it.

        Raises:
            BusyError: with what the others hold that is too much.
        """
        self._allowance.resize(self, n_bytes)
