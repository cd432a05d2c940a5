"""The two that send and sleep: one blocks, one awaits. Everything else is shared."""

from __future__ import annotations

import asyncio
import time

import httpx2

from saddlepath.retries import Retries, persistent
from saddlepath.server import Server
from saddlepath.wire import Exchange, Follow, Outcome, Pause, Step, T


class Transport:
    """Drives exchanges, blocking. May be used from several threads at once."""

    def __init__(self, server: Server, retries: Retries) -> None:
        self._server = server
        self._retries = retries
        self._http = httpx2.Client(base_url=server.url, headers=server.headers())

    def run(self, exchange: Exchange[T]) -> T:
        """What comes of an exchange.

        Raises:
            SaddlepathError: whatever it raises.
        """
        steps = persistent(exchange, self._retries, self._server.url)
        outcome: Outcome = None
        try:
            while True:
                outcome = self._do(steps.send(outcome))
        except StopIteration as end:
            result: T = end.value
            return result

    def _do(self, step: Step) -> Outcome:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            if isinstance(step, Follow):
                self._follow(step)
                return None
            return self._http.request(**step.arguments())
        except httpx2.TransportError as error:
            return error

    def _follow(self, step: Follow) -> None:
        with self._http.sse(**step.arguments()) as events:
            if not events.response.is_success:
                return
            for event in events:
                if event.data and not step.take(event.event, _data(event), event.id):
                    return

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()


class AsyncTransport:
    """Drives exchanges, awaiting."""

    def __init__(self, server: Server, retries: Retries) -> None:
        self._server = server
        self._retries = retries
        self._http = httpx2.AsyncClient(base_url=server.url, headers=server.headers())

    async def run(self, exchange: Exchange[T]) -> T:
        """What comes of an exchange.

        Raises:
            SaddlepathError: whatever it raises.
        """
        steps = persistent(exchange, self._retries, self._server.url)
        outcome: Outcome = None
        try:
            while True:
                outcome = await self._do(steps.send(outcome))
        except StopIteration as end:
            result: T = end.value
            return result

    async def _do(self, step: Step) -> Outcome:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            if isinstance(step, Follow):
                await self._follow(step)
                return None
            return await self._http.request(**step.arguments())
        except httpx2.TransportError as error:
            return error

    async def _follow(self, step: Follow) -> None:
        async with self._http.sse(**step.arguments()) as events:
            if not events.response.is_success:
                return
            async for event in events:
                if event.data and not step.take(event.event, _data(event), event.id):
                    return

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()


def _data(event: httpx2.ServerSentEvent) -> dict[str, object]:
    data = event.json()
    return data if isinstance(data, dict) else {}
