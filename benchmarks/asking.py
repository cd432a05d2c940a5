"""A load generator: connections that are kept open, each asking again as soon as it has its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle

CONNECTIONS = 8


async def requests_per_second(port: int, requests: Sequence[bytes], seconds: float) -> float:
    """The rate at which a server on loopback answers ``requests``, taken in turn by every connection.

    Raises:
        RuntimeError: an answer is not a 200, or a connection was closed.
    """
    loop = asyncio.get_running_loop()
    connections = []
    for offset in range(CONNECTIONS):
        connect = partial(_Connection, cycle([*requests[offset:], *requests[:offset]]))
        _, connection = await loop.create_connection(connect, "127.0.0.1", port)
        connections.append(connection)
    began_s = time.perf_counter()
    for connection in connections:
        connection.ask()
    await asyncio.sleep(seconds)
    answered = sum(connection.answered for connection in connections)
    elapsed_s = time.perf_counter() - began_s
    for connection in connections:
        connection.close()
    return answered / elapsed_s


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes]) -> None:
        self.answered = 0
        self._requests = requests
        self._received = b""
        self._failure: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self) -> None:
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return
        if not head.startswith(b"HTTP/1.1 200 "):
            self._failure = self._received.decode()
            self._transport.close()
            return
        self._received = b""
        self.answered += 1
        self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        self._failure = self._failure or f"the server closed the connection ({error})"

    def close(self) -> None:
        if self._failure is not None:
            raise RuntimeError(self._failure)
        self._transport.close()
