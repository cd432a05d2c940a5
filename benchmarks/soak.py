"""The real stack under fire for as long as is asked: what clients did, what was done to the stack, what it broke.

The same clients, faults and checks as in ``tests/integration/fire``, which CI runs once through.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.result import Result, at_most, told
from tests.integration.conftest import RunningStack
from tests.integration.fire.fire import ARGUMENTS, ENVIRONMENT, Outcome, run_fire

MINUTES = 3.0
SEED = 2


def measure(minutes: float = MINUTES) -> Result:
    """Operations, faults and violations of ``minutes`` under fire, of every kind of fault at least."""
    with tempfile.TemporaryDirectory(prefix="saddlepath-soak-") as directory:
        running = RunningStack(Path(directory) / "data", *ARGUMENTS, environment=ENVIRONMENT)
        try:
            outcome = run_fire(running, SEED, 60 * minutes)
        finally:
            running.kill()
    return _report(outcome)


def _report(outcome: Outcome) -> Result:
    kinds = Counter(one.kind for one in outcome.operations)
    unknown = sum(one.status is None for one in outcome.operations)
    ends = Counter(one.status for one in outcome.changes if one.kind == "status")
    n_faults = sum(outcome.struck.values())
    lines = (
        at_most("promises broken", len(outcome.violations), 0),
        told("  under fire", f"{outcome.elapsed_s / 60:.1f} min"),
        told("  operations; without a known answer", f"{len(outcome.operations)}; {unknown}"),
        told("  operations by kind", _counted(kinds)),
        told("  faults", str(n_faults)),
        told("  faults by kind", _counted(outcome.struck)),
        told(
            "  solutions: succeeded, failed, cancelled",
            ", ".join(str(ends[status]) for status in ("succeeded", "failed", "cancelled")),
        ),
        told("  attempts", str(ends["running"])),
        told("  workers that the poisonous job took down", str(outcome.poison_kills)),
    )
    figures: dict[str, Any] = {
        "seed": SEED,
        "elapsed_s": outcome.elapsed_s,
        "operations": dict(kinds),
        "unknown": unknown,
        "faults": outcome.struck,
        "statuses": dict(ends),
        "poison_kills": outcome.poison_kills,
        "violations": [asdict(violation) for violation in outcome.violations],
    }
    notes = tuple(f"{one.promise}: {one.solution_id}: {one.what}" for one in outcome.violations)
    return Result(lines, figures, notes)


def _counted(counts: dict[str, int] | Counter[str]) -> str:
    return ", ".join(f"{name} {times}" for name, times in sorted(counts.items()))
