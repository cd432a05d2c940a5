"""The body of a request: bytes within their limit, JSON, and the schema, in that order.

FastAPI's own reader is not used: it answers 500 to a NaN echoed in its error document, and takes the last of
two equal keys.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from service.errors import BodyTooLargeError, MalformedBodyError, MediaTypeError, RequestError
from service.faults import faults_of, shown
from service.parsing import parse_json

SchemaT = TypeVar("SchemaT", bound=BaseModel)


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The bytes of a JSON body.

    Raises:
        MediaTypeError: not declared as JSON in UTF-8.
        BodyTooLargeError: more than ``max_bytes``; known from the header or while reading, never after.
    """
    _require_json(request.headers.get("content-type"))
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < 20 and int(declared) > max_bytes:
        _refuse_size(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            _refuse_size(max_bytes)
    return bytes(body)


def parse_body(body: bytes, schema: type[SchemaT], *, max_nesting: int, max_items: int) -> SchemaT:
    """The body as ``schema``; the limits are those of :func:`service.parsing.parse_json`.

    Raises:
        MalformedBodyError: not JSON in UTF-8.
        RequestError: every fault of its values.
    """
    if not body.strip():
        raise MalformedBodyError("the body is empty; send a JSON object")
    document: Any = parse_json(body, max_nesting=max_nesting, max_items=max_items)
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        raise RequestError(faults_of(error, schema, document)) from error


def _require_json(content_type: str | None) -> None:
    if content_type is None:
        raise MediaTypeError("the body has no Content-Type; send Content-Type: application/json")
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [
        part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")
    ]
    if media_type != "application/json" or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise MediaTypeError(
            f"Content-Type {shown(content_type)} is not read here; send application/json in UTF-8"
        )


def _refuse_size(max_bytes: int) -> None:
    raise BodyTooLargeError(f"the body is larger than {max_bytes} bytes, the most this call reads; send less")
