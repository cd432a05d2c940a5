"""Batches of states as Arrow streams (the IPC streaming format): bytes to an array, and back.

A stream is read message by message, so that what it claims is checked before anything is made of it. Numbers in plain
columns are all that is read: no dictionaries, no extension types, no nested ones, and nothing that is compressed, whose
size would be the sender's word. What remains takes no more memory than the body and its states.

pyarrow is imported with this module, which nothing imports before the first stream comes.
"""

from __future__ import annotations

import itertools
import struct
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from service.errors import MalformedBodyError, RequestError
from service.evaluation import IN_DOMAIN, Evaluation, Evaluator
from service.faults import shown
from service.sensitivities import ParameterAnswer
from solver.errors import Fault, StateError

ROWS_A_BATCH = 65_536
MAX_RECORD_BATCHES = 20_000
MAX_COLUMNS = 1000
_END = (b"\xff\xff\xff\xff\x00\x00\x00\x00", b"\x00\x00\x00\x00")
"""The end of a stream, as it has been written since Arrow 0.15 and before."""
_UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError, struct.error)


def read_stream(body: bytes | bytearray, evaluator: Evaluator, most: int) -> np.ndarray:
    """The states (n, n_states) of a stream, its columns in any order, in one record batch or many.

    Args:
        body: the stream.
        evaluator: the policy, which names the columns.
        most: the most rows.

    Raises:
        MalformedBodyError: no whole stream, or one that contradicts itself.
        RequestError: columns of other types, that stand twice, or with values that are no finite numbers; compressed.
        StateError: a state is missing or unknown, or there are too many rows, or none.
    """
    if not body.endswith(_END):
        raise MalformedBodyError(
            "the body is no Arrow stream: it does not end with its end mark; send a whole stream (not a file), closed"
        )
    try:
        states = _read(body, evaluator, most)
    except _UNREADABLE as error:
        raise MalformedBodyError(f"the body is no Arrow stream: {_cause(error)}") from error
    _check_finite(states, evaluator)
    return states


def write_stream(
    evaluator: Evaluator,
    states: np.ndarray,
    evaluation: Evaluation,
    sensitivities: Mapping[str, ParameterAnswer],
) -> memoryview:
    """The answer to a batch: a column for each state, control and definition, and ``in_domain``.

    A derivative of ``i`` by ``beta`` is the column ``i.beta``, null where it is not defined, with the ``misfit`` in the
    metadata of its field.
    """
    columns = [*zip(evaluator.state_names, states.T, strict=True)]
    columns += zip(evaluator.control_names, evaluation.controls.T, strict=True)
    columns += evaluation.definitions.items()
    fields = [pa.field(name, pa.float64(), nullable=False) for name, _ in columns]
    arrays = [pa.array(values) for _, values in columns]
    fields.append(pa.field(IN_DOMAIN, pa.bool_(), nullable=False))
    arrays.append(pa.array(evaluation.in_domain))
    for parameter, answer in sensitivities.items():
        found = answer.derivatives
        by_name = dict(zip(evaluator.control_names, found.controls.T, strict=True)) | dict(found.definitions)
        metadata = {"misfit": repr(answer.misfit)} if np.isfinite(answer.misfit) else None
        for name, values in by_name.items():
            fields.append(pa.field(f"{name}.{parameter}", pa.float64(), metadata=metadata))
            arrays.append(pa.array(values, mask=~np.isfinite(values)))
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=ROWS_A_BATCH)
    return memoryview(sink.getvalue())


def _read(body: bytes | bytearray, evaluator: Evaluator, most: int) -> np.ndarray:
    messages = _messages(body)
    first = next(messages, None)
    if first is None or first.type != "schema":
        raise MalformedBodyError("the body is no Arrow stream: its first message is no schema")
    if _is_big_endian(first):
        raise RequestError([Fault((), "the stream is big-endian; send numbers in little-endian order")])
    schema = pa.ipc.read_schema(first)
    _check_schema(schema, evaluator)
    states = np.empty((most, len(evaluator.state_names)))  # pages that no state is written to cost nothing
    n_rows = 0
    for message in messages:
        batch = _record_batch(message, schema)
        if n_rows + batch.num_rows > most:
            message_text = f"more than {most} states are above the most that one call takes; send fewer"
            raise StateError([Fault((), message_text)])
        for place, name in enumerate(evaluator.state_names):
            states[n_rows : n_rows + batch.num_rows, place] = _numbers(name, batch.column(name), n_rows)
        n_rows += batch.num_rows
    if n_rows == 0:
        raise StateError([Fault((), "there is no state to evaluate; give at least one")])
    return states[:n_rows]


def _messages(body: bytes | bytearray) -> Iterator[pa.Message]:
    """The messages; pyarrow verifies the description of each, and refers to the body instead of copying it."""
    reader = pa.ipc.MessageReader.open_stream(pa.py_buffer(body))
    for n_batches in itertools.count():
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        if n_batches > MAX_RECORD_BATCHES:
            text = f"the stream has more than {MAX_RECORD_BATCHES} record batches, the most that are read; send larger ones"
            raise RequestError([Fault((), text)])
        yield message


def _check_schema(schema: pa.Schema, evaluator: Evaluator) -> None:
    """Checks names and types.

    Raises:
        StateError: a state is missing or unknown.
        RequestError: a state stands twice, or is no number.
    """
    if len(schema) > MAX_COLUMNS:
        message = f"the stream has {len(schema)} columns, above {MAX_COLUMNS}, the most that are read; send the states only"
        raise RequestError([Fault((), message)])
    evaluator.check_names(dict.fromkeys(schema.names))
    faults = [
        Fault((name,), f"{name} stands more than once; give one column for each state")
        for name, count in Counter(schema.names).items()
        if count > 1
    ]
    for field in schema:
        is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        if not is_number or b"ARROW:extension:name" in (field.metadata or {}):
            kind = f"of type {shown(str(field.type))}" if not is_number else "of an extension type"
            faults.append(Fault((field.name,), f"{field.name} is {kind}, not a plain number; send float64"))
    if faults:
        raise RequestError(faults)


def _record_batch(message: pa.Message, schema: pa.Schema) -> pa.RecordBatch:
    if message.type != "record batch":
        raise MalformedBodyError(
            f"the body is no stream of record batches: it holds a {message.type}; send plain columns of numbers"
        )
    if _is_compressed(message):
        raise RequestError([Fault((), "the stream's record batches are compressed; send them as they are")])
    batch = pa.ipc.read_record_batch(message, schema)
    batch.validate(full=True)
    return batch


def _numbers(name: str, column: pa.Array, first_row: int) -> np.ndarray:
    """A column of one record batch as float64.

    Raises:
        RequestError: it has nulls, or whole numbers that are no float64.
    """
    if column.null_count:
        row = first_row + int(np.argmin(column.is_valid().to_numpy(zero_copy_only=False)))
        raise RequestError([Fault((name, row), f"{name} is null in row {row}; give a number in every row")])
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy())
    except pa.ArrowInvalid as error:
        message = f"{name} has whole numbers beyond 2^53, which float64 does not tell apart; send float64"
        raise RequestError([Fault((name,), message)]) from error


def _check_finite(states: np.ndarray, evaluator: Evaluator) -> None:
    faults = []
    for name, column in zip(evaluator.state_names, states.T, strict=True):
        is_finite = np.isfinite(column)
        if not is_finite.all():
            row = int(np.argmin(is_finite))
            message = f"{name} = {column[row].item()!r} is not a finite number; give a finite one"
            faults.append(Fault((name, row), message))
    if faults:
        raise RequestError(faults)


def _is_compressed(message: pa.Message) -> bool:
    """Whether a record batch has a ``BodyCompression``, the field 3 of its description."""
    metadata = memoryview(message.metadata)
    return _place(metadata, _header(metadata), 3) is not None


def _is_big_endian(message: pa.Message) -> bool:
    """Whether a schema's ``endianness``, its field 0, is other than little, which is the default."""
    metadata = memoryview(message.metadata)
    place = _place(metadata, _header(metadata), 0)
    return place is not None and struct.unpack_from("<h", metadata, place)[0] != 0


def _header(metadata: memoryview) -> int:
    """Where the table of a schema or record batch stands: the field 2 of the message (Arrow's ``Message.fbs``)."""
    (root,) = struct.unpack_from("<I", metadata, 0)
    place = _place(metadata, root, 2)
    if place is None:
        raise MalformedBodyError("the body is no Arrow stream: a message has no header")
    return place + int(struct.unpack_from("<I", metadata, place)[0])


def _place(metadata: memoryview, table: int, field: int) -> int | None:
    """Where a field of a FlatBuffers table stands, None where the table has none; pyarrow has verified the offsets."""
    (back,) = struct.unpack_from("<i", metadata, table)
    (size,) = struct.unpack_from("<H", metadata, table - back)
    entry = 4 + 2 * field
    if entry >= size:
        return None
    (offset,) = struct.unpack_from("<H", metadata, table - back + entry)
    return table + int(offset) if offset else None


def _cause(error: Exception) -> str:
    """What pyarrow says, in one short line."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0] if len(lines[0]) <= 200 else lines[0][:199] + "…"
