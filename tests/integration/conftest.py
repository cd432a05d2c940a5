"""The real stack for integration tests: ``saddlepath-server up`` as a subprocess, on a free port."""

import os
import select
import signal
import subprocess
import sys
import time

import psutil
import pytest

READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 30.0
ROLES = {"store": "valkey-server", "api": "-m service.stack.api", "worker": "-m worker"}
"""What stands in the command line of each role's process."""

#: Of batches so large that it does not level off within a test.
ENDLESS = {
    "training": {
        "algorithm": "sgd",
        "steps": 1_000_000,
        "seconds": 600.0,
        "learning_rate": 1e-6,
        "batch_size": 16_384,
    }
}


class RunningStack:
    """A stack that has printed ``ready``.

    Attributes:
        url: where its API answers.
        data: its data directory.
        process: the supervisor.
    """

    def __init__(self, data, *arguments, environment=None):
        self.data = data
        self._errors = data.with_name(f"{data.name}.stderr")
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "up", "--port", "0", "--data", str(data), *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **(environment or {})},
                process_group=0,
            )
        self._seen = set()
        self.url = self._await_ready()

    def _await_ready(self):
        readable, _, _ = select.select([self.process.stdout], [], [], READY_TIMEOUT_S)
        line = self.process.stdout.readline() if readable else ""
        self._seen.update(self.processes())
        if not line.startswith("ready http://"):
            self.kill()
            raise AssertionError(f"the stack printed {line!r} and not ready:\n{self.output()}")
        return line.split()[1]

    def output(self):
        """Everything that the supervisor and its children have printed, for the message of a failure."""
        logs = sorted((self.data / "logs").glob("*.log"))
        return "\n".join(f"== {path}\n{path.read_text()}" for path in [self._errors, *logs])

    def processes(self):
        """The supervisor and all its descendants that live now."""
        try:
            supervisor = psutil.Process(self.process.pid)
            return [supervisor, *supervisor.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def children(self, role):
        """The supervisor's own children that are its "store", its "api" or a "worker"."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if ROLES[role] in command_line(child)]

    def wait_for(self, condition, timeout_s=60.0):
        """Polls until ``condition()`` is true and returns its value.

        Raises:
            AssertionError: it stays false.
        """
        deadline = time.monotonic() + timeout_s
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"still not true after {timeout_s} s:\n{self.output()}")
            time.sleep(0.02)
        return value

    def stop(self, number=signal.SIGTERM):
        """Sends a signal to the supervisor alone, waits for its end and returns its exit code."""
        self._seen.update(self.processes())
        self.process.send_signal(number)
        code = self.process.wait(STOP_TIMEOUT_S)
        self.process.stdout.close()
        return code

    def survivors(self):
        """Processes of this stack that live although it is over."""
        return [process for process in self._seen if is_running(process)]

    def kill(self):
        """``kill -9`` of everything at once."""
        self._seen.update(self.processes())
        for process in self._seen:
            if is_running(process):
                process.kill()
        self.process.wait(STOP_TIMEOUT_S)
        self.process.stdout.close()
        psutil.wait_procs(self._seen, timeout=STOP_TIMEOUT_S)


def command_line(process):
    """The command line of a process; one that has ended has none."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def is_running(process):
    """Whether a process lives; one that has ended and waits for its parent does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """A stack that the tests share: whoever kills or stops something takes ``start_stack``."""
    running = RunningStack(tmp_path_factory.mktemp("stack") / "data")
    yield running
    running.stop()


@pytest.fixture
def start_stack(tmp_path):
    """Starts private stacks: ``start_stack(*arguments, data=..., environment=...)``; killed afterwards."""
    yield from starting_stacks(tmp_path)


@pytest.fixture(scope="module")
def start_module_stack(tmp_path_factory):
    """The same for a stack that the tests of one module share."""
    yield from starting_stacks(tmp_path_factory.mktemp("stack"))


def starting_stacks(directory):
    """Yields what starts stacks, then kills them."""
    started = []

    def start(*arguments, data=None, environment=None):
        running = RunningStack(data or directory / "data", *arguments, environment=environment)
        started.append(running)
        return running

    yield start
    for running in started:
        running.kill()
