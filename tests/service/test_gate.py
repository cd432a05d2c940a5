"""Heavy work: two pieces at once, a bounded number waiting, none of it on the event loop."""

import asyncio
import threading

import pytest

from service.errors import BusyError
from service.gate import AT_ONCE, Gate

TIMEOUT_S = 20.0


class Held:
    """Work that runs until it is let go, and the most of it that ran at once."""

    def __init__(self):
        self.go = threading.Event()
        self.started = threading.Semaphore(0)
        self.threads = set()
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            self.threads.add(threading.current_thread())
        self.started.release()
        assert self.go.wait(TIMEOUT_S)
        with self._lock:
            self._running -= 1
        return "done"

    async def until_running(self, count):
        for _ in range(count):
            assert await asyncio.to_thread(self.started.acquire, timeout=TIMEOUT_S)


def test_a_few_run_at_once_and_not_on_the_loop():
    async def run_many():
        held, gate = Held(), Gate("pieces", 10)
        tasks = [asyncio.create_task(gate.run(held)) for _ in range(AT_ONCE + 3)]
        await held.until_running(AT_ONCE)
        held.go.set()
        assert await asyncio.gather(*tasks) == ["done"] * (AT_ONCE + 3)
        assert held.most == AT_ONCE
        assert threading.main_thread() not in held.threads

    asyncio.run(run_many())


def test_those_that_come_at_once_are_counted_at_once():
    async def run_at_once():
        held, gate = Held(), Gate("pieces", 1)
        tasks = [asyncio.create_task(gate.run(held)) for _ in range(AT_ONCE + 3)]
        await held.until_running(AT_ONCE)
        held.go.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, BusyError) for result in results) == 2

    asyncio.run(run_at_once())


def test_who_finds_too_many_waiting_is_turned_away():
    async def run_too_many():
        held, gate = Held(), Gate("pieces", 1)
        tasks = [asyncio.create_task(gate.run(held)) for _ in range(AT_ONCE + 1)]
        await held.until_running(AT_ONCE)
        with pytest.raises(BusyError, match="1 pieces are waiting"):
            await gate.run(held)
        tasks.append(asyncio.create_task(gate.go_on(held)))  # but not who was let in before
        held.go.set()
        assert await asyncio.gather(*tasks) == ["done"] * (AT_ONCE + 2)
        assert await gate.run(held) == "done"

    asyncio.run(run_too_many())
