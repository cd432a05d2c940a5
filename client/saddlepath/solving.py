"""Exchanges about solutions as such: asked for, waited for, listed, cancelled, retried, deleted."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from os import PathLike
from typing import Any, Protocol, TypeAlias

from saddlepath.errors import InputError, SolveError, SolveTimeoutError
from saddlepath.modelling import register
from saddlepath.progress import Progress, ProgressOption, Show, showing
from saddlepath.wire import OVER, Exchange, Follow, Request, ask, ask_json, named

Record: TypeAlias = Mapping[str, Any]
"""A solution as the service tells it; docs: ``GET /v1/solutions/{id}``."""
ModelOption: TypeAlias = str | PathLike[str] | Mapping[str, Any]
"""A model by its name or handle, by a file (which is registered), or as a whole document."""
PATIENCE_S = 1
"""How long the first answer is waited for: what is solved by then needs no stream of events."""
SILENCE_S = 10.0
LOOK_S = 5
PAGE = 200


class HasId(Protocol):
    """A solution."""

    @property
    def id(self) -> str:
        """Its id."""


def solve(
    model: ModelOption,
    /,
    *,
    calibration: Mapping[str, float] | None = None,
    method: Mapping[str, Any] | None = None,
    target: float | None = None,
    seed: int | None = None,
    start: str | HasId | None = None,
    progress: ProgressOption = None,
    timeout: float | None = None,
    **parameters: float,
) -> Exchange[Record]:
    """Solves a parameterisation of a model, and waits for it. The same request is the same solution, solved once.

    Args:
        model: a name or a handle, a model file (``pathlib.Path``; it is registered), or a whole model as a mapping.
        calibration: values of parameters; those left out keep the model's own.
        method: how to solve; what is left out is chosen by the model.
        target: the largest Euler error to aim at.
        seed: of the random numbers of training.
        start: a solved solution, or its id, to start from.
        progress: True for a progress bar, False for none; a function is called with each :class:`Progress`. By default
            there is a bar at a terminal, where tqdm is installed.
        timeout: seconds to wait; None for as long as it takes.
        **parameters: values of parameters, e.g. ``beta=0.96``.

    Raises:
        InvalidError: the request has faults.
        InputError: a parameter is no finite number.
        SolveError: the solve ended without a policy.
        SolveTimeoutError: it is not over within ``timeout``.
    """
    began_s = time.monotonic()
    handle = (yield from register(model))["name"] if isinstance(model, PathLike) else model
    body = _body(handle, {**(calibration or {}), **parameters}, method, target, seed, start)
    record = yield from ask_json(_posted(body, PATIENCE_S if timeout is None else min(PATIENCE_S, timeout)))
    return solved((yield from until_over(record, progress, timeout, began_s)))


def submit(
    model: ModelOption,
    /,
    *,
    calibration: Mapping[str, float] | None = None,
    method: Mapping[str, Any] | None = None,
    target: float | None = None,
    seed: int | None = None,
    start: str | HasId | None = None,
    **parameters: float,
) -> Exchange[Record]:
    """Asks for a solution as :func:`solve` does, and does not wait for it.

    Raises:
        InvalidError: the request has faults.
    """
    handle = (yield from register(model))["name"] if isinstance(model, PathLike) else model
    body = _body(handle, {**(calibration or {}), **parameters}, method, target, seed, start)
    return (yield from ask_json(_posted(body, 0)))


def until_over(
    record: Record, progress: ProgressOption, timeout: float | None, began_s: float | None = None
) -> Exchange[Record]:
    """The record of a solution once it is over, be it solved or not.

    The solution's events are followed; where their stream breaks, it is taken up after the last event.

    Args:
        record: as it was told last.
        progress: what to tell of it.
        timeout: seconds to wait; None for as long as it takes.
        began_s: from when on they count, by the monotonic clock; from now on if left out.

    Raises:
        SolveTimeoutError: it is not over within ``timeout`` seconds.
        NotFoundError: it was deleted meanwhile.
    """
    solution_id = str(record["id"])
    deadline_s = math.inf if timeout is None else (began_s or time.monotonic()) + timeout
    place: str | None = None
    with showing(progress, record["model"]["name"], record["target"]) as show:
        while record["status"] not in OVER:
            left_s = deadline_s - time.monotonic()
            if timeout is not None and left_s <= 0:
                raise SolveTimeoutError(solution_id, timeout)
            reader = _Reader(show, deadline_s, place)
            yield Follow(f"/v1/solutions/{solution_id}/events", place, reader.take, min(SILENCE_S, left_s))
            place = reader.place
            look_s = math.ceil(min(LOOK_S, max(deadline_s - time.monotonic(), 0)))
            record = yield from get(solution_id, look_s)
    return record


class _Reader:
    """Takes the events of one solution."""

    def __init__(self, show: Show, deadline_s: float, place: str | None) -> None:
        self.place = place
        self._show = show
        self._deadline_s = deadline_s

    def take(self, kind: str, data: Mapping[str, Any], place: str) -> bool:
        self.place = place or self.place
        if kind == "progress":
            self._show(Progress.of(data))
        return time.monotonic() < self._deadline_s


def solved(record: Record) -> Record:
    """The record of a solution that has a policy.

    Raises:
        SolveError: it has none.
    """
    if record["status"] != "succeeded":
        raise SolveError(record)
    return record


def get(solution_id: str, wait_s: int = 0) -> Exchange[Record]:
    """The record of a solution, as soon as it is over or after ``wait_s`` seconds.

    Raises:
        NotFoundError: there is no such solution.
    """
    query = {"wait": wait_s} if wait_s else {}
    return (yield from ask_json(Request("GET", f"/v1/solutions/{named(solution_id)}", query, wait_s=wait_s)))


def listed(
    *, model: str | None = None, status: str | None = None, limit: int | None = 50
) -> Exchange[list[Record]]:
    """Solutions, newest first.

    Args:
        model: only those of the model of that name.
        status: only those that are ``queued``, ``running``, ``succeeded``, ``failed`` or ``cancelled``.
        limit: how many at most; None for all.
    """
    records: list[Record] = []
    cursor: str | None = None
    while limit is None or len(records) < limit:
        count = PAGE if limit is None else min(PAGE, limit - len(records))
        query = {"model": model, "status": status, "limit": count, "cursor": cursor}
        page = yield from ask_json(Request("GET", "/v1/solutions", query))
        records += page["solutions"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return records


def cancel(solution_id: str) -> Exchange[Record]:
    """Stops a solve.

    Raises:
        ConflictError: it is over already.
    """
    return (yield from ask_json(Request("POST", f"/v1/solutions/{solution_id}/cancel")))


def retry(solution_id: str) -> Exchange[Record]:
    """Puts a failed or cancelled solution in the queue again.

    Raises:
        ConflictError: it is neither.
    """
    request = Request("POST", f"/v1/solutions/{solution_id}/retry", is_repeatable=False)
    return (yield from ask_json(request))


def delete(solution_id: str) -> Exchange[None]:
    """Deletes a solution with its policy.

    Raises:
        NotFoundError: there is no such solution.
    """
    yield from ask(Request("DELETE", f"/v1/solutions/{solution_id}", is_repeatable=False))


def _body(
    model: str | Mapping[str, Any],
    calibration: Mapping[str, float],
    method: Mapping[str, Any] | None,
    target: float | None,
    seed: int | None,
    start: str | HasId | None,
) -> dict[str, Any]:
    body = {
        "model": model,
        "calibration": {name: _parameter(name, value) for name, value in calibration.items()},
        "method": method,
        "target": target,
        "seed": seed,
        "start": start if start is None or isinstance(start, str) else start.id,
    }
    return {name: value for name, value in body.items() if value is not None}


def _parameter(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} = {value!r} is no number") from error
    if not math.isfinite(number):
        raise InputError(f"{name} = {value!r} is not finite; a parameter is a finite number")
    return number


def _posted(body: dict[str, Any], wait_s: float) -> Request:
    headers = {"Prefer": f"wait={math.ceil(wait_s)}"} if wait_s > 0 else {}
    return Request("POST", "/v1/solutions", body=body, headers=headers, wait_s=wait_s)
