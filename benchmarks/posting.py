"""What HTTP, queue and store add to a solve: POST with ``Prefer: wait`` through the whole stack."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.growth import draw_calibrations
from benchmarks.result import Result, at_most, told
from benchmarks.server import running_stack

COUNT = 60
WARM_UP = 5
SEED = 7


def measure() -> Result:
    """The time from the request to its answer, less the time that the solve itself took."""
    with running_stack() as url:
        connection = connect(url)
        rows = [_post_one(connection, drawn) for drawn in draw_calibrations(WARM_UP + COUNT, SEED)][WARM_UP:]
        connection.close()
    above_ms, solve_ms = (1000 * np.array([row[name] for row in rows]) for name in ("above_s", "solve_s"))
    lines = (
        at_most("POST, Prefer: wait, above the solve itself: median", float(np.median(above_ms)), 30, " ms"),
        told("  p90, max", f"{np.quantile(above_ms, 0.9):.1f} ms, {above_ms.max():.1f} ms"),
        told("  the solve itself in the stack: median", f"{np.median(solve_ms):.0f} ms"),
    )
    return Result(lines, {"seed": SEED, "posts": rows})


def connect(url: str) -> http.client.HTTPConnection:
    """A connection that is kept open."""
    address = urlsplit(url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=90)


def post(connection: http.client.HTTPConnection, request: dict[str, Any]) -> dict[str, Any]:
    """Ask for a solution and wait for it.

    Raises:
        RuntimeError: it was not solved within the wait.
    """
    headers = {"Content-Type": "application/json", "Prefer": "wait=60"}
    connection.request("POST", "/v1/solutions", json.dumps(request), headers)
    answer = connection.getresponse()
    record: dict[str, Any] = json.load(answer)
    if answer.status != 200 or record["status"] != "succeeded":
        raise RuntimeError(f"the answer is {answer.status}: {record}")
    return record


def _post_one(connection: http.client.HTTPConnection, calibration: dict[str, float]) -> dict[str, float]:
    began_s = time.perf_counter()
    record = post(connection, {"model": "neoclassical", "calibration": calibration})
    elapsed_s = time.perf_counter() - began_s
    solve_s = record["provenance"]["solve_s"]
    return {"elapsed_s": elapsed_s, "solve_s": solve_s, "above_s": elapsed_s - solve_s}
