"""Kills, stops and fills parts of a running stack, one fault after another; what it does is drawn by a seed."""

import signal
import threading
from collections import Counter
from contextlib import contextmanager, suppress

import psutil
import redis

from tests.integration.conftest import command_line, is_running
from worker.errors import StoreUnavailableError
from worker.presence import process_name
from worker.store import connect, job_key, store_errors

FAULTS = (
    "kill a child",
    "kill a worker",
    "kill the API",
    "kill the store",
    "stop a child",
    "stop a worker",
    "stop the API",
    "stop the store",
    "fill the store",
)
FULL_BYTES = 1
"""As much as the store may hold while it is full: less than it holds when it is empty."""
LOOK_S = 0.05


class Nemesis:
    """The faults of one stack.

    Attributes:
        struck: how many there were of each kind.
    """

    def __init__(self, running, store_url, hold_s, rng):
        self._running, self._store_url, self._hold_s, self._rng = running, store_url, hold_s, rng
        self.struck = Counter()

    def strike(self, fault):
        """One fault, from its beginning to its end; that the stack is whole again is not waited for."""
        kind, _, part = fault.split()
        if kind == "fill":
            with full(self._store_url):
                self._hold()
        else:
            processes = self._running.wait_for(lambda: self._processes(part))
            if kind == "kill":
                _kill(processes[:1])
            else:
                with stopped(processes):
                    self._hold()
        self.struck[fault] += 1

    def _hold(self):
        threading.Event().wait(self._hold_s)

    def _processes(self, part):
        """Those to be struck, the part itself first; none while there is none."""
        if part == "child":
            children = [child for worker in self._running.children("worker") for child in pool_of(worker)]
            return [self._rng.choice(children)] if children else []
        found = self._running.children(part.lower())
        if not found:
            return []
        chosen = self._rng.choice(found)
        return [chosen, *pool_of(chosen)]


class Poisoner(threading.Thread):
    """Kills whatever process solves a job, each time that one does.

    Attributes:
        kills: how many it has killed.
    """

    def __init__(self, store_url, job_id):
        super().__init__(name="poisoner", daemon=True)
        self._store_url, self._job_id = store_url, job_id
        self._is_stopped = threading.Event()
        self.kills = 0

    def stop(self):
        """Lets the job live."""
        self._is_stopped.set()

    def run(self):
        """Looks all the time, also at a store that is away."""
        with connect(self._store_url) as client:
            while not self._is_stopped.wait(LOOK_S):
                with suppress(StoreUnavailableError, redis.RedisError), store_errors():
                    status, worker = client.hmget(job_key(self._job_id), "status", "worker")
                    if status == b"running" and worker is not None:
                        self._kill(worker.decode())

    def _kill(self, worker):
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(worker.rpartition(":")[2]))
            assert process_name(process.pid) == worker
            if is_running(process) and "spawn_main" in command_line(process):
                _kill([process])
                self.kills += 1


def pool_of(worker):
    """The processes in which a worker solves; none of any other part."""
    try:
        return [child for child in worker.children() if "spawn_main" in command_line(child)]
    except psutil.NoSuchProcess:
        return []


@contextmanager
def full(store_url):
    """A store that takes nothing more."""
    with connect(store_url) as client:
        client.config_set("maxmemory", FULL_BYTES)
        try:
            yield
        finally:
            client.config_set("maxmemory", 0)


@contextmanager
def stopped(processes):
    """Processes that do nothing, and then go on as if no time had passed."""
    try:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def _kill(processes):
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=10)
