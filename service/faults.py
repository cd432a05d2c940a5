"""What is wrong with a request, said so that it can be mended: pydantic's errors as faults.

Pydantic's messages name neither the value nor what to do. Here each names the field, the value, the bound and
the remedy, under the pointer of the place in the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from solver.errors import Fault, InputError

MAX_FAULTS = 100
MAX_SHOWN_CHARACTERS = 60

_KINDS: tuple[tuple[type, str], ...] = (  # bool first: it is an int as well
    (bool, "a boolean"),
    (str, "a string"),
    (int, "a number"),
    (float, "a number"),
    (type(None), "null"),
    (dict, "an object"),
    (list, "an array"),
)
_WANTED = {
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "an object",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of reasonable size",
    "int_type": "a whole number",
    "list_type": "an array",
    "model_type": "an object",
    "string_type": "a string",
    "tuple_type": "an array",
}
_BOUNDS = {
    "greater_than": "is not above {gt}; raise it",
    "greater_than_equal": "is below {ge}, the smallest value it takes; raise it",
    "less_than": "is not below {lt}; lower it",
    "less_than_equal": "is above {le}, the largest value it takes; lower it",
    "too_short": "has {actual_length} items, fewer than {min_length}; add to it",
    "too_long": "has {actual_length} items, more than {max_length}; shorten it",
    "string_too_short": "is shorter than {min_length} characters; give a longer one",
    "string_too_long": "is longer than {max_length} characters; give a shorter one",
    "literal_error": "is not one of {expected}; choose one of them",
    "enum": "is not one of {expected}; choose one of them",
    "string_pattern_mismatch": "is not of the form {pattern}; take it from an answer of the service",
    "finite_number": "is not a finite number; give a finite one",
}


def shown(value: Any) -> str:
    """``value`` as it may be quoted in a message: short, whatever was sent."""
    if isinstance(value, dict | list):
        return f"{kind_of(value)} of {len(value)}"
    text = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[: MAX_SHOWN_CHARACTERS - 1] + "…"


def kind_of(value: Any) -> str:
    """What ``value`` is in the words of JSON, e.g. ``"a string"``."""
    return next((kind for cls, kind in _KINDS if isinstance(value, cls)), "a value")


def pointer_text(pointer: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901), e.g. ``/calibration/beta``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


@contextmanager
def located(*prefix: str) -> Iterator[None]:
    """Puts ``prefix`` before the pointers of the faults raised inside: their place in the request.

    Raises:
        InputError: the one raised inside, of the same class.
    """
    try:
        yield
    except InputError as error:
        faults = [replace(fault, pointer=(*prefix, *fault.pointer)) for fault in error.faults]
        raise type(error)(faults) from error


def faults_of(error: ValidationError, schema: type[BaseModel], document: Any) -> list[Fault]:
    """Every fault that pydantic found in ``document``, at most :data:`MAX_FAULTS` of them.

    Several errors at one place (the members of a union) are one fault, and a fault within an array or an object
    stands for what pydantic concludes from it about the whole.
    """
    messages: dict[tuple[str | int, ...], list[str]] = {}
    errors = error.errors(include_url=False)
    for details in errors[:MAX_FAULTS]:
        pointer = _pointer(details, document)
        messages.setdefault(pointer, []).append(_message(details, pointer, schema))
    faults = [
        Fault(pointer, "; or: ".join(found))
        for pointer, found in messages.items()
        if not any(len(other) > len(pointer) and other[: len(pointer)] == pointer for other in messages)
    ]
    if len(errors) > MAX_FAULTS:
        faults.append(Fault((), f"and {len(errors) - MAX_FAULTS} more faults of the same kinds"))
    return faults


def _pointer(details: ErrorDetails, document: Any) -> tuple[str | int, ...]:
    """The parts of pydantic's location that are places in the document; the others name members of unions."""
    location, node = details["loc"], document
    pointer: tuple[str | int, ...] = ()
    for part in location:
        is_key = isinstance(node, Mapping) and part in node
        if is_key or (isinstance(node, list) and isinstance(part, int) and part < len(node)):
            pointer, node = (*pointer, part), node[part]
    return (*pointer, location[-1]) if details["type"] == "missing" else pointer


def _message(details: ErrorDetails, pointer: tuple[str | int, ...], schema: type[BaseModel]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    name = _name(pointer)
    if kind == "missing":
        return f"{name} is missing; give it"
    if kind == "extra_forbidden":
        known = ", ".join(_fields_at(schema, pointer[:-1])) or "none"
        return f"{name} is not known here; the names are: {known}"
    if kind == "value_error":
        return str(context["error"])
    if kind.endswith("_parsing"):  # a query parameter, which is always text
        return f"{name} = {shown(value)} is not {_WANTED[kind]}; give {_WANTED[kind]}"
    if kind in _WANTED:
        return f"{name} = {shown(value)} is {kind_of(value)}, not {_WANTED[kind]}; give {_WANTED[kind]}"
    if kind in _BOUNDS:
        return f"{name} = {shown(value)} {_BOUNDS[kind].format(**context)}"
    return f"{name} = {shown(value)} is refused: {details['msg']}"


def _name(pointer: tuple[str | int, ...]) -> str:
    """How a message calls a place: its last key, with the indices below it."""
    name = ""
    for part in reversed(pointer):
        if isinstance(part, str):
            return f"{shown(part)[1:-1]}{name}"
        name = f"[{part}]{name}"
    return f"the body{name}"


def _fields_at(schema: type[BaseModel], pointer: tuple[str | int, ...]) -> list[str]:
    for part in pointer:
        field = schema.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type):
            return []
        if not issubclass(field.annotation, BaseModel):
            return []
        schema = field.annotation
    return list(schema.model_fields)
