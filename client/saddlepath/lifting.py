"""Methods made of exchanges: an exchange is written once, and each client has it as a method that blocks or awaits."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from saddlepath.wire import Exchange

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
M = TypeVar("M", bound=Callable[..., Any])


class Blocking(Protocol):
    """What drives exchanges, blocking."""

    def run(self, exchange: Exchange[R]) -> R:
        """What comes of an exchange."""


class Awaiting(Protocol):
    """What drives exchanges, awaiting."""

    async def run(self, exchange: Exchange[R]) -> R:
        """What comes of an exchange."""


class OfBlocking(Protocol):
    """What has a client that blocks."""

    @property
    def client(self) -> Blocking:
        """It."""


class OfAwaiting(Protocol):
    """What has a client that awaits."""

    @property
    def client(self) -> Awaiting:
        """It."""


def blocking(exchange: Callable[P, Exchange[T]]) -> Callable[Concatenate[Any, P], T]:
    """An exchange as a method of a client."""

    @functools.wraps(exchange)
    def method(client: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return client.run(exchange(*args, **kwargs))

    return _signed(method, exchange, is_first_self=False)


def awaiting(exchange: Callable[P, Exchange[T]]) -> Callable[Concatenate[Any, P], Awaitable[T]]:
    """The same, to be awaited."""

    @functools.wraps(exchange)
    async def method(client: Awaiting, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await client.run(exchange(*args, **kwargs))

    return _signed(method, exchange, is_first_self=False)


def blocking_of(
    exchange: Callable[Concatenate[Any, P], Exchange[T]],
) -> Callable[Concatenate[Any, P], T]:
    """An exchange about a solution as a method of it."""

    @functools.wraps(exchange)
    def method(solution: OfBlocking, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return solution.client.run(exchange(solution, *args, **kwargs))

    return _signed(method, exchange, is_first_self=True)


def awaiting_of(
    exchange: Callable[Concatenate[Any, P], Exchange[T]],
) -> Callable[Concatenate[Any, P], Awaitable[T]]:
    """The same, to be awaited."""

    @functools.wraps(exchange)
    async def method(solution: OfAwaiting, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await solution.client.run(exchange(solution, *args, **kwargs))

    return _signed(method, exchange, is_first_self=True)


def _signed(method: M, exchange: Callable[..., Any], *, is_first_self: bool) -> M:
    """A method whose signature, as help() shows it, is that of a method: with a self, and of the outcome's type."""
    signature = inspect.signature(exchange)
    others = list(signature.parameters.values())[int(is_first_self) :]
    kind = inspect.Parameter.POSITIONAL_ONLY
    this = inspect.Parameter("self", kind)
    outcome = str(signature.return_annotation).removeprefix("Exchange[").removesuffix("]")
    vars(method)["__signature__"] = inspect.Signature([this, *others], return_annotation=outcome)
    return method
