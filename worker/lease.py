"""The lease of a running attempt: kept alive from a thread of its own while the solve makes progress.

The queue delivers a message again when its delivery has given no sign of life for a while. That short timeout is
what hands a dead worker's job to another soon, so a live one has to renew its delivery all the time.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import TracebackType

import structlog

from worker.attempts import Attempt, AttemptStore
from worker.errors import StoreUnavailableError

BEAT_S = 0.25

_log = structlog.get_logger()


def kill_process() -> None:
    """Ends this process at once; the queue then delivers its message again."""
    os.kill(os.getpid(), signal.SIGKILL)


class Lease:
    """Keeps an attempt's delivery alive, learns when the attempt is over, and ends a solve that hangs.

    A context manager around the solve. A solve hangs when it makes no progress for ``stall_s``; no thread can stop
    it then, so its process goes. One whose attempt is over is given less time, by :mod:`worker.overseer`.
    """

    def __init__(
        self,
        attempts: AttemptStore,
        attempt: Attempt,
        stall_s: float,
        on_hang: Callable[[], None] = kill_process,
    ) -> None:
        self._attempts = attempts
        self._attempt = attempt
        self._stall_s = stall_s
        self._on_hang = on_hang
        self._is_left = threading.Event()
        self._is_over = threading.Event()
        self._alive_at_s = time.monotonic()
        self._thread = threading.Thread(target=self._beat_until_left, name="lease", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_left.set()
        self._thread.join()

    def is_over(self) -> bool:
        """Whether the attempt is over, so that the solve should stop; true within a second of its end."""
        return self._is_over.is_set()

    def note_progress(self) -> None:
        """Says that the solve has made progress."""
        self._alive_at_s = time.monotonic()

    def _beat_until_left(self) -> None:
        while not self._is_left.wait(BEAT_S):
            if time.monotonic() - self._alive_at_s > self._stall_s:
                _log.error("hangs", job=self._attempt.job_id, stall_s=self._stall_s)
                self._on_hang()
                return
            if not self.is_over() and not self._is_kept():
                self._is_over.set()

    def _is_kept(self) -> bool:
        try:
            return self._attempts.keep(self._attempt)
        except StoreUnavailableError as error:
            # Nothing is known. Should another attempt begin meanwhile, then the token keeps this one out.
            _log.warning("lease not renewed", job=self._attempt.job_id, reason=str(error))
            return True
