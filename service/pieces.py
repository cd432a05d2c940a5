"""A large answer, sent piece by piece: no copy of the whole is made, and the event loop has its turn between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Pieces = Sequence[bytes | memoryview]
SENT_AT_ONCE = 256 * 1024


def size_of(pieces: Pieces) -> int:
    """Bytes of all pieces."""
    return sum(map(len, pieces))


class PiecewiseResponse(Response):
    """An answer of known length in pieces; ``until_sent`` is closed once it is sent, or the client gone."""

    def __init__(self, pieces: Pieces, media_type: str, until_sent: ExitStack) -> None:
        super().__init__(media_type=media_type, headers={"Content-Length": str(size_of(pieces))})
        self._pieces = pieces
        self._until_sent = until_sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._until_sent:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            for part in _cut(self._pieces):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _cut(pieces: Pieces) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), SENT_AT_ONCE):
            yield bytes(piece[start : start + SENT_AT_ONCE])
