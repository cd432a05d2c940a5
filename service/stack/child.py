"""One supervised process: started, started again after a growing pause when it dies, stopped on request.

A child leads a process group of its own, so that Ctrl-C at the terminal reaches the supervisor alone, and so
that what a child leaves behind (a worker's pool process in the middle of a solve) can be ended with it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from service.stack.warden import Warden, kill_group

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
CANNOT_START = 127
"""The exit code of a command that could not be run, as the shell has it."""
STEADY_S = 10.0
"""A process that lived this long was healthy: its next death counts as the first."""


@dataclass(frozen=True)
class Command:
    """What a child runs.

    Attributes:
        name: what it is called in log lines, and its log file's name.
        argv: the command line.
        environment: variables added to the supervisor's own.
        directory: its working directory, or ``None`` for the supervisor's.
        descriptors: file descriptors that it inherits.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    descriptors: Sequence[int] = ()


class Child:
    """Keeps one command running until :meth:`stop`.

    Attributes:
        quick_deaths: deaths in a row, each soon after its start.
        log_path: the file that takes everything the process prints.
    """

    def __init__(self, command: Command, logs: Path, warden: Warden, log: FilteringBoundLogger) -> None:
        self.command = command
        self.log_path = logs / f"{command.name}.log"
        self.quick_deaths = 0
        self._warden = warden
        self._log = log.bind(process=command.name)
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping = asyncio.Event()
        self._task = asyncio.create_task(self._keep_running())

    @property
    def pid(self) -> int | None:
        """The running process, ``None`` between a death and the next start."""
        return None if self._process is None else self._process.pid

    async def stop(self, grace_s: float) -> None:
        """Ask the process to end, and kill its whole group if it has not after ``grace_s``."""
        self._is_stopping.set()
        self._terminate()
        try:
            await asyncio.wait_for(asyncio.shield(self._task), grace_s)
        except TimeoutError:
            self._log.warning("killed", grace_s=grace_s)
            if self._process is not None:
                kill_group(self._process.pid)
            await self._task

    async def _keep_running(self) -> None:
        while not self._is_stopping.is_set():
            started_s = time.monotonic()
            code = await self._run_once()
            if self._is_stopping.is_set():
                return
            has_been_steady = time.monotonic() - started_s > STEADY_S
            self.quick_deaths = 1 if has_been_steady else self.quick_deaths + 1
            pause_s = pause_after(self.quick_deaths)
            self._log.warning("died", exit_code=code, restart_in_s=pause_s, output=str(self.log_path))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_stopping.wait(), pause_s)

    async def _run_once(self) -> int:
        try:
            process = await self._spawn()
        except OSError as error:  # out of memory, of processes, of disk: it may pass
            self._log.error("cannot start", reason=str(error))
            return CANNOT_START
        self._warden.add(process.pid)
        self._process = process
        self._log.info("started", pid=process.pid)
        if self._is_stopping.is_set():  # it was asked for while the process was being made
            self._terminate()
        code = await process.wait()
        self._process = None
        kill_group(process.pid)
        self._warden.remove(process.pid)
        return code

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self.log_path.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *self.command.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.command.environment},
                cwd=self.command.directory,
                pass_fds=self.command.descriptors,
                process_group=0,
            )

    def _terminate(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()


def pause_after(n_deaths: int) -> float:
    """Seconds to wait before the next start, after that many deaths in a row: doubles up to a limit."""
    return float(min(FIRST_PAUSE_S * 2 ** (n_deaths - 1), LONGEST_PAUSE_S))
