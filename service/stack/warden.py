"""Kills the stack's process groups when the supervisor is gone, however it went.

``kill -9`` leaves the supervisor no time to clean up. So a process that does nothing else reads a pipe whose
other end only the supervisor holds: the pipe closes when the supervisor dies, and the warden kills what is
still there. Groups, because a worker has children of its own. (``PR_SET_PDEATHSIG`` would reach neither
those nor macOS.)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress

PYTHON = (sys.executable, "-P")
"""This interpreter; it does not look for modules in the working directory, which is anybody's."""


def kill_group(group: int) -> None:
    """Kill every process of a process group; one that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):  # macOS says "not permitted" of a zombie
        os.killpg(group, signal.SIGKILL)


class Warden:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process = self._start()

    @property
    def pid(self) -> int:
        """The warden's process."""
        return self._process.pid

    def add(self, group: int) -> None:
        """From now on ``group`` dies with the supervisor."""
        self._groups.add(group)
        self._send(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forget a group that has ended, before its number is used again."""
        self._groups.discard(group)
        self._send(f"-{group}\n")

    def close(self) -> None:
        """End the warden, which kills whatever is still registered."""
        self._process.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [*PYTHON, "-m", __name__]
        return subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, process_group=0)

    def _send(self, line: str) -> None:
        try:
            self._write(line)
        except BrokenPipeError:  # the warden was killed itself: a new one learns everything afresh
            self._process.communicate()
            self._process = self._start()
            self._write("".join(f"+{group}\n" for group in self._groups))

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None  # it was opened as a pipe
        self._process.stdin.write(text.encode())


def watch(lines: Iterable[str]) -> None:
    """Read ``+group`` and ``-group`` until the lines end, then kill every group that is left."""
    groups: set[int] = set()
    for line in lines:
        if line.startswith("+"):
            groups.add(int(line[1:]))
        else:
            groups.discard(int(line[1:]))
    for group in groups:
        kill_group(group)


if __name__ == "__main__":
    watch(sys.stdin)
