"""Which requests are sent again, and when: exponential backoff with jitter, and what ``Retry-After`` asks for."""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from saddlepath.errors import UnreachableError
from saddlepath.wire import Exchange, Outcome, Pause, Request, Step, T

_REFUSED = 429
_PASSING = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Retries:
    """How persistent a client is.

    A request that was certainly not served (429, no connection) is sent again in any case; one of which nothing is known
    (502, 503, 504, a connection that broke) only where twice is the same as once.

    Attributes:
        attempts: how often a request is sent at most; 1 for never again.
        first_s: mean pause before the second attempt; each further one is twice as long.
        longest_s: longest pause. A ``Retry-After`` beyond it is not waited for: the error is raised at once.
        random: draws the jitter, half of the pause to one and a half times. By default it is seeded by the
            system, and has to be: clients that draw the same numbers come back at the same moment.
    """

    attempts: int = 5
    first_s: float = 0.2
    longest_s: float = 30.0
    random: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts = {self.attempts} is below 1; a request is sent once at least")

    def pause_s(self, request: Request, attempt: int, outcome: Outcome) -> float | None:
        """Seconds until the next attempt; None where there is none.

        Args:
            request: what was sent.
            attempt: how often, from 1.
            outcome: what came of it.
        """
        if attempt >= self.attempts or not _may_pass(request, outcome):
            return None
        backoff_s: float = self.first_s * 2.0 ** (attempt - 1) * self.random.uniform(0.5, 1.5)
        asked_s = _retry_after_s(outcome) if isinstance(outcome, httpx2.Response) else 0.0
        if asked_s > self.longest_s:
            return None
        return max(asked_s, min(backoff_s, self.longest_s))


def persistent(exchange: Exchange[T], retries: Retries, url: str) -> Generator[Step, Outcome, T]:
    """The same exchange, with every request sent again as ``retries`` has it.

    Raises:
        UnreachableError: a request was not answered, not even when it was sent again.
        SaddlepathError: what the exchange raises.
    """
    try:
        step = next(exchange)
        while True:
            if isinstance(step, Request):
                outcome: Outcome = yield from _insist(step, retries, url)
            else:
                outcome = yield step
            step = exchange.send(outcome)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        exchange.close()


def _insist(request: Request, retries: Retries, url: str) -> Generator[Step, Outcome, httpx2.Response]:
    attempt = 1
    while True:
        outcome = yield request
        pause_s = retries.pause_s(request, attempt, outcome)
        if pause_s is None:
            break
        yield Pause(pause_s)
        attempt += 1
    if isinstance(outcome, httpx2.Response):
        return outcome
    raise UnreachableError(url, _reason(outcome)) from outcome


def _may_pass(request: Request, outcome: Outcome) -> bool:
    """Whether the same request may fare better, and may be sent again."""
    if isinstance(outcome, httpx2.Response):
        was_refused, is_passing = outcome.status_code == _REFUSED, outcome.status_code in _PASSING
    else:
        was_refused = isinstance(outcome, httpx2.ConnectError | httpx2.ConnectTimeout)
        is_passing = not isinstance(outcome, httpx2.UnsupportedProtocol)
    return was_refused or (is_passing and request.is_repeatable)


def _retry_after_s(answer: httpx2.Response) -> float:
    """What an answer asks for, in seconds or by a date; 0 where it asks for nothing that can be read."""
    text = answer.headers.get("Retry-After", "")
    if text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max((at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)


def _reason(outcome: Outcome) -> str:
    words = str(outcome) or type(outcome).__name__
    return words[0].lower() + words[1:]
