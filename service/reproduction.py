"""``saddlepath-server reproduce``: a record solved again in a process of its own, and how far it agrees told.

The process has as many threads as the record's solve had, and TensorFlow, which this one never imports.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from service.stack.warden import PYTHON
from worker.agreement import AGAIN, Agreement, Line
from worker.errors import RecordError
from worker.machine import thread_environment
from worker.record import read_record

_TOLD = {
    "identical": "identical: the policy is the same to the byte, and judged alike",
    "within_tolerance": "within tolerance: no control and no largest Euler error differs by more than {tolerance:g}",
    "different": "DIFFERENT",
}
_WIDTH = 40


def solve_again(path: Path) -> Agreement:
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
    return Agreement.model_validate_json(done.stdout)


def as_table(agreement: Agreement) -> str:
    """The agreement as lines of text; of hashes told twice, and of conditions, those that differ."""
    hashes = [line for line in agreement.contents if not (line.is_same and line.name.startswith(AGAIN))]
    results = [*agreement.certificate, *([] if agreement.policy is None else [agreement.policy])]
    conditions = [line for line in agreement.conditions if not line.is_same]
    lines = [f"solution {agreement.id}", "", _columns("the record itself", "says", "holds")]
    lines += map(_row, hashes)
    if results:
        lines += ["", _columns("solved again", "recorded", "found")]
    if agreement.conditions and not conditions:
        lines.append("versions, processor, device, threads and type are as recorded")
    lines += map(_row, (*conditions, *results))
    lines += [
        f"largest difference of {control}, relative to its mean: {_shown(value)}"
        for control, value in (agreement.differences or {}).items()
    ]
    if agreement.problem is not None:
        lines += ["", agreement.problem]
    return "\n".join([*lines, "", _TOLD[agreement.outcome].format(tolerance=agreement.tolerance)])


def _row(line: Line) -> str:
    mark = "" if line.is_same else "  <-- differs"
    return _columns(line.name, _shown(line.recorded), _shown(line.found)) + mark


def _columns(name: str, recorded: str, found: str) -> str:
    return f"{name:<{_WIDTH}}{recorded:<{_WIDTH}}  {found}"


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
