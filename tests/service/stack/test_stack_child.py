"""Supervision of real processes: restart, backoff, stop, and nobody left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest
import structlog

from service.stack.child import LONGEST_PAUSE_S, Child, Command, pause_after
from service.stack.warden import Warden

SLEEP = "import time; time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); {SLEEP}"
PARENT = (
    "import subprocess, sys\n"
    f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
    "print(child.pid, flush=True)\n"
    "child.wait()"
)


async def until(condition, timeout_s=20.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def is_gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def supervise(tmp_path):
    """Runs an async scenario with a child that executes a Python program."""

    def run(program, scenario):
        async def main(warden):
            log = structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
            child = Child(Command("child", (sys.executable, "-c", program)), tmp_path, warden, log)
            try:
                await scenario(child)
            finally:
                await child.stop(0.0)

        with closing(Warden()) as warden:
            asyncio.run(main(warden))

    return run


def test_a_child_that_dies_is_started_again(supervise):
    async def scenario(child):
        await until(lambda: child.pid is not None)
        first = child.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: child.pid not in (None, first))
        assert child.quick_deaths == 1

    supervise(SLEEP, scenario)


def test_what_it_leaves_behind_dies_with_it(supervise):
    async def scenario(child):
        await until(lambda: child.log_path.exists() and child.log_path.read_text().endswith("\n"))
        grandchild = int(child.log_path.read_text())
        os.kill(child.pid, signal.SIGKILL)
        await until(lambda: is_gone(grandchild))

    supervise(PARENT, scenario)


def test_one_that_will_not_stop_is_killed(supervise):
    async def scenario(child):
        await until(lambda: child.log_path.exists() and "deaf" in child.log_path.read_text())
        pid = child.pid
        await child.stop(0.05)
        assert is_gone(pid)

    supervise(STUBBORN, scenario)


def test_a_stop_during_the_pause_starts_nothing(supervise):
    async def scenario(child):
        await until(lambda: child.quick_deaths >= 2)
        await child.stop(5.0)
        assert child.pid is None

    supervise("raise SystemExit(3)", scenario)


def test_a_program_that_is_not_there_is_tried_again(tmp_path):
    async def main(warden):
        log = structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
        child = Child(Command("child", ("/no/such/program",)), tmp_path, warden, log)
        await until(lambda: child.quick_deaths >= 2)
        await child.stop(5.0)

    with closing(Warden()) as warden:
        asyncio.run(main(warden))


def test_the_pause_doubles_up_to_a_limit():
    pauses = [pause_after(n_deaths) for n_deaths in range(1, 12)]
    assert pauses[:4] == [0.2, 0.4, 0.8, 1.6]
    assert max(pauses) == pauses[-1] == LONGEST_PAUSE_S


def start(program):
    return subprocess.Popen([sys.executable, "-c", program], process_group=0)


def test_the_warden_kills_what_is_registered_when_the_pipe_closes():
    warden = Warden()
    kept, forgotten = start(SLEEP), start(SLEEP)
    warden.add(kept.pid)
    warden.add(forgotten.pid)
    warden.remove(forgotten.pid)
    warden.close()
    assert kept.wait(20) == -signal.SIGKILL
    assert forgotten.poll() is None
    forgotten.kill()
    forgotten.wait()


def test_a_warden_that_was_killed_is_replaced_and_told_everything():
    warden = Warden()
    first, second = start(SLEEP), start(SLEEP)
    warden.add(first.pid)
    os.kill(warden.pid, signal.SIGKILL)
    asyncio.run(until(lambda: is_gone(warden.pid)))
    warden.add(second.pid)
    warden.close()
    assert [first.wait(20), second.wait(20)] == [-signal.SIGKILL] * 2
