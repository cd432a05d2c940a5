"""Exchanges about simulations that are too large for one request: the service runs them as jobs and keeps the result."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from saddlepath.errors import SimulationError
from saddlepath.wire import ARROW, OVER, Exchange, Request, ask, ask_json

LOOK_S = 20
GROUPS = ("states", "controls", "definitions", "shocks")


def result_of(path: str, record: Mapping[str, Any]) -> Exchange[dict[str, Any]]:
    """What a simulation tells once it is over, in the form in which the service answers a small one.

    Args:
        path: of the simulation, from ``/`` on.
        record: what the service told of it when it took it.

    It travels as one Arrow stream where pyarrow is installed, else page by page as JSON.

    Raises:
        SimulationError: it failed, or was cancelled.
        NotFoundError: it was deleted meanwhile.
    """
    while record["status"] not in OVER:
        record = yield from ask_json(Request("GET", path, {"wait": LOOK_S}, wait_s=LOOK_S))
    if record["status"] != "succeeded":
        raise SimulationError(record)
    read = _by_arrow if find_spec("pyarrow") is not None else _by_pages
    return (yield from read(f"{path}/result"))


def _by_arrow(path: str) -> Exchange[dict[str, Any]]:
    import pyarrow as pa

    answer = yield from ask(Request("GET", path, headers={"Accept": ARROW}))
    table = pa.ipc.open_stream(answer.content).read_all()
    found: dict[str, Any] = {"lost": int(table.schema.metadata[b"lost"])}
    groups: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    for field, column in zip(table.schema, table.columns, strict=True):  # a variable may be called path, too
        group = found if field.metadata is None else groups[field.metadata[b"group"].decode()]
        group[field.name] = column.to_numpy()
    return found | groups


def _by_pages(path: str) -> Exchange[dict[str, Any]]:
    first = yield from ask_json(Request("GET", path, {"page": 0}))
    pages = [first]
    for number in range(1, first["pages"]):
        pages.append((yield from ask_json(Request("GET", path, {"page": number}))))
    found: dict[str, Any] = {"lost": first["lost"]}
    found |= {name: np.concatenate([page[name] for page in pages]) for name in ("path", "t")}
    for group in GROUPS:
        found[group] = {
            name: np.concatenate([np.array(page[group][name], dtype=np.float64) for page in pages])
            for name in first[group]
        }
    return found
