"""Batches of states by columns: JSON to an array, and back.

The text is made in pieces: one call that writes millions of digits would hold Python's lock, and with it every
other request, for a good part of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from service.encoding import encode
from service.evaluation import Evaluation, Evaluator
from service.sensitivities import ParameterAnswer
from solver.errors import Fault, StateError

PIECE = 4096


def check_size(body: bytes, n_names: int, max_states: int) -> None:
    """Refuses a body of far more numbers than a batch may have before they are read into many times its bytes.

    Raises:
        StateError: it has more than twice as many.
    """
    n_values = body.count(b",") + 1
    if n_values > 2 * n_names * max_states:
        message = f"the body has some {n_values} values, above the {max_states} states that one call takes; send fewer"
        raise StateError([Fault((), message)])


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
        states[:, index] = columns[name]
    return states


def answer_columns(
    evaluator: Evaluator,
    states: np.ndarray,
    evaluation: Evaluation,
    sensitivities: Mapping[str, ParameterAnswer],
) -> bytes:
    """The answer to a batch as JSON: the shape of a single answer, with an array in the place of each number."""
    controls = evaluator.control_names
    parts = [
        b'"states":' + _object(dict(zip(evaluator.state_names, states.T, strict=True))),
        b'"controls":' + _object(dict(zip(controls, evaluation.controls.T, strict=True))),
        b'"definitions":' + _object(evaluation.definitions),
        b'"in_domain":' + _array(evaluation.in_domain),
    ]
    if sensitivities:
        each = (encode(name) + b":" + _sensitivity(controls, one) for name, one in sensitivities.items())
        parts.append(b'"sensitivities":{' + b",".join(each) + b"}")
    return b"{" + b",".join(parts) + b"}"


def encode_columns(
    columns: Mapping[str, np.ndarray | Mapping[str, np.ndarray]], more: Mapping[str, int]
) -> bytes:
    """Columns, and groups of columns, as one JSON object; other members stand before them."""
    parts = [encode(name) + b":" + encode(value) for name, value in more.items()]
    for name, value in columns.items():
        parts.append(encode(name) + b":" + (_object(value) if isinstance(value, Mapping) else _array(value)))
    return b"{" + b",".join(parts) + b"}"


def _sensitivity(control_names: Sequence[str], answer: ParameterAnswer) -> bytes:
    found = answer.derivatives
    parts = [
        b'"controls":' + _object(dict(zip(control_names, found.controls.T, strict=True))),
        b'"definitions":' + _object(found.definitions),
        b'"misfit":' + encode(answer.misfit),
    ]
    return b"{" + b",".join(parts) + b"}"


def _object(columns: Mapping[str, np.ndarray]) -> bytes:
    return b"{" + b",".join(_members(columns)) + b"}"


def _members(columns: Mapping[str, np.ndarray]) -> Iterator[bytes]:
    for name, column in columns.items():
        yield encode(name) + b":" + _array(column)


def _array(column: np.ndarray) -> bytes:
    pieces = (encode(column[start : start + PIECE].tolist())[1:-1] for start in range(0, len(column), PIECE))
    return b"[" + b",".join(pieces) + b"]"
