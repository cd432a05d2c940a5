"""Solutions: what can be asked of one, blocking and awaited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar, overload

from saddlepath import economy, evaluating, solving, taking
from saddlepath.evaluation import Evaluation
from saddlepath.lifting import Awaiting, Blocking, awaiting_of, blocking_of
from saddlepath.progress import ProgressOption
from saddlepath.record import SolutionRecord
from saddlepath.solving import Record


class _Frame(Protocol):
    def to_xarray(self) -> Any: ...


class _Dataset(Protocol):
    def to_dataframe(self) -> Any: ...


Table = TypeVar("Table", bound=_Frame | _Dataset)
"""A DataFrame or a Dataset."""


class Solution(SolutionRecord):
    """A solution, and the client to ask about it.

    Attributes:
        client: it.
    """

    def __init__(self, client: Blocking, record: Record) -> None:
        super().__init__(record)
        self.client = client

    @overload
    def policy(
        self, states: Table, /, *, sensitivity: str | Sequence[str] = (), strict: bool = False
    ) -> Table: ...

    @overload
    def policy(
        self,
        states: Mapping[str, Any] | None = None,
        /,
        *,
        sensitivity: str | Sequence[str] = (),
        strict: bool = False,
        **named: Any,
    ) -> Evaluation: ...

    def policy(self, states: Any = None, /, **options: Any) -> Any:
        """See :func:`saddlepath.evaluating.policy`."""
        return self.client.run(evaluating.policy(self, states, **options))

    sensitivity = blocking_of(evaluating.sensitivity)
    tabulate = blocking_of(evaluating.tabulate)
    domain = blocking_of(evaluating.domain)
    simulate = blocking_of(economy.simulate)
    irf = blocking_of(economy.irf)
    moments = blocking_of(economy.moments)
    rest = blocking_of(economy.rest)
    plot = blocking_of(taking.plot)
    save = blocking_of(taking.save)

    def wait(self, *, progress: ProgressOption = None, timeout: float | None = None) -> Self:
        """Waits until it is over; see :func:`saddlepath.solving.until_over`.

        Raises:
            SolveError: it ended without a policy.
            SolveTimeoutError: it is not over within ``timeout`` seconds.
        """
        self.record = self.client.run(solving.until_over(self.record, progress, timeout))
        solving.solved(self.record)
        return self

    def refresh(self) -> Self:
        """Looks how it stands."""
        self.record = self.client.run(solving.get(self.id))
        return self

    def cancel(self) -> Self:
        """Stops its solve.

        Raises:
            ConflictError: it is over already.
        """
        self.record = self.client.run(solving.cancel(self.id))
        return self

    def retry(self) -> Self:
        """Puts it in the queue again, where it failed or was cancelled.

        Raises:
            ConflictError: it did not, and was not.
        """
        self.record = self.client.run(solving.retry(self.id))
        return self

    def delete(self) -> None:
        """Deletes it with its policy."""
        self.client.run(solving.delete(self.id))


class AsyncSolution(SolutionRecord):
    """The same, awaited.

    Attributes:
        client: it.
    """

    def __init__(self, client: Awaiting, record: Record) -> None:
        super().__init__(record)
        self.client = client

    @overload
    async def policy(
        self, states: Table, /, *, sensitivity: str | Sequence[str] = (), strict: bool = False
    ) -> Table: ...

    @overload
    async def policy(
        self,
        states: Mapping[str, Any] | None = None,
        /,
        *,
        sensitivity: str | Sequence[str] = (),
        strict: bool = False,
        **named: Any,
    ) -> Evaluation: ...

    async def policy(self, states: Any = None, /, **options: Any) -> Any:
        """See :func:`saddlepath.evaluating.policy`."""
        return await self.client.run(evaluating.policy(self, states, **options))

    sensitivity = awaiting_of(evaluating.sensitivity)
    tabulate = awaiting_of(evaluating.tabulate)
    domain = awaiting_of(evaluating.domain)
    simulate = awaiting_of(economy.simulate)
    irf = awaiting_of(economy.irf)
    moments = awaiting_of(economy.moments)
    rest = awaiting_of(economy.rest)
    plot = awaiting_of(taking.plot)
    save = awaiting_of(taking.save)

    async def wait(self, *, progress: ProgressOption = None, timeout: float | None = None) -> Self:
        """Waits until it is over.

        Raises:
            SolveError: it ended without a policy.
            SolveTimeoutError: it is not over within ``timeout`` seconds.
        """
        self.record = await self.client.run(solving.until_over(self.record, progress, timeout))
        solving.solved(self.record)
        return self

    async def refresh(self) -> Self:
        """Looks how it stands."""
        self.record = await self.client.run(solving.get(self.id))
        return self

    async def cancel(self) -> Self:
        """Stops its solve.

        Raises:
            ConflictError: it is over already.
        """
        self.record = await self.client.run(solving.cancel(self.id))
        return self

    async def retry(self) -> Self:
        """Puts it in the queue again, where it failed or was cancelled.

        Raises:
            ConflictError: it did not, and was not.
        """
        self.record = await self.client.run(solving.retry(self.id))
        return self

    async def delete(self) -> None:
        """Deletes it with its policy."""
        await self.client.run(solving.delete(self.id))
