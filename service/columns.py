"""Batches of states by columns: JSON to an array, and back.

The text is made in pieces: one call that writes millions of digits would hold Python's lock, and with it every
other request, for a good part of a second. The digits are pydantic's, several times as fast as the standard library's and
like them the shortest that read back to the same float64; of exponents they write 1e-7 for 1e-07.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from pydantic_core import to_json

from service.encoding import encode
from service.evaluation import IN_DOMAIN, Evaluation, Evaluator
from service.sensitivities import ParameterAnswer
from solver.errors import Fault, StateError

PIECE = 4096
MAX_PARTS = 1000
STRETCH = 1024**2
"""Bytes that are gone through at once, with Python's lock held."""


def check_size(body: bytes | bytearray, n_names: int, max_states: int) -> None:
    """Refuses a body that would take many times its bytes before it is read.

    Raises:
        StateError: it has more than twice as many numbers as a batch may have, or is made of arrays and objects.
    """
    n_values = 1 + _count(body, b",")
    if n_values > 2 * n_names * max_states:
        message = f"the body has some {n_values} values, above the {max_states} states that one call takes; send fewer"
        raise StateError([Fault((), message)])
    n_parts = _count(body, b"[") + _count(body, b"{")
    if n_parts > MAX_PARTS:
        message = (
            f"the body has {n_parts} arrays and objects, above {MAX_PARTS}; send one array for each state"
        )
        raise StateError([Fault((), message)])


def _count(body: bytes | bytearray, mark: bytes) -> int:
    return sum(body.count(mark, start, start + STRETCH) for start in range(0, len(body), STRETCH))


def read_columns(
    columns: Mapping[str, float | list[float]], names: Sequence[str], max_states: int
) -> np.ndarray:
    """The states of a batch.

    Args:
        columns: a number (for every row) or a list of numbers for each of ``names``.
        names: the states, in the order of the array's columns.
        max_states: the most rows.

    Returns:
        (n, n_states); one row when every column is a number.

    Raises:
        StateError: columns of unequal length, empty ones, or too many rows.
    """
    lengths = {name: len(column) for name in names if isinstance(column := columns[name], list)}
    n_rows = max(lengths.values(), default=1)
    faults = [
        Fault(
            (name,), f"{name} has {length} values where the longest has {n_rows}; give as many, or one number"
        )
        for name, length in lengths.items()
        if length != n_rows
    ]
    if n_rows > max_states:
        faults.append(
            Fault((), f"{n_rows} states are above {max_states}, the most one call takes; send fewer")
        )
    if n_rows == 0:
        faults.append(Fault((), "there is no state to evaluate; give at least one"))
    if faults:
        raise StateError(faults)
    states = np.empty((n_rows, len(names)))
    for index, name in enumerate(names):
        column = columns[name]
        if isinstance(column, list):
            for start in range(0, n_rows, PIECE):
                states[start : start + PIECE, index] = column[start : start + PIECE]
        else:
            states[:, index] = column
    return states


def answer_columns(
    evaluator: Evaluator,
    states: np.ndarray,
    evaluation: Evaluation,
    sensitivities: Mapping[str, ParameterAnswer],
) -> list[bytes]:
    """The answer to a batch as JSON in pieces: the shape of a single answer, with an array in the place of each number."""
    return list(_answer(evaluator, states, evaluation, sensitivities))


def _answer(
    evaluator: Evaluator,
    states: np.ndarray,
    evaluation: Evaluation,
    sensitivities: Mapping[str, ParameterAnswer],
) -> Iterator[bytes]:
    controls = evaluator.control_names
    yield b'{"states":'
    yield from _object(dict(zip(evaluator.state_names, states.T, strict=True)))
    yield b',"controls":'
    yield from _object(dict(zip(controls, evaluation.controls.T, strict=True)))
    yield b',"definitions":'
    yield from _object(evaluation.definitions)
    yield b',"' + IN_DOMAIN.encode() + b'":'
    yield from _array(evaluation.in_domain)
    if sensitivities:
        yield b',"sensitivities":{'
        for place, (name, one) in enumerate(sensitivities.items()):
            yield (b"," if place else b"") + encode(name) + b":"
            yield from _sensitivity(controls, one)
        yield b"}"
    yield b"}"


def encode_columns(
    columns: Mapping[str, np.ndarray | Mapping[str, np.ndarray]], more: Mapping[str, int]
) -> bytes:
    """Columns, and groups of columns, as one JSON object; other members stand before them."""
    parts = [encode(name) + b":" + encode(value) for name, value in more.items()]
    for name, value in columns.items():
        parts.append(
            encode(name) + b":" + b"".join(_object(value) if isinstance(value, Mapping) else _array(value))
        )
    return b"{" + b",".join(parts) + b"}"


def _sensitivity(control_names: Sequence[str], answer: ParameterAnswer) -> Iterator[bytes]:
    found = answer.derivatives
    yield b'{"controls":'
    yield from _object(dict(zip(control_names, found.controls.T, strict=True)))
    yield b',"definitions":'
    yield from _object(found.definitions)
    yield b',"misfit":' + encode(answer.misfit) + b"}"


def _object(columns: Mapping[str, np.ndarray]) -> Iterator[bytes]:
    yield b"{"
    for place, (name, column) in enumerate(columns.items()):
        yield (b"," if place else b"") + encode(name) + b":"
        yield from _array(column)
    yield b"}"


def _array(column: np.ndarray) -> Iterator[bytes]:
    yield b"["
    for start in range(0, len(column), PIECE):
        numbers = to_json(column[start : start + PIECE].tolist(), inf_nan_mode="null")[1:-1]
        yield b"," + numbers if start else numbers
    yield b"]"
