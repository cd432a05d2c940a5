"""A million states in one call over HTTP, by Arrow and by JSON, and single GETs beside it; the stack has one core."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import closing
from typing import Any

import numpy as np
import psutil
import pyarrow as pa

from benchmarks.growth import DEFAULT, steady_capital
from benchmarks.machine import cores
from benchmarks.posting import connect, post
from benchmarks.result import Line, Result, at_least, at_most, told
from benchmarks.server import running_stack

STATES = 1_000_000
ROUNDS = 5
JSON_ROUNDS = 3
GETS = 1000
SEED = 12
ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
POLYNOMIAL = {"policy": {"family": "polynomial", "degree": 8}}


def measure() -> Result:
    """States a second by Arrow, the cost of JSON, and milliseconds of a GET meanwhile; the load is on another core."""
    server_core, load_core = cores()[0], cores()[-1]
    os.sched_setaffinity(0, {server_core})  # the stack inherits it
    with running_stack() as url:
        os.sched_setaffinity(0, {load_core})
        with closing(connect(url)) as connection:
            neural = post(connection, {"model": "neoclassical"})["id"]
            polynomial = post(connection, {"model": "neoclassical", "method": POLYNOMIAL})["id"]
        columns = _columns()
        stream, document = _stream(columns), _document(columns)
        api, by_arrow = _api(), {}
        for name, solution_id in (("polynomial", polynomial), ("neural", neural)):
            before = api.cpu_times()
            seconds = [_ask(url, solution_id, stream, ARROW)[0] for _ in range(ROUNDS)]
            after = api.cpu_times()
            processor_s = (after.user + after.system - before.user - before.system) / ROUNDS
            by_arrow[name] = {"elapsed_s": seconds, "processor_s": processor_s}
        answers = [_ask(url, neural, document, JSON) for _ in range(JSON_ROUNDS)]
        encoding_s = _seconds_of_encoding(json.loads(answers[-1][1]))
        gets = {
            "nothing": _gets(url, neural),
            "Arrow": _beside(url, neural, stream, ARROW),
            "JSON": _beside(url, neural, document, JSON),
        }
    json_s = [elapsed_s for elapsed_s, _ in answers]
    lines = (
        *_rates("polynomial of degree 8, by Arrow", by_arrow["polynomial"], 1_000_000),
        *_rates("default network (128 units), by Arrow", by_arrow["neural"], 300_000),
        at_most("JSON, against the standard encoder for the same arrays", np.median(json_s) / encoding_s, 3),
        told("  the call, the encoder alone", f"{np.median(json_s):.2f} s, {encoding_s:.2f} s"),
        *(
            at_most(f"single GET beside a million states by {name}: p99", _p99(gets[name]), 50, " ms")
            for name in ("Arrow", "JSON")
        ),
        told("  beside nothing: p99", f"{_p99(gets['nothing']):.1f} ms"),
        told("  longest of all", f"{max(map(max, gets.values())):.1f} ms"),
    )
    quantiles = {name: np.quantile(times, (0.5, 0.9, 0.99, 1.0)).tolist() for name, times in gets.items()}
    figures = {"arrow": by_arrow, "json_s": json_s, "encoding_s": encoding_s, "gets_ms": quantiles}
    return Result(lines, figures)


def _api() -> psutil.Process:
    """The process of the stack that answers requests."""
    children = psutil.Process().children(recursive=True)
    return next(child for child in children if "service.stack.api" in child.cmdline())


def _columns() -> dict[str, np.ndarray]:
    rng, k_ss = np.random.default_rng(SEED), steady_capital(DEFAULT)
    return {"a": rng.uniform(-0.2, 0.2, STATES), "k": rng.uniform(0.5 * k_ss, 1.5 * k_ss, STATES)}


def _stream(columns: dict[str, np.ndarray]) -> bytes:
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _document(columns: dict[str, np.ndarray]) -> bytes:
    return json.dumps({"states": {name: column.tolist() for name, column in columns.items()}}).encode()


def _ask(url: str, solution_id: str, body: bytes, media_type: str) -> tuple[float, bytes]:
    """Seconds from a request to its whole answer, and the answer.

    Raises:
        RuntimeError: the answer is not a 200.
    """
    headers = {"Content-Type": media_type, "Accept": media_type}
    with closing(connect(url)) as connection:
        connection.connect()
        began_s = time.perf_counter()
        connection.request("POST", f"/v1/solutions/{solution_id}/policy", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        elapsed_s = time.perf_counter() - began_s
    if answer.status != 200:
        raise RuntimeError(f"the answer is {answer.status}: {content.decode()}")
    return elapsed_s, content


def _seconds_of_encoding(document: Any) -> float:
    """The standard library's encoder for what the service answered, least of some."""
    seconds = []
    for _ in range(JSON_ROUNDS):
        began_s = time.perf_counter()
        json.dumps(document, separators=(",", ":")).encode()
        seconds.append(time.perf_counter() - began_s)
    return min(seconds)


def _beside(url: str, solution_id: str, body: bytes, media_type: str) -> list[float]:
    """Milliseconds of single GETs while one batch follows the other."""
    ended = threading.Event()
    failures: list[Exception] = []

    def ask_again_and_again() -> None:
        try:
            while not ended.is_set():
                _ask(url, solution_id, body, media_type)
        except (OSError, RuntimeError) as error:
            failures.append(error)

    thread = threading.Thread(target=ask_again_and_again)
    thread.start()
    try:
        return _gets(url, solution_id)
    finally:
        ended.set()
        thread.join()
        if failures:
            raise failures[0]


def _gets(url: str, solution_id: str) -> list[float]:
    milliseconds = []
    with closing(connect(url)) as connection:
        for number in range(GETS):
            began_s = time.perf_counter()
            connection.request("GET", f"/v1/solutions/{solution_id}/policy?a=0.01&k={4 + number / GETS:.6g}")
            answer = connection.getresponse()
            answer.read()
            milliseconds.append(1000 * (time.perf_counter() - began_s))
            if answer.status != 200:
                raise RuntimeError(f"the answer is {answer.status}")
    return milliseconds


def _rates(what: str, measured: dict[str, Any], least: float) -> tuple[Line, Line]:
    """By the clock of the client, and by the processor's time, which what else the machine does hardly moves."""
    by_clock = STATES / float(np.median(measured["elapsed_s"]))
    by_processor = STATES / measured["processor_s"]
    return (
        at_least(what, by_clock, least, " states/s"),
        told("  by the processor's time of the API", f"{by_processor:.3g} states/s"),
    )


def _p99(milliseconds: list[float]) -> float:
    return float(np.quantile(milliseconds, 0.99))
