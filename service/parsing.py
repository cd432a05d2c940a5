"""JSON in: bytes to a checked document, every fault named by its pointer.

The standard reader is too generous for a public door: it takes NaN and Infinity, turns 1e999 into infinity
and keeps the last of two equal keys. Its hooks see no path, so here they leave a :class:`_Refused` mark in the
tree, and one walk over the tree turns the marks into faults.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

from service.errors import MalformedBodyError, RequestError
from service.faults import MAX_FAULTS, shown
from solver.errors import Fault


@dataclass(frozen=True)
class _Refused:
    message: str


def parse_json(body: bytes | bytearray, *, max_nesting: int, max_items: int) -> Any:
    """The document that ``body`` holds.

    Args:
        body: JSON in UTF-8.
        max_nesting: deepest nesting of objects and arrays.
        max_items: most members of an object or items of an array; so a document has few faults, and telling
            them costs little.

    Raises:
        MalformedBodyError: not UTF-8, or not JSON.
        RequestError: numbers that are not finite, keys that stand twice, text that is not Unicode, too deep, too many.
    """
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except UnicodeDecodeError as error:
        raise MalformedBodyError(
            f"the body is not UTF-8 (byte {error.object[error.start]:#04x} at {error.start}); send UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        raise MalformedBodyError(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError:
        _refuse_depth(max_nesting)
    faults: list[Fault] = []
    _walk(document, (), max_nesting, max_items, faults)
    if faults:
        raise RequestError(faults)
    return document


def _refuse_depth(max_nesting: int) -> NoReturn:
    message = f"the body nests deeper than {max_nesting} levels, the most this call reads; flatten it"
    raise RequestError([Fault((), message)])


def _walk(
    node: Any, pointer: tuple[str | int, ...], max_nesting: int, max_items: int, faults: list[Fault]
) -> None:
    if isinstance(node, float | int):  # most nodes of a large batch
        return
    if len(faults) >= MAX_FAULTS:
        return
    if isinstance(node, _Refused):
        name = f"{pointer[-1]} = " if pointer else ""
        faults.append(Fault(pointer, name + node.message))
    elif isinstance(node, str):
        if not _is_unicode(node):
            faults.append(Fault(pointer, f"{shown(node)} holds half a surrogate pair; send whole characters"))
    elif isinstance(node, dict | list):
        if len(pointer) >= max_nesting:
            _refuse_depth(max_nesting)
        if len(node) > max_items:
            faults.append(_too_many(node, pointer, max_items))
            return
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            _walk(value, (*pointer, key), max_nesting, max_items, faults)


def _too_many(node: dict[str, Any] | list[Any], pointer: tuple[str | int, ...], max_items: int) -> Fault:
    name = shown(pointer[-1]).strip("'") if pointer else "the body"
    return Fault(
        pointer, f"{name} has {len(node)} items, above {max_items}, the most that are read; send fewer"
    )


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            value = _Refused("… stands twice in the same object; give it once")
        document[key] = value if _is_unicode(key) else _Refused("… has half a surrogate pair in its name")
    return document


def _constant(text: str) -> _Refused:
    return _Refused(f"{text} is not a finite number; give a finite one, or leave it out")


def _float(text: str) -> float | _Refused:
    value = float(text)
    return value if math.isfinite(value) else _too_large(text)


def _int(text: str) -> int | _Refused:
    return int(text) if math.isfinite(float(text)) else _too_large(text)


def _too_large(text: str) -> _Refused:
    written = text if len(text) <= 24 else f"{text[:12]}… ({len(text)} characters)"
    return _Refused(f"{written} is beyond ±1.8e308, the range of a float64; give a number within it")
