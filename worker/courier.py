"""Delivers the messages of the outbox to the webhooks that were asked to be told.

Runs in a worker's main process, on an event loop of its own: not in the API, which anybody may keep busy, nor beside a
solve. A host is refused for its addresses after its name was resolved, and the connection goes to the address that was
looked at: a name that is resolved once more could lead elsewhere by then.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus

import httpx2
import structlog

from worker.addresses import is_refused
from worker.errors import StoreUnavailableError, WebhookRefusedError, WebhookUrlError
from worker.outbox import Message, Outbox
from worker.signing import signed_headers
from worker.webhook_settings import CourierSettings
from worker.webhook_url import WebhookUrl

SCHEDULE_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The pauses between attempts that Standard Webhooks recommends; after the last one follows a last attempt."""
TIMEOUT_S = 15.0
"""How long a receiver has to answer, names and handshakes included."""
HOLD_S = 60.0
"""After which a message whose courier is silent is sent by another: longer than an attempt."""
AT_ONCE = 8
POLL_S = 0.5

_log = structlog.get_logger()


class Courier:
    """Sends what is due, several at a time."""

    def __init__(
        self,
        outbox: Outbox,
        settings: CourierSettings,
        schedule_s: Sequence[float] = SCHEDULE_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._outbox = outbox
        self._settings = settings
        self._secrets = settings.secrets()
        self._schedule_s = schedule_s
        self._timeout_s = timeout_s
        self._trust = ssl.create_default_context()

    async def run(self, is_stopping: threading.Event) -> None:
        """Sends until told to stop; what is under way then is finished."""
        places = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as sendings:
            while not is_stopping.is_set():
                await places.acquire()
                message = await self._claim()
                if message is None:
                    places.release()
                    await asyncio.to_thread(is_stopping.wait, POLL_S)
                    continue
                sendings.create_task(self.send(message)).add_done_callback(lambda _: places.release())

    async def _claim(self) -> Message | None:
        try:
            return await asyncio.to_thread(self._outbox.claim, HOLD_S)
        except StoreUnavailableError as error:
            _log.warning("outbox not read", reason=str(error))
            return None

    async def send(self, message: Message) -> None:
        """One attempt at one message, and what follows from it."""
        told = _log.bind(job=message.job_id, message=message.id, attempt=message.attempts)
        status, reason = None, ""
        try:
            status = await self._post(message)
        except WebhookUrlError as error:
            reason = str(error)
        except TimeoutError:
            reason = f"no answer within {self._timeout_s:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a receiver answers, no other is to suffer from it
            reason = f"{type(error).__name__}: {error}"
        try:
            await asyncio.to_thread(self._settle, message, status, reason or f"answered {status}", told)
        except StoreUnavailableError as error:  # it stays claimed, and is sent again
            told.warning("webhook not settled", reason=str(error))

    def _settle(
        self, message: Message, status: int | None, reason: str, told: structlog.typing.FilteringBoundLogger
    ) -> None:
        if status is not None and 200 <= status < 300:
            self._outbox.deliver(message)
            told.info("webhook delivered", status=status)
        elif status == HTTPStatus.GONE or message.attempts > len(self._schedule_s):
            self._outbox.give_up(message)
            told.error("webhook given up", reason=reason)
        else:
            # Not all at the same moment, when many wait for one receiver.
            pause_s = self._schedule_s[message.attempts - 1] * random.uniform(1.0, 1.1)
            self._outbox.put_off(message, pause_s)
            told.warning("webhook not delivered", reason=reason, again_in_s=round(pause_s, 1))

    async def _post(self, message: Message) -> int:
        """The status that a receiver answered with; its body is not read.

        Raises:
            WebhookUrlError: the operator does not allow it, or its address is refused.
            TimeoutError: it took too long.
            Exception: it cannot be reached, or what it answers cannot be read.
        """
        url = WebhookUrl.read(message.url)
        require_allowed(url, self._settings)
        body = describe(message)
        headers = {
            "Host": url.authority,
            "Content-Type": "application/json",
            "User-Agent": "saddlepath",
            **signed_headers(message.id, int(time.time()), body, self._secrets),
        }
        async with asyncio.timeout(self._timeout_s):
            address = await self._vetted_address(url)
            where = f"[{address}]" if ":" in address else address
            async with (
                # No proxy of the environment: it would resolve the name once more.
                httpx2.AsyncClient(
                    verify=self._trust, trust_env=False, follow_redirects=False, timeout=None
                ) as client,
                client.stream(
                    "POST",
                    f"{url.scheme}://{where}:{url.port}{url.target}",
                    content=body,
                    headers=headers,
                    extensions={"sni_hostname": url.host},
                ) as answer,
            ):
                return answer.status_code

    async def _vetted_address(self, url: WebhookUrl) -> str:
        """The first address of a host all of whose addresses may be sent to."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        addresses = [str(where[0]) for *_, where in found]
        for address in addresses:
            if is_refused(address, private=self._settings.webhook_private):
                raise WebhookRefusedError(url.host, address)
        return addresses[0]


def require_allowed(url: WebhookUrl, settings: CourierSettings) -> None:
    """Checks that the operator allows a URL now, whatever was allowed when it was asked for.

    Raises:
        WebhookUrlError: it is not allowed.
    """
    if not url.is_allowed(settings.webhook_hosts):
        raise WebhookUrlError(f"its host {url.authority} is none that the operator allows")
    if url.scheme != "https" and not settings.webhook_private:
        raise WebhookUrlError("it is not https")


def describe(message: Message) -> bytes:
    """A message's body, the same at every attempt."""
    self = f"/v1/solutions/{message.job_id}"
    links = {"self": self, "policy": f"{self}/policy", "certificate": f"{self}/certificate"}
    if message.status != "succeeded":
        links = {"self": self}
    data = {"id": message.job_id, "status": message.status, "links": links}
    body = {"type": f"solution.{message.status}", "timestamp": message.at, "data": data}
    return json.dumps(body, separators=(",", ":")).encode()
