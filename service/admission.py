"""Who may come in: once a key was made, nobody without one, but for probes and the contract itself.

The record of a key is read for every request, so that a revoked one opens nothing from then on, in any process.
"""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from service.caller import ANYBODY, UNASKED, Caller
from service.errors import ForeignPageError, RateError, UnauthenticatedError
from service.own_page import require_own_page
from service.problems import answer_known
from service.rates import Rates
from worker.errors import StoreUnavailableError
from worker.keys import Key, KeyStore

OPEN = frozenset({"/healthz", "/readyz", "/v2/health/live", "/v2/health/ready", "/openapi.json"})
RECHECK_S = 1.0
"""For how long a server without keys may not notice that one was made."""
_NO_KEY = "no key was sent; send the header Authorization: Bearer KEY"


class Admission:
    """Finds out who sends a request. Belongs to the event loop."""

    def __init__(self, keys: KeyStore, *, is_required: bool) -> None:
        self._keys = keys
        self._rates = Rates(keys)
        self._asks_for_keys = is_required  # never turns back: keys stay when they are revoked
        self._open_until = 0.0

    async def admit(self, authorization: list[str]) -> Caller:
        """The caller that shows these ``Authorization`` headers.

        Raises:
            UnauthenticatedError: a key is asked for, and no valid one is shown.
            RateError: its key has sent as many requests as it may.
            StoreUnavailableError: the store does not answer.
        """
        if await self._is_open():
            return ANYBODY
        shown = _read_key(authorization)
        key = _require_valid(await run_in_threadpool(self._keys.identify, shown))
        await self._rates.spend_one(key)
        return Caller(key.tenant, key)

    def check(self, caller: Caller) -> None:
        """Returns if the key of a caller, who was let in some time ago, is still valid. Blocks.

        Raises:
            UnauthenticatedError: it is not.
            StoreUnavailableError: the store does not answer.
        """
        if caller.key is not None:
            _require_valid(self._keys.find(caller.key.id))
        elif self._asks_for_keys:  # it was let in before there were any
            raise UnauthenticatedError(_NO_KEY, "")

    async def _is_open(self) -> bool:
        asked_at = time.monotonic()
        if not self._asks_for_keys and asked_at >= self._open_until:
            if await run_in_threadpool(self._keys.is_any):  # an answer that comes late must not open it again
                self._asks_for_keys = True
            self._open_until = asked_at + RECHECK_S
        return not self._asks_for_keys


class AskForKeys:
    """Lets those requests through that :class:`Admission` does, and notes their callers."""

    def __init__(self, app: ASGIApp, open_paths: frozenset[str]) -> None:
        """``open_paths`` are those that ask for no key."""
        self._app = app
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caller = UNASKED
        if scope["path"] not in self._open_paths:
            admission: Admission = scope["app"].state.services.admission
            try:
                headers = Headers(scope=scope)
                caller = await admission.admit(headers.getlist("authorization"))
                if caller.key is None:
                    require_own_page(headers)
            except (UnauthenticatedError, ForeignPageError, RateError, StoreUnavailableError) as error:
                answer = await answer_known(Request(scope), error)
                await answer(scope, receive, send)
                return
        scope["state"] = {**scope.get("state", {}), "caller": caller}
        if caller.key is None:
            await self._app(scope, receive, send)
            return
        with bound_contextvars(key=caller.key.id):
            await self._app(scope, receive, send)


def _read_key(authorization: list[str]) -> str:
    if not authorization:
        raise UnauthenticatedError(_NO_KEY, "")
    scheme, _, shown = authorization[0].partition(" ")
    if len(authorization) > 1 or scheme.lower() != "bearer":
        raise UnauthenticatedError(
            "Authorization is not one header of the form Bearer KEY; send it so", "invalid_request"
        )
    return shown.strip(" ")


def _require_valid(key: Key | None) -> Key:
    if key is None:
        reason = "the key that was sent is not known here; send one that `saddlepath-server keys create` has printed"
    elif key.revoked_at is not None:
        reason = f"key {key.id} was revoked at {key.revoked_at}; ask the operator for another"
    elif key.is_expired:
        reason = f"key {key.id} expired at {key.expires_at}; ask the operator for another"
    else:
        return key
    raise UnauthenticatedError(reason, "invalid_token")
