"""What telling costs: training by Adam on the real stack, followed by nobody and by a hundred event streams.

Every solve reports its progress, followed or not; what that takes is measured by itself, on a store of its own.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import redis

from benchmarks.posting import connect, post
from benchmarks.result import Result, at_least, at_most, told
from benchmarks.server import running_stack, running_store
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.progress import Progress
from solver.settings import SolveSettings
from worker.attempts import AttemptStore
from worker.contract import Job
from worker.jobs import JobStore
from worker.tasks import PROGRESS_S

STREAMS = 100
ROUNDS = 3
REPORTS = 500
ADAM = {"policy": {"hidden": [32, 32]}, "training": {"algorithm": "adam", "steps": 12_000, "batch_size": 128}}


def measure() -> Result:
    """Seconds of a report, reports a second, seconds of training alone and followed."""
    report_s = _seconds_of_a_report()
    with running_stack() as url:
        _solve(url, 99)  # the graph is traced
        alone, followed, seen = [], [], []
        for number in range(ROUNDS):
            alone.append(_solve(url, 2 * number))
            with ThreadPoolExecutor(STREAMS) as pool:
                solution_id = _submit(url, 2 * number + 1)
                counts = list(pool.map(lambda _, wanted=solution_id: _follow(url, wanted), range(STREAMS)))
            followed.append(_solve(url, 2 * number + 1))
            seen.append((min(counts) - 3, max(counts) - 3))  # but queued, running, succeeded
    rate = np.mean([least / seconds for (least, _), seconds in zip(seen, followed, strict=True)])
    share = 100 * report_s / PROGRESS_S
    lines = (
        at_most("reporting, of training's seconds", share, 2, " %"),
        told("  one report", f"{1000 * report_s:.2f} ms"),
        at_least(f"reports a second, on the slowest of {STREAMS} streams", float(rate), 4),
        told("  reports lost by any stream", str(sum(most - least for least, most in seen))),
        told(
            f"training alone, and with {STREAMS} streams open: median",
            f"{np.median(alone):.2f} s, {np.median(followed):.2f} s",
        ),
    )
    return Result(lines, {"report_s": report_s, "alone_s": alone, "followed_s": followed, "reports": seen})


def _seconds_of_a_report() -> float:
    """The median, on the store as the stack configures it."""
    with running_store() as url, redis.Redis.from_url(url) as client:
        model = load_zoo("neoclassical")
        job = Job.describe("neoclassical", model, calibrate(model), SolveSettings())
        JobStore(client).create(job)
        attempts = AttemptStore(client, 10.0, 3)
        attempt = attempts.begin(job.id, "tag")
        seconds = []
        for step in range(REPORTS):
            began_s = time.perf_counter()
            attempts.write_progress(attempt, Progress("adam", step, 1e-6, -3.0, 128 * step, 0.1, 9.0))
            seconds.append(time.perf_counter() - began_s)
    return float(np.median(seconds))


def _request(seed: int) -> dict[str, Any]:
    return {"model": "neoclassical", "method": ADAM, "seed": seed}


def _solve(url: str, seed: int) -> float:
    """Seconds of training; of what is solved already, what it took."""
    with closing(connect(url)) as connection:
        return float(post(connection, _request(seed))["provenance"]["training_s"])


def _submit(url: str, seed: int) -> str:
    headers = {"Content-Type": "application/json"}
    with closing(connect(url)) as connection:
        connection.request("POST", "/v1/solutions", json.dumps(_request(seed)), headers)
        return str(json.load(connection.getresponse())["id"])


def _follow(url: str, solution_id: str) -> int:
    """The number of events of a whole stream."""
    with closing(connect(url)) as connection:
        connection.request("GET", f"/v1/solutions/{solution_id}/events")
        lines = connection.getresponse().read().splitlines()
    return sum(line.startswith(b"event: ") for line in lines)
