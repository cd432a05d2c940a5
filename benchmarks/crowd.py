"""Clients for a crowd on one event loop: little more than a socket each."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

HOST = "127.0.0.1"
TIMEOUT_S = 120.0
LOST = 599
"""In the place of a status: the connection was closed without an answer, or none came."""


class Visitor:
    """One connection that is kept open, and opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    @classmethod
    async def arrive(cls, port: int) -> Visitor:
        """One that is connected."""
        visitor = cls(port)
        await visitor._connect()
        return visitor

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """The status and the content of an answer."""
        try:
            return await asyncio.wait_for(self._ask(method, path, body), TIMEOUT_S)
        except (OSError, EOFError, TimeoutError):
            self.leave()
            await self._connect()
            return LOST, b""

    def leave(self) -> None:
        """Closes the connection."""
        self._writer.close()

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(HOST, self._port)

    async def _ask(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        content = b"" if body is None else json.dumps(body).encode()
        self._writer.write(_head(method, path, len(content)) + content)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return int(head.split(maxsplit=2)[1]), await self._reader.readexactly(int(length or 0))


async def follow(port: int, solution_id: str) -> str | None:
    """The last status that an event stream tells before it ends; None where it tells none."""
    status = None
    with suppress(OSError):
        reader, writer = await asyncio.open_connection(HOST, port, limit=2**20)
        writer.write(_head("GET", f"/v1/solutions/{solution_id}/events", 0, "Connection: close\r\n"))
        async for line in reader:
            if line.startswith(b"data: ") and "status" in (data := json.loads(line[6:])):
                status = data["status"]
        writer.close()
    return status


def _head(method: str, path: str, length: int, more: str = "") -> bytes:
    kind = f"Content-Type: application/json\r\nContent-Length: {length}\r\n" if length else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{kind}{more}\r\n".encode()
