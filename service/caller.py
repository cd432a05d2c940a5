"""Who has sent a request: the owner of a key, or anybody where no keys are configured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from service.errors import ScopeError
from worker.keys import Key, Scope
from worker.tenant import NOBODY, OPERATOR, Tenant


@dataclass(frozen=True)
class Caller:
    """The sender of one request.

    Attributes:
        tenant: for whom the stores are asked.
        key: what was shown; None where none is asked for.
    """

    tenant: Tenant
    key: Key | None = None

    def require(self, scope: Scope) -> None:
        """Checks that the caller may do what takes ``scope``.

        Raises:
            ScopeError: its key does not say so.
        """
        if self.key is not None and not self.key.grants(scope):
            raise ScopeError(scope, self.key.scopes)


ANYBODY = Caller(OPERATOR)
"""Where no keys are configured."""
UNASKED = Caller(NOBODY)
"""Of a path that is open to all, and tells nothing of what anybody owns."""


def caller_of(request: Request) -> Caller:
    """The caller of a request, which :class:`service.admission.AskForKeys` has let through."""
    caller: Caller = request.state.caller
    return caller


def needs(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """A dependency of a route that takes ``scope``."""

    async def check(request: Request) -> None:
        caller_of(request).require(scope)

    return check
