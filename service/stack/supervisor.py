"""Runs the stack: starts store, workers and API, says when they are ready, and takes them all down again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger

from service.stack.child import Child, Command
from service.stack.errors import StackError
from service.stack.key_access import require_keys
from service.stack.preflight import is_loopback, listen, lock_directory, require_broker, require_format
from service.stack.readiness import accepts_solves, store_answers
from service.stack.store import StoreServer, prepare_store
from service.stack.warden import PYTHON, Warden
from worker.machine import n_cores

GRACE_S = 5.0
"""What API and workers, and then the store, get to end by themselves: together less than 10 s."""
STORE_GRACE_S = 3.0
POLL_S = 0.05
MAX_QUICK_DEATHS = 3


@dataclass(frozen=True)
class StackSettings:
    """What ``saddlepath-server up`` was asked for.

    Attributes:
        data: the data directory.
        host: the address the API listens on; loopback, or any where keys are configured.
        port: its port; 0 takes any free one.
        workers: number of worker processes.
        redis_url: a store that is there already, or ``None`` for the embedded one.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    redis_url: str | None = None


def run_stack(settings: StackSettings) -> None:
    """Run everything until SIGINT or SIGTERM.

    Raises:
        StackError: something that must hold before or during the start does not.
    """
    require_keys(settings.host, settings.data, settings.redis_url)
    with lock_directory(settings.data), listen(settings.host, settings.port) as listener:
        store = None
        if settings.redis_url is None:
            store = prepare_store(settings.data / "store")
        else:
            require_broker(settings.redis_url)
        logs = settings.data / "logs"
        logs.mkdir(exist_ok=True)
        with closing(Warden()) as warden:
            asyncio.run(Supervisor(settings, store, listener, logs, warden).run())


class Supervisor:
    """The running stack."""

    def __init__(
        self,
        settings: StackSettings,
        store: StoreServer | None,
        listener: socket.socket,
        logs: Path,
        warden: Warden,
    ) -> None:
        self._settings = settings
        self._store = store
        self._store_url = store.url if store else str(settings.redis_url)
        self._listener = listener
        self._logs = logs
        self._warden = warden
        self._log = stderr_logger()
        self._store_child: Child | None = None
        self._clients: list[Child] = []  # of the store: stopped before it

    async def run(self) -> None:
        """Start, announce readiness, wait for a signal, stop.

        Raises:
            StackError: a process dies again and again before the stack is ready.
        """
        interrupt = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, interrupt.set)
        interrupted = asyncio.create_task(interrupt.wait())
        started = asyncio.create_task(self._start())
        try:
            await asyncio.wait({started, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if started.done():
                started.result()
                sys.stdout.write(f"ready {self.url}\n")
                sys.stdout.flush()
            await interrupted
        finally:
            started.cancel()
            await self._stop()

    @property
    def url(self) -> str:
        """Where the API answers."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self._listener.getsockname()[1]}"

    async def _start(self) -> None:
        if self._store is not None:
            command = Command("store", self._store.command, directory=self._store.directory)
            self._store_child = self._child(command)
            await self._until(lambda: store_answers(self._store_url))
        await asyncio.to_thread(require_format, self._store_url)
        for number in range(1, self._settings.workers + 1):
            self._clients.append(self._child(self._worker_command(number)))
        self._clients.append(self._child(self._api_command()))
        await self._until(lambda: accepts_solves(self._listener.getsockname()[:2]))

    def _child(self, command: Command) -> Child:
        return Child(command, self._logs, self._warden, self._log)

    def _worker_command(self, number: int) -> Command:
        argv = (*PYTHON, "-m", "worker")
        threads = os.environ.get("SADDLEPATH_THREADS", str(share_of_cores(self._settings.workers)))
        environment = {"SADDLEPATH_REDIS_URL": self._store_url, "SADDLEPATH_THREADS": threads}
        return Command(f"worker-{number}", argv, environment)

    def _api_command(self) -> Command:
        descriptor = self._listener.fileno()
        argv = (*PYTHON, "-m", "service.stack.api", str(descriptor))
        environment = {"SADDLEPATH_REDIS_URL": self._store_url}
        if not is_loopback(self._settings.host):
            environment["SADDLEPATH_REQUIRE_KEYS"] = "true"
        return Command("api", argv, environment, descriptors=(descriptor,))

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not await asyncio.to_thread(condition):
            for child in self._children():
                if child.quick_deaths >= MAX_QUICK_DEATHS:
                    raise StackError(f"{child.command.name} dies at every start: {child.log_path} says why")
            await asyncio.sleep(POLL_S)

    async def _stop(self) -> None:
        self._log.info("stopping")
        await asyncio.gather(*(child.stop(GRACE_S) for child in self._clients))
        if self._store_child is not None:
            await self._store_child.stop(STORE_GRACE_S)
        self._log.info("stopped")

    def _children(self) -> list[Child]:
        return self._clients if self._store_child is None else [self._store_child, *self._clients]


def share_of_cores(n_workers: int) -> int:
    """The threads of each of so many workers.

    Each worker's libraries would otherwise start a thread a core, and N workers would get in each other's
    way. One core is left to the store and the API: libraries wait for work by spinning, which would keep both from
    answering.
    """
    return max(1, (n_cores() - 1) // n_workers)


def stderr_logger() -> FilteringBoundLogger:
    """A logger of one JSON object a line on stderr; stdout belongs to the ``ready`` line."""
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.JSONRenderer(),
    ]
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr), processors=processors, wrapper_class=structlog.BoundLogger
    )
    return logger
