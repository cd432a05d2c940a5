"""Query parameters: each known, each once, each of its type; anything else is a fault that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from service.errors import RequestError
from service.faults import faults_of, shown
from solver.errors import Fault

MAX_PARAMETERS = 200
MAX_NUMBER = 1.7976931348623157e308
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class Query(BaseModel):
    """Base of the query schemas; on its own, that of a call without query parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


QueryT = TypeVar("QueryT", bound=Query)


def split_query(query: bytes) -> dict[str, str]:
    """The parameters of a query string.

    Raises:
        RequestError: a parameter that stands twice, text that is not UTF-8, or far too many parameters.
    """
    if not query:
        return {}
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError as error:
        raise RequestError([Fault((), "the query string is not UTF-8; percent-encode UTF-8")]) from error
    except ValueError as error:
        message = f"the query has more than {MAX_PARAMETERS} parameters, the most it may have"
        raise RequestError([Fault((), message)]) from error
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise RequestError(
            [Fault((name,), f"{shown(name)} stands more than once; give it once") for name in twice]
        )
    return parameters


def read_query(request: Request, schema: type[QueryT]) -> QueryT:
    """The request's query parameters as ``schema``.

    Raises:
        RequestError: unknown, repeated or malformed parameters.
    """
    return validate_query(split_query(request.scope["query_string"]), schema)


def split_off(request: Request, schema: type[QueryT]) -> tuple[QueryT, dict[str, str]]:
    """The parameters that ``schema`` knows, and all others, which may be states.

    Raises:
        RequestError: repeated parameters, or malformed ones of the schema.
    """
    others = split_query(request.scope["query_string"])
    named = {name: others.pop(name) for name in schema.model_fields if name in others}
    return validate_query(named, schema), others


def validate_query(values: Mapping[str, str], schema: type[QueryT]) -> QueryT:
    """Query parameters as ``schema``.

    Raises:
        RequestError: unknown or malformed ones.
    """
    try:
        return schema.model_validate_strings(values)
    except ValidationError as error:
        raise RequestError(faults_of(error, schema, values)) from error


def read_numbers(parameters: Mapping[str, str], names: Sequence[str]) -> dict[str, float]:
    """Some of the parameters as finite numbers, by name.

    Raises:
        RequestError: every one that is none.
    """
    numbers, faults = {}, []
    for name in names:
        text = parameters[name]
        number = float(text) if _NUMBER.fullmatch(text) else float("nan")
        if abs(number) <= MAX_NUMBER:
            numbers[name] = number
        else:
            faults.append(
                Fault((name,), f"{name} = {shown(text)} is not a finite number; give one, e.g. 4.2")
            )
    if faults:
        raise RequestError(faults)
    return numbers


def read_states(
    parameters: Mapping[str, str], state_names: Sequence[str], schema: type[Query]
) -> dict[str, float]:
    """The states that are given among query parameters that ``schema`` does not know.

    Raises:
        RequestError: something else, or what is no number.
    """
    known = f"the parameters are {', '.join(schema.model_fields)}, the states {', '.join(state_names)}"
    faults = [
        Fault((name,), f"{shown(name)[1:-1]} is neither a parameter of this call nor a state; {known}")
        for name in parameters
        if name not in state_names
    ]
    if faults:
        raise RequestError(faults)
    return read_numbers(parameters, tuple(parameters))
