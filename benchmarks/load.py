"""A small load generator: the same GET over a few connections kept open, for a bounded time, on this machine only."""

from __future__ import annotations

import asyncio
import ipaddress
import time

CONNECTIONS = 16


def requests_per_second(host: str, port: int, path: str, duration_s: float) -> float:
    """Requests answered per second.

    Args:
        host: a loopback address.
        port: its port.
        path: path and query.
        duration_s: seconds to go on for.

    Raises:
        ValueError: the address is not a loopback one.
        RuntimeError: an answer was not a 200.
    """
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"{host} is not a loopback address")
    return asyncio.run(_load(host, port, path, duration_s))


async def _load(host: str, port: int, path: str, duration_s: float) -> float:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    began_s = time.perf_counter()
    counts = await asyncio.gather(
        *(_ask(host, port, request, began_s + duration_s) for _ in range(CONNECTIONS))
    )
    return sum(counts) / (time.perf_counter() - began_s)


async def _ask(host: str, port: int, request: bytes, until_s: float) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    count = 0
    while time.perf_counter() < until_s:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        count += 1
    writer.close()
    await writer.wait_closed()
    return count
