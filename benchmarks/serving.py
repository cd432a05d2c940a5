"""The service around the solver, on a real stack: what a POST costs above its solve, and how fast a policy is served."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil

from benchmarks.load import requests_per_second
from benchmarks.report import Row

SOLVES = 60
ROUNDS = 5
ROUND_S = 3.0


def measure() -> list[Row]:
    """Every figure of the service."""
    with _running_stack() as (url, api):
        overhead, solution_id = _overhead(url)
        return [overhead, *_throughput(url, api, f"/v1/solutions/{solution_id}/policy?a=0.05&k=4.2")]


@contextmanager
def _running_stack() -> Iterator[tuple[str, psutil.Process]]:
    """The URL of a fresh stack and the process of its API."""
    command = [sys.executable, "-m", "service.cli", "up", "--port", "0", "--data"]
    with tempfile.TemporaryDirectory(prefix="saddlepath-bench-") as directory:
        stack = subprocess.Popen(
            [*command, str(Path(directory) / "data")],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert stack.stdout is not None
            url = stack.stdout.readline().split()[1]
            children = psutil.Process(stack.pid).children()
            yield url, next(child for child in children if "service.stack.api" in child.cmdline())
        finally:
            stack.terminate()
            stack.wait(30)


def _overhead(url: str) -> tuple[Row, str]:
    """Seconds of a POST above the ``solve_s`` that the solution itself reports, and the last solution's id."""
    extra_s = []
    _post(url, {"model": "neoclassical"})
    for index in range(SOLVES):
        request = {"model": "neoclassical", "calibration": {"beta": 0.93 + 0.001 * index}}
        began_s = time.perf_counter()
        solution = _post(url, request)
        extra_s.append(time.perf_counter() - began_s - solution["provenance"]["solve_s"])
    median = float(np.median(extra_s))
    row = Row(
        f"POST with `Prefer: wait` above the solve's own time, {SOLVES} solves: median",
        "≤ 30 ms",
        f"{1e3 * median:.0f} ms (90 %: {1e3 * np.quantile(extra_s, 0.9):.0f} ms)",
        median <= 0.03,
    )
    return row, solution["id"]


def _post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Prefer": "wait=60"}
    request = urllib.request.Request(f"{url}/v1/solutions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=90) as response:
        solution: dict[str, Any] = json.load(response)
    assert solution["status"] == "succeeded", solution
    return solution


def _throughput(url: str, api: psutil.Process, policy_path: str) -> list[Row]:
    """Requests per second of a policy and of ``/healthz``, in turn; the API on one core, the load on another."""
    cores = sorted(os.sched_getaffinity(0))
    for thread in api.threads():
        os.sched_setaffinity(thread.id, {cores[0]})
    os.sched_setaffinity(0, {cores[-1]})
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    for path in (policy_path, "/healthz"):
        requests_per_second(*address, path, 1.0)
    rounds = np.array(
        [
            [requests_per_second(*address, path, ROUND_S) for path in (policy_path, "/healthz")]
            for _ in range(ROUNDS)
        ]
    )
    ratios = rounds[:, 0] / rounds[:, 1]
    policy, nothing = np.median(rounds, axis=0)
    ratio = float(np.median(ratios))
    return [
        Row(
            "`GET …/policy?a=&k=` against `/healthz`, which does nothing: ratio of requests per second, median",
            "≥ 0.7",
            f"{ratio:.2f} ({policy:.0f}/s against {nothing:.0f}/s; rounds {ratios.min():.2f} to {ratios.max():.2f})",
            ratio >= 0.7,
        )
    ]
