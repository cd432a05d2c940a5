"""What clients saw: a list of operations that only grows, each with when it was asked and when it was answered.

An operation whose answer was lost, or that was answered by "nothing is known", may have happened or not, then or later.
"""

import threading
from dataclasses import dataclass

UNKNOWN = None
"""In the place of an HTTP status: nobody can say whether the operation took place."""


@dataclass(frozen=True)
class Seen:
    """What an answer told of a solution.

    Attributes:
        status: of its life.
        finished_at: when that ended.
        attempts: how many were made.
        problem: code of the problem that it failed with.
        policy: hash of the policy that it succeeded with.
    """

    status: str
    finished_at: str | None = None
    attempts: int = 0
    problem: str | None = None
    policy: str | None = None

    @classmethod
    def of(cls, record):
        """The same of a whole record."""
        return cls(
            record["status"],
            record["finished_at"],
            record["attempts"],
            (record["problem"] or {}).get("code"),
            ((record.get("provenance") or {}).get("hashes") or {}).get("policy"),
        )

    @property
    def is_over(self):
        """Whether the solution will not change any more."""
        return self.status not in ("queued", "running")


@dataclass(frozen=True)
class Operation:
    """One thing that a client asked for.

    Attributes:
        kind: submit, simulate, poll, await, follow, cancel, retry, delete, evaluate or download.
        solution_id: of what, a solution or a simulation; None of a submission that was never answered.
        began_s: when it was asked, by the clock of all clients.
        ended_s: when it was answered, or given up.
        status: of the answer, or UNKNOWN.
        seen: the solution, where the answer has it.
        asked: what was asked of a policy.
        digest: of the bytes of the answer to that.
        told: of a stream of events: every status with its place, in the order in which they came.
    """

    kind: str
    solution_id: str | None
    began_s: float
    ended_s: float
    status: int | None
    seen: Seen | None = None
    asked: str | None = None
    digest: str | None = None
    told: tuple = ()

    @property
    def is_done(self):
        """Whether it was acknowledged."""
        return self.status is not UNKNOWN and self.status < 300


class History:
    """The operations of all clients."""

    def __init__(self):
        self._operations = []
        self._lock = threading.Lock()

    def add(self, operation):
        """Keeps one more."""
        with self._lock:
            self._operations.append(operation)

    def operations(self):
        """All until now, in the order of their ends."""
        with self._lock:
            return tuple(self._operations)

    def __len__(self):
        return len(self._operations)
