"""Tensors as bytes behind the JSON of a request or an answer: the Open Inference Protocol's ``binary_tensor_data``.

The header ``Inference-Header-Content-Length`` tells where the JSON ends. Behind it stand the tensors that have a
``binary_data_size`` among their parameters in place of ``data``, in the order in which the JSON names them, little-endian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from service.encoding import encode
from service.errors import MalformedBodyError, RequestError
from service.faults import shown
from service.schemas.inference import InferenceTensor
from solver.errors import Fault

EXTENSION = "binary_tensor_data"
LENGTH_HEADER = "Inference-Header-Content-Length"
MEDIA_TYPE = "application/octet-stream"
_SIZE = "binary_data_size"
_WRITTEN_AS = {"FP64": "<f8", "FP32": "<f4", "INT64": "<i8", "INT32": "<i4"}
_LONGEST_NUMBER = 19


def separate(body: bytearray, length: str | None) -> tuple[bytearray, memoryview]:
    """The JSON of a body and the bytes behind it, of which there are none without the header.

    Args:
        body: whole.
        length: the header's value.

    Raises:
        MalformedBodyError: the header is no length within the body.
    """
    if length is None:
        return body, memoryview(b"")
    is_number = length.isascii() and length.isdecimal() and len(length) <= _LONGEST_NUMBER
    if not is_number or int(length) > len(body):
        raise MalformedBodyError(
            f"{LENGTH_HEADER} = {shown(length)} is no number of bytes between 0 and {len(body)}, the length of the body"
        )
    return body[: int(length)], memoryview(body)[int(length) :]


def read_columns(tensors: Sequence[InferenceTensor], tail: memoryview, most: int) -> list[np.ndarray]:
    """The values (n,) of each tensor, from its ``data`` or from the bytes behind the JSON; of bytes at most ``most``.

    Raises:
        RequestError: a tensor has neither or both, a size that is not that of its type or is beyond the body, too many
            values, or one that is not finite; or bytes are left over.
    """
    columns, faults, place = [], [], 0
    for number, tensor in enumerate(tensors):
        size = tensor.parameters.get(_SIZE)
        if (size is None) == (tensor.data is None):
            faults.append(
                Fault(
                    ("inputs", number, "data"),
                    f"give either data or parameters.{_SIZE} for {shown(tensor.name)}",
                )
            )
            continue
        if size is None:
            columns.append(np.asarray(tensor.data, float))
            continue
        width = np.dtype(_WRITTEN_AS[tensor.datatype]).itemsize
        left = len(tail) - place
        if type(size) is not int or not 0 <= size <= left or size % width:
            told = f"{_SIZE} = {shown(size)} is no multiple of {width} ({tensor.datatype}) up to the {left} bytes left"
            faults.append(Fault(("inputs", number, "parameters", _SIZE), told))
            break
        if size // width > most:
            told = f"{shown(tensor.name)} has {size // width} values; give at most {most}"
            faults.append(Fault(("inputs", number, "parameters", _SIZE), told))
            break
        with np.errstate(invalid="ignore"):  # a signalling NaN is refused below
            column = np.frombuffer(tail, _WRITTEN_AS[tensor.datatype], size // width, place).astype(float)
        place += size
        if not np.isfinite(column).all():
            row = int(np.argmin(np.isfinite(column)))
            told = f"value {row} of {shown(tensor.name)} is {column[row]}; give finite numbers"
            faults.append(Fault(("inputs", number, "parameters", _SIZE), told))
        columns.append(column)
    if not faults and place < len(tail):
        told = f"{len(tail) - place} bytes behind the JSON belong to no tensor; give each its {_SIZE}"
        faults.append(Fault(("inputs",), told))
    if faults:
        raise RequestError(faults)
    return columns


def write(answer: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> tuple[bytes, dict[str, str]]:
    """The body of an answer with these tensors as bytes, and its headers.

    Args:
        answer: as JSON, whose ``outputs`` that are among ``tensors`` have no ``data``.
        tensors: values (n,) by the names of these outputs.
    """
    outputs, tail = [], []
    for output in answer["outputs"]:
        if output["name"] in tensors:
            values = tensors[output["name"]]
            raw = values.astype("?" if values.dtype == bool else _WRITTEN_AS["FP64"]).tobytes()
            tail.append(raw)
            output = {**output, "parameters": {_SIZE: len(raw)}}
        outputs.append(output)
    head = encode({**answer, "outputs": outputs})
    return head + b"".join(tail), {LENGTH_HEADER: str(len(head)), "Content-Type": MEDIA_TYPE}
