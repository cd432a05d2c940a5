import asyncio
from contextlib import ExitStack

import pytest

from service.pieces import SENT_AT_ONCE, PiecewiseResponse

PIECES = [b"a" * 10, memoryview(b"b" * (2 * SENT_AT_ONCE + 1)), b""]


def sent_by(send):
    """The messages of an answer, and whether what it held was let go."""
    messages, let_go = [], []

    async def send_and_note(message):
        messages.append(message)
        await send(len(messages))

    until_sent = ExitStack()
    until_sent.callback(let_go.append, True)
    response = PiecewiseResponse(PIECES, "application/octet-stream", until_sent)
    try:
        asyncio.run(response({"type": "http"}, None, send_and_note))
    finally:
        assert let_go == [True]
    return messages


def test_the_pieces_are_one_body_of_known_length():
    async def send(number):
        pass

    start, *parts = sent_by(send)
    content = b"".join(part["body"] for part in parts)
    assert content == b"a" * 10 + b"b" * (2 * SENT_AT_ONCE + 1)
    assert dict(start["headers"])[b"content-length"] == str(len(content)).encode()
    assert max(len(part["body"]) for part in parts) == SENT_AT_ONCE
    assert [part["more_body"] for part in parts] == [True] * (len(parts) - 1) + [False]


def test_what_is_held_is_let_go_when_the_client_leaves():
    async def send(number):
        if number == 2:
            raise OSError("the client is gone")

    with pytest.raises(OSError, match="gone"):
        sent_by(send)
