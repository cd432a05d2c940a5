"""The body of a request: bytes within their limit, JSON or YAML, and the schema, in that order.

FastAPI's own reader is not used: it answers 500 to a NaN echoed in its error document, and takes the last of
two equal keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from service.errors import BodyTooLargeError, MalformedBodyError, MediaTypeError, RequestError
from service.faults import faults_of, shown
from service.parsing import parse_json

SchemaT = TypeVar("SchemaT", bound=BaseModel)

JSON = ("application/json",)
ARROW = "application/vnd.apache.arrow.stream"
COLUMNS = (*JSON, ARROW)
"""What columns of numbers are written as, and read."""


def require_media_type(request: Request, media_types: Sequence[str] = JSON) -> str:
    """The media type of the body.

    Raises:
        MediaTypeError: not declared as one of ``media_types``, or not in UTF-8.
    """
    content_type = request.headers.get("content-type")
    wanted = " or ".join(media_types)
    if content_type is None:
        raise MediaTypeError(f"the body has no Content-Type; send Content-Type: {wanted}")
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [
        part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")
    ]
    if media_type not in media_types or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise MediaTypeError(f"Content-Type {shown(content_type)} is not read here; send {wanted}, in UTF-8")
    return media_type


async def read_body(
    request: Request, max_bytes: int, on_size: Callable[[int], None] = lambda n_bytes: None
) -> bytearray:
    """The bytes of a body.

    Args:
        request: whose body is still to come.
        max_bytes: the most that is read.
        on_size: told how many bytes have come, each time that some have; what it raises ends the reading.

    Raises:
        BodyTooLargeError: more than ``max_bytes``; known from the header or while reading, never after.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < 20 and int(declared) > max_bytes:
        _refuse_size(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            _refuse_size(max_bytes)
        on_size(len(body))
    return body


def parse_body(
    body: bytes | bytearray, schema: type[SchemaT], *, max_nesting: int, max_items: int
) -> SchemaT:
    """The body as ``schema``; the limits are those of :func:`service.parsing.parse_json`.

    Raises:
        MalformedBodyError: not JSON in UTF-8.
        RequestError: every fault of its values.
    """
    document = parse_document(body, max_nesting=max_nesting, max_items=max_items)
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        raise RequestError(faults_of(error, schema, document)) from error


def parse_document(body: bytes | bytearray, *, max_nesting: int, max_items: int) -> Any:
    """The body as JSON; the limits are those of :func:`service.parsing.parse_json`.

    Raises:
        MalformedBodyError: empty, or not JSON in UTF-8.
        RequestError: values that no field may have.
    """
    if not body or body.isspace():
        raise MalformedBodyError("the body is empty; send a JSON object")
    return parse_json(body, max_nesting=max_nesting, max_items=max_items)


def _refuse_size(max_bytes: int) -> None:
    raise BodyTooLargeError(f"the body is larger than {max_bytes} bytes, the most this call reads; send less")
