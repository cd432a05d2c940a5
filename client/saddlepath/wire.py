"""What goes over the wire, apart from how: requests and answers without any input or output.

Every operation of this client is an *exchange*: a generator that yields what is to be done next and is sent what came of
it. One that sends and sleeps (:mod:`saddlepath.transport`) drives it, blocking or not, so that each operation is written
once for both clients.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

import httpx2
import numpy as np

from saddlepath.errors import InputError, UnreachableError, problem_of

READ_TIMEOUT_S = 30.0
JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
OVER = frozenset({"succeeded", "failed", "cancelled"})
"""Where a job ends, be it a solution or a large simulation."""
_MEMBERS = {"status", "code", "title", "detail"}
"""What every problem document of the service has."""
T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        method: the HTTP method.
        path: from ``/`` on.
        query: parameters; those that are None are left out.
        body: to be sent as JSON, or as it is where it is bytes.
        headers: beside those that every request has.
        wait_s: how long the server was asked to hold its answer.
        is_repeatable: whether sending it twice is the same as once, also where it is not known if the first arrived. True
            of almost all: what is posted is named by its content.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    is_repeatable: bool = True

    def arguments(self) -> dict[str, Any]:
        """As httpx2's clients take it.

        Raises:
            InputError: the body has something that JSON cannot write.
        """
        headers, content = dict(self.headers), None
        if isinstance(self.body, bytes):
            content = self.body
        elif self.body is not None:
            content = _encoded(self.body)
            headers["Content-Type"] = JSON
        query = {name: _written(value) for name, value in self.query.items() if value is not None}
        timeout = httpx2.Timeout(10.0, read=READ_TIMEOUT_S + self.wait_s)
        return {
            "method": self.method,
            "url": self.path,
            "params": query,
            "content": content,
            "headers": headers,
            "timeout": timeout,
        }


@dataclass(frozen=True)
class Follow:
    """Read the server-sent events of a solution, from a place on, until they end or ``take`` has enough.

    Attributes:
        path: of the stream.
        place: id of the last event that was taken, to go on after it.
        take: is given the kind, the data and the id of each event; False when it has enough.
        silence_s: how long nothing may come before it is given up. Less than the server's own signs of life are apart
            (15 s), so that whoever follows looks up now and then.
    """

    path: str
    place: str | None
    take: Callable[[str, Mapping[str, Any], str], bool]
    silence_s: float

    def arguments(self) -> dict[str, Any]:
        """As httpx2's clients take it."""
        headers = {"Last-Event-ID": self.place} if self.place else {}
        return {"url": self.path, "headers": headers, "timeout": httpx2.Timeout(10.0, read=self.silence_s)}


@dataclass(frozen=True)
class Pause:
    """Do nothing for a while.

    Attributes:
        seconds: how long.
    """

    seconds: float


Step: TypeAlias = Request | Follow | Pause
Outcome: TypeAlias = httpx2.Response | httpx2.TransportError | None
"""Of a request its answer, or why there is none; nothing of the others."""
Exchange: TypeAlias = Generator[Step, Outcome, T]


def ask(request: Request) -> Exchange[httpx2.Response]:
    """Sends a request.

    Raises:
        ProblemError: the service refused it.
    """
    answer = yield request
    if not isinstance(answer, httpx2.Response):
        raise TypeError(f"whoever drives an exchange answers requests, not {answer!r}")
    if answer.is_success:
        return answer
    raise problem_of(answer.status_code, _document_of(answer))


def ask_json(request: Request) -> Exchange[dict[str, Any]]:
    """Sends a request whose answer is an object of JSON.

    Raises:
        ProblemError: the service refused it.
        UnreachableError: what answers is no Saddlepath server.
    """
    answer = yield from ask(request)
    found = _json_of(answer)
    if not isinstance(found, dict):
        kind = answer.headers.get("Content-Type", "something")
        reason = f"what answers {request.method} {request.path} with {kind} is none"
        raise UnreachableError(str(answer.url.copy_with(path="/", query=None)).rstrip("/"), reason)
    return found


def named(text: str) -> str:
    """A name or an id as one part of a path: whatever is in it, it leads nowhere else."""
    return quote(text, safe="")


def _document_of(answer: httpx2.Response) -> Mapping[str, Any]:
    """The problem document of an answer; what is none, as of a proxy, is made one."""
    document = _json_of(answer)
    if isinstance(document, dict) and document.keys() >= _MEMBERS:
        return document
    text = " ".join(answer.text.split())[:200]
    return {
        "status": answer.status_code,
        "code": f"http-{answer.status_code}",
        "title": f"HTTP {answer.status_code} {answer.reason_phrase}".strip(),
        "detail": text or "the answer is empty",
    }


def _json_of(answer: httpx2.Response) -> Any:
    """What an answer says in JSON; None where it is none."""
    try:
        return answer.json()
    except ValueError:
        return None


def _encoded(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, default=_plain).encode()
    except (TypeError, ValueError) as error:
        remedy = "give finite numbers, texts, and lists and mappings of them"
        raise InputError(f"the request cannot be written as JSON: {error}; {remedy}") from error


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is a {type(value).__name__}")


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
