"""Two hundred clients at once, evaluating, polling and submitting, and a hundred open event streams; then the queue drains.

The clients share the machine with what they ask. Each sends its next request when it has the answer to its last.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import numpy as np
import psutil
import redis

from benchmarks.crowd import Visitor, follow
from benchmarks.posting import connect, post
from benchmarks.result import Line, Result, at_most, told
from benchmarks.server import running_apis, running_stack, running_store
from worker.contract import JobStatus
from worker.jobs import JobStore

CLIENTS = 200
STREAMS = 100
SECONDS = 60.0
QUEUED = 1000
RECONNECT_S = 1.0
DRAIN_S = 900.0
SETTLED = 1 / 3
"""From which part of the time on memory is to stay as it is: caches are full by then."""
KINDS = {"evaluate": 14, "poll": 5, "submit": 1}
METHOD = {"policy": {"family": "polynomial", "degree": 4}}


@dataclass
class Traffic:
    """What came of one run.

    Attributes:
        acknowledged: ids of the solutions that were asked for.
        seeds: of those that are still to be asked for, each another.
        seconds: of each answer, by what was asked.
        statuses: of the answers, by what was asked.
        followed: event streams that came to an end, and those that told it.
        memory: bytes of the API's processes, one figure a second.
    """

    acknowledged: list[str]
    seeds: Iterator[int]
    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)

    def errors(self) -> int:
        """Answers that are neither a success nor a 429."""
        return sum(times for (_, status), times in self.statuses.items() if status >= 300 and status != 429)

    def growth(self) -> float:
        """By how much memory grew once it had settled: its end over its beginning, in per cent, by medians."""
        settled = self.memory[int(len(self.memory) * SETTLED) :]
        part = max(1, len(settled) // 4)
        return 100 * (float(np.median(settled[-part:])) / float(np.median(settled[:part])) - 1)


def measure() -> Result:
    """Answers, seconds and memory, with one and with two processes of the API; then what became of the queue."""
    lines: list[Line] = []
    figures: dict[str, Any] = {"clients": CLIENTS, "streams": STREAMS, "seconds": SECONDS}
    acknowledged: list[str] = []
    seeds = count(1)
    with running_store() as store_url, running_stack("--redis-url", store_url) as url:
        with closing(connect(url)) as connection:
            solved = post(connection, {"model": "brock_mirman", "method": METHOD, "target": 1e-2})["id"]
        for n_apis in (1, 2):
            with running_apis(store_url, n_apis, SADDLEPATH_MAX_QUEUED_JOBS=str(QUEUED)) as (port, pids):
                traffic = Traffic(acknowledged, seeds)
                drained = asyncio.run(_run(traffic, port, pids, solved, store_url))
            lines += _lines(n_apis, traffic)
            figures[f"processes: {n_apis}"] = _figures(traffic) | {"drained": drained}
        lost = set(acknowledged) - _ids(store_url, JobStatus.SUCCEEDED)
    lines += [
        told(f"  a full queue of {QUEUED}: drained in", f"{drained['seconds']:.0f} s"),
        at_most("acknowledged and not solved when the queue was empty", len(lost), 0),
    ]
    return Result(tuple(lines), figures | {"acknowledged": len(acknowledged), "lost": sorted(lost)})


async def _run(traffic: Traffic, port: int, pids: list[int], solved: str, store_url: str) -> dict[str, float]:
    """The clients for their time; then the queue is filled up and drains, while the streams go on to their ends."""
    is_over = asyncio.Event()
    streams = [asyncio.create_task(_follow_on(traffic, port, number, is_over)) for number in range(STREAMS)]
    watch = asyncio.create_task(_watch(traffic, pids, is_over))
    until_s = time.perf_counter() + SECONDS
    await asyncio.gather(*(_visit(traffic, port, solved, number, until_s) for number in range(CLIENTS)))
    is_over.set()
    await watch
    visitor = await Visitor.arrive(port)
    while (await _submit(traffic, visitor)) != 429:
        pass
    visitor.leave()
    began_s = time.perf_counter()
    left = await asyncio.to_thread(_await_empty_queue, store_url)
    drained_s = time.perf_counter() - began_s
    await asyncio.gather(*streams)
    return {"seconds": drained_s, "left": left}


async def _visit(traffic: Traffic, port: int, solved: str, number: int, until_s: float) -> None:
    rng, visitor = Random(number), await Visitor.arrive(port)
    while time.perf_counter() < until_s:
        (kind,) = rng.choices(list(KINDS), list(KINDS.values()))
        began_s = time.perf_counter()
        if kind == "submit":
            status = await _submit(traffic, visitor)
        else:
            some = rng.choice(traffic.acknowledged) if kind == "poll" and traffic.acknowledged else solved
            state = f"/policy?a=0&k={rng.uniform(0.1, 0.3):.6f}" if kind == "evaluate" else ""
            status, _ = await visitor.ask("GET", f"/v1/solutions/{some}{state}")
        traffic.seconds[kind].append(time.perf_counter() - began_s)
        traffic.statuses[kind, status] += 1
    visitor.leave()


async def _submit(traffic: Traffic, visitor: Visitor) -> int:
    request = {"model": "brock_mirman", "method": METHOD, "target": 1e-2, "seed": next(traffic.seeds)}
    status, content = await visitor.ask("POST", "/v1/solutions", request)
    if status < 300:
        traffic.acknowledged.append(json.loads(content)["id"])
    return status


async def _follow_on(traffic: Traffic, port: int, number: int, is_over: asyncio.Event) -> None:
    """One stream after another, each of a solution that was asked for lately, to its end."""
    rng = Random(number)
    while not is_over.is_set():
        if traffic.acknowledged:
            status = await follow(port, rng.choice(traffic.acknowledged[-STREAMS:]))
            traffic.followed["ended"] += 1
            traffic.followed["told the end"] += status in ("succeeded", "failed", "cancelled")
        await asyncio.sleep(RECONNECT_S)


async def _watch(traffic: Traffic, pids: list[int], is_over: asyncio.Event) -> None:
    processes = [psutil.Process(pid) for pid in pids]
    while not is_over.is_set():
        traffic.memory.append(sum(process.memory_info().rss for process in processes))
        await asyncio.sleep(1.0)


def _await_empty_queue(store_url: str) -> int:
    """How many jobs are unfinished, once none is or the time is up."""
    deadline = time.monotonic() + DRAIN_S
    with redis.Redis.from_url(store_url) as client:
        jobs = JobStore(client)
        while (left := jobs.count(JobStatus.QUEUED) + jobs.count(JobStatus.RUNNING)) > 0:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
    return left


def _ids(store_url: str, status: JobStatus) -> set[str]:
    with redis.Redis.from_url(store_url) as client:
        return set(JobStore(client).ids(status))


def _lines(n_apis: int, traffic: Traffic) -> list[Line]:
    name = f"{n_apis} process{'es' if n_apis > 1 else ''} of the API"
    answered = sum(len(seconds) for seconds in traffic.seconds.values())
    turned_away = sum(times for (_, status), times in traffic.statuses.items() if status == 429)
    lines = [
        at_most(f"{name}, {CLIENTS} clients: errors but 429", traffic.errors(), 0),
        told("  requests per second; answered by 429", f"{answered / SECONDS:.0f}; {turned_away}"),
    ]
    for kind, seconds in traffic.seconds.items():
        p50_ms, p99_ms = 1000 * np.quantile(seconds, (0.5, 0.99))
        lines.append(told(f"  {kind}: p50, p99", f"{p50_ms:.0f} ms, {p99_ms:.0f} ms"))
    ended, knew = traffic.followed["ended"], traffic.followed["told the end"]
    return [
        *lines,
        at_most(f"  memory: growth after the first {SETTLED:.0%} of the time", traffic.growth(), 10, " %"),
        told(f"  {STREAMS} event streams open: followed to the end", f"{knew} of {ended}"),
    ]


def _figures(traffic: Traffic) -> dict[str, Any]:
    return {
        "statuses": {f"{kind} {status}": times for (kind, status), times in sorted(traffic.statuses.items())},
        "p50_p99_s": {
            kind: np.quantile(seconds, (0.5, 0.99)).tolist() for kind, seconds in traffic.seconds.items()
        },
        "memory_bytes": traffic.memory,
        "followed": dict(traffic.followed),
    }
