"""``saddlepath-server reproduce``: a record solved again in a process of its own, and the comparison told.

The process has as many threads as the record's solve had, and TensorFlow, which this one never imports.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from service.stack.warden import PYTHON
from worker.comparison import AGAIN, Comparison
from worker.errors import RecordError
from worker.machine import thread_environment
from worker.record import read_record

_TOLD = {
    "identical": "identical: the policy is the same to the byte, and so is its certificate",
    "within_tolerance": "within tolerance: no control and no largest Euler error differs by more than {tolerance:g}",
    "different": "DIFFERENT",
}
_WIDTH = 40


def solve_again(path: Path) -> Comparison:
    """Solves the solution again whose record is in a file.

    Raises:
        RecordError: the file cannot be read or is no record, or the process that solves it breaks off.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} cannot be read ({error.strerror}); give a file") from error
    threads = thread_environment(read_record(text).threads)
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, **threads}
    command = [*PYTHON, "-m", "worker.reproduce"]
    done = subprocess.run(command, input=text, capture_output=True, env=environment, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stderr.decode(errors="replace"))
        raise RecordError(
            f"the solve broke off with exit code {done.returncode}; what it printed stands above"
        )
    return Comparison.model_validate_json(done.stdout)


def as_table(comparison: Comparison) -> str:
    """The comparison as lines of text; of hashes told twice, and of conditions, those that differ."""
    hashes = [line for line in comparison.contents if not (line.is_same and line.name.startswith(AGAIN))]
    results = [*comparison.certificate, *([] if comparison.policy is None else [comparison.policy])]
    conditions = [line for line in comparison.conditions if not line.is_same]
    is_alike = comparison.conditions and not conditions
    lines = [f"solution {comparison.id}", "", _row("the record itself", "says", "holds")]
    lines += [_row(line.name, line.recorded, line.found) for line in hashes]
    if results:
        lines += ["", _row("solved again", "recorded", "found")]
    lines += ["versions, processor, device, threads, type   as recorded"] if is_alike else []
    lines += [_row(line.name, line.recorded, line.found) for line in (*conditions, *results)]
    lines += [
        f"largest difference of {control}, relative to its largest value: {_shown(value)}"
        for control, value in (comparison.differences or {}).items()
    ]
    if comparison.problem is not None:
        lines += ["", comparison.problem]
    return "\n".join([*lines, "", _TOLD[comparison.outcome].format(tolerance=comparison.tolerance)])


def _row(name: str, recorded: Any, found: Any) -> str:
    is_heading = recorded in ("says", "recorded")
    mark = "" if is_heading or recorded == found else "  <-- differs"
    return f"{name:<{_WIDTH}}{_shown(recorded):<{_WIDTH}}  {_shown(found)}{mark}".rstrip()


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
