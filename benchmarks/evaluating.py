"""One state of a policy over HTTP, against endpoints of the same application that do nothing, taken in turn."""

from __future__ import annotations

import asyncio
import os
import sys

import numpy as np

from benchmarks.asking import CONNECTIONS, requests_per_second
from benchmarks.growth import DEFAULT, steady_capital
from benchmarks.idle_app import BARE, IDLE
from benchmarks.machine import cores
from benchmarks.posting import connect, post
from benchmarks.result import Result, at_least, told
from benchmarks.server import running, running_stack, running_store

ROUNDS = 7
ROUND_S = 1.5
STATES = 200
SEED = 11


def measure() -> Result:
    """Requests per second of each; the server has one core, the load generator another."""
    server_core, load_core = cores()[0], cores()[-1]
    with running_store() as store_url:
        with running_stack("--redis-url", store_url) as url:
            solution_id = post(connect(url), {"model": "neoclassical"})["id"]
        os.sched_setaffinity(0, {load_core})
        command = [sys.executable, "-m", "benchmarks.idle_app", store_url, str(server_core)]
        with running(command) as port:
            rates = asyncio.run(_measure_in_turn(int(port), solution_id))
    policy, idle, bare = (np.array(rates[name]) for name in ("policy", "idle", "bare"))
    lines = (
        at_least(
            "GET …/policy?a=&k= against an endpoint that does nothing", float(np.median(policy / idle)), 0.7
        ),
        told(
            "  requests per second: policy, nothing",
            f"{np.median(policy):.0f}, {np.median(idle):.0f}",
        ),
        told(
            "  against nothing without routing, arguments and schema",
            f"{np.median(policy / bare):.2f} of {np.median(bare):.0f}",
        ),
    )
    return Result(lines, {"connections": CONNECTIONS, "seconds_a_round": ROUND_S, "rates": rates})


async def _measure_in_turn(port: int, solution_id: str) -> dict[str, list[float]]:
    asked = {
        "policy": [_get(path) for path in _policy_paths(solution_id)],
        "idle": [_get(IDLE)],
        "bare": [_get(BARE)],
    }
    for requests in asked.values():
        await requests_per_second(port, requests, ROUND_S / 2)
    rates: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, requests in asked.items():
            rates[name].append(await requests_per_second(port, requests, ROUND_S))
    return rates


def _policy_paths(solution_id: str) -> list[str]:
    rng, k_ss = np.random.default_rng(SEED), steady_capital(DEFAULT)
    states = [(rng.uniform(-0.2, 0.2), rng.uniform(0.5 * k_ss, 1.5 * k_ss)) for _ in range(STATES)]
    return [f"/v1/solutions/{solution_id}/policy?a={a:.6g}&k={k:.6g}" for a, k in states]


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
