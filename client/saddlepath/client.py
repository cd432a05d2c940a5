"""The two clients: one blocks, one awaits. Their methods are the same exchanges."""

from __future__ import annotations

import asyncio
import functools
import inspect
import weakref
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Concatenate, Literal, ParamSpec, Self, TypeVar, overload

from saddlepath import modelling, solving
from saddlepath.errors import SaddlepathError
from saddlepath.lifting import awaiting, blocking
from saddlepath.progress import counting
from saddlepath.retries import Retries
from saddlepath.server import Server
from saddlepath.solution import AsyncSolution, Solution
from saddlepath.solving import ModelOption, Record
from saddlepath.transport import AsyncTransport, Transport
from saddlepath.wire import Exchange, T

P = ParamSpec("P")
M = TypeVar("M", bound=Callable[..., Any])
CONCURRENCY = 8


def _solution(exchange: Callable[P, Exchange[Record]]) -> Callable[Concatenate[Any, P], Solution]:
    """An exchange about a record as a method that returns the solution."""
    told = blocking(exchange)

    @functools.wraps(told)
    def method(client: Client, /, *args: P.args, **kwargs: P.kwargs) -> Solution:
        return Solution(client, told(client, *args, **kwargs))

    return _answering(method, "Solution")


def _async_solution(
    exchange: Callable[P, Exchange[Record]],
) -> Callable[Concatenate[Any, P], Awaitable[AsyncSolution]]:
    """The same, to be awaited."""
    told = awaiting(exchange)

    @functools.wraps(told)
    async def method(client: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncSolution:
        return AsyncSolution(client, await told(client, *args, **kwargs))

    return _answering(method, "AsyncSolution")


def _answering(method: M, outcome: str) -> M:
    """A method whose signature, as help() shows it, has another outcome."""
    signature = inspect.signature(method)
    vars(method)["__signature__"] = signature.replace(return_annotation=outcome)
    return method


class Client:
    """A client that blocks. May be used from several threads at once; closes its connections when it is done with.

    Attributes:
        server: where it asks, and by which key.
    """

    def __init__(
        self, url: str | None = None, *, key: str | None = None, retries: Retries | None = None
    ) -> None:
        """Looks up where the server is; nothing is sent.

        Args:
            url: its address; by default the environment's ``SADDLEPATH_URL``, or else http://127.0.0.1:8000.
            key: by default the environment's ``SADDLEPATH_API_KEY``.
            retries: how persistent to be.

        Raises:
            InputError: ``url`` is no address.
        """
        self.server = Server.found(url, key)
        self._transport = Transport(self.server, retries or Retries())
        self._close = weakref.finalize(self, self._transport.close)

    solve = _solution(solving.solve)
    submit = _solution(solving.submit)
    models = blocking(modelling.models)
    model = blocking(modelling.model)
    check = blocking(modelling.check)
    register = blocking(modelling.register)
    convert = blocking(modelling.convert)

    def solution(self, solution_id: str) -> Solution:
        """A solution by its id.

        Raises:
            NotFoundError: there is none.
        """
        return Solution(self, self.run(solving.get(solution_id)))

    def solutions(
        self, *, model: str | None = None, status: str | None = None, limit: int | None = 50
    ) -> list[Solution]:
        """Solutions, newest first; see :func:`saddlepath.solving.listed`."""
        records = self.run(solving.listed(model=model, status=status, limit=limit))
        return [Solution(self, record) for record in records]

    @overload
    def solve_many(
        self,
        model: ModelOption,
        calibrations: Iterable[Mapping[str, float]],
        /,
        *,
        concurrency: int = CONCURRENCY,
        progress: bool | None = None,
        return_exceptions: Literal[False] = False,
        **options: Any,
    ) -> list[Solution]: ...

    @overload
    def solve_many(
        self,
        model: ModelOption,
        calibrations: Iterable[Mapping[str, float]],
        /,
        *,
        concurrency: int = CONCURRENCY,
        progress: bool | None = None,
        return_exceptions: Literal[True],
        **options: Any,
    ) -> list[Solution | SaddlepathError]: ...

    def solve_many(
        self,
        model: ModelOption,
        calibrations: Iterable[Mapping[str, float]],
        /,
        *,
        concurrency: int = CONCURRENCY,
        progress: bool | None = None,
        return_exceptions: bool = False,
        **options: Any,
    ) -> Any:
        """Solves many calibrations of a model, some at a time.

        Args:
            model: as for ``solve``.
            calibrations: values of parameters, a mapping each.
            concurrency: how many requests are under way at once.
            progress: whether a bar counts them; by default at a terminal, where tqdm is installed.
            return_exceptions: put a SaddlepathError in the place of a solution that there is not, instead of raising it.
            **options: as for ``solve``: method, target, seed, start, timeout.

        Returns:
            A solution for each calibration, in their order.

        Raises:
            SaddlepathError: the first of them that was not solved; those that were begun are still solved by the server.
        """
        wanted = list(calibrations)

        def one(calibration: Mapping[str, float]) -> Solution | SaddlepathError:
            try:
                return self.solve(model, calibration=calibration, progress=False, **options)
            except SaddlepathError as error:
                if not return_exceptions:
                    raise
                return error
            finally:
                count()

        with counting(progress, str(model), len(wanted)) as count, ThreadPoolExecutor(concurrency) as threads:
            return list(threads.map(one, wanted))

    def run(self, exchange: Exchange[T]) -> T:
        """Drives an exchange to its end.

        Raises:
            SaddlepathError: what it raises.
        """
        return self._transport.run(exchange)

    def close(self) -> None:
        """Closes its connections."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server.url!r})"


class AsyncClient:
    """A client whose methods are awaited: ``async with saddlepath.AsyncClient() as client``.

    Attributes:
        server: where it asks, and by which key.
    """

    def __init__(
        self, url: str | None = None, *, key: str | None = None, retries: Retries | None = None
    ) -> None:
        """Looks up where the server is; nothing is sent. The arguments are those of :class:`Client`."""
        self.server = Server.found(url, key)
        self._transport = AsyncTransport(self.server, retries or Retries())

    solve = _async_solution(solving.solve)
    submit = _async_solution(solving.submit)
    models = awaiting(modelling.models)
    model = awaiting(modelling.model)
    check = awaiting(modelling.check)
    register = awaiting(modelling.register)
    convert = awaiting(modelling.convert)

    async def solution(self, solution_id: str) -> AsyncSolution:
        """A solution by its id.

        Raises:
            NotFoundError: there is none.
        """
        return AsyncSolution(self, await self.run(solving.get(solution_id)))

    async def solutions(
        self, *, model: str | None = None, status: str | None = None, limit: int | None = 50
    ) -> list[AsyncSolution]:
        """Solutions, newest first; see :func:`saddlepath.solving.listed`."""
        records = await self.run(solving.listed(model=model, status=status, limit=limit))
        return [AsyncSolution(self, record) for record in records]

    async def solve_many(
        self,
        model: ModelOption,
        calibrations: Iterable[Mapping[str, float]],
        /,
        *,
        concurrency: int = CONCURRENCY,
        progress: bool | None = None,
        return_exceptions: bool = False,
        **options: Any,
    ) -> list[Any]:
        """Solves many calibrations of a model, some at a time; see :meth:`Client.solve_many`."""
        wanted = list(calibrations)
        turns = asyncio.Semaphore(concurrency)

        async def one(calibration: Mapping[str, float]) -> AsyncSolution | SaddlepathError:
            try:
                async with turns:
                    return await self.solve(model, calibration=calibration, progress=False, **options)
            except SaddlepathError as error:
                if not return_exceptions:
                    raise
                return error
            finally:
                count()

        with counting(progress, str(model), len(wanted)) as count:
            tasks = [asyncio.ensure_future(one(calibration)) for calibration in wanted]
            try:
                return await asyncio.gather(*tasks)
            finally:  # of the first that fails nobody waits for the others
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self, exchange: Exchange[T]) -> T:
        """Drives an exchange to its end.

        Raises:
            SaddlepathError: what it raises.
        """
        return await self._transport.run(exchange)

    async def close(self) -> None:
        """Closes its connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server.url!r})"
