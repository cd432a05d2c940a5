"""``python -m worker.reproduce``: a record on stdin is solved again; how far it agrees comes out on stdout, as JSON.

A process of its own, since the number of threads is settled when libraries are loaded: whoever starts it sets them by the
record (:func:`worker.machine.thread_environment`).
"""

from __future__ import annotations

import sys

from solver.diagnostics.certificate import Certificate
from solver.errors import ArtifactError
from worker.agreement import Agreement, compare, unsolved
from worker.contract import Problem
from worker.execution import execute
from worker.logs import configure_logs
from worker.record import Record, read_record
from worker.stored import Stored


def reproduce(record: Record) -> Agreement:
    """Solves the record's job again and compares."""
    start = None if record.start is None else Stored(record.start.job, record.start.policy.artifact)
    outcome = execute(record.job, lambda _: None, lambda: False, start)
    assert outcome is not None, "a solve that nobody stops has an outcome"
    if isinstance(outcome, Problem):
        return unsolved(record, f"{outcome.title}: {outcome.detail}")
    try:
        return compare(
            record,
            Certificate.model_validate(outcome.certificate),
            outcome.provenance,
            outcome.artifact,
        )
    except ArtifactError as error:
        return unsolved(record, f"The policy of the record cannot be read: {error}")


def main() -> None:
    """Reads, solves, compares and tells."""
    configure_logs()
    agreement = reproduce(read_record(sys.stdin.buffer.read()))
    sys.stdout.write(agreement.model_dump_json())


if __name__ == "__main__":
    main()
