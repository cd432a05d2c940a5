"""Runs the benchmarks, each in a fresh process, prints a table of targets and figures for each, and fills the pages."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from benchmarks.machine import describe_machine
from benchmarks.pages import write_pages
from benchmarks.pictures import write_pictures
from benchmarks.registry import BENCHMARKS
from benchmarks.result import Line, read_result

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    ),
    "1",
)


def main() -> int:
    """Run what was asked for; the exit code says whether everything ran, never whether a target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    listing = "; ".join(f"{name}: {benchmark.what}" for name, benchmark in BENCHMARKS.items())
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{listing}. Default: all of them.")
    timed = ", ".join(name for name, benchmark in BENCHMARKS.items() if benchmark.takes_minutes)
    parser.add_argument("--minutes", type=float, help=f"How long to go on, of {timed}.")
    asked = parser.parse_args()
    names = asked.names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    began_s = time.monotonic()
    failed = [name for name in names if not _run(name, asked.minutes)]
    print("\n" + ", ".join(f"{name} {value}" for name, value in describe_machine().items()))
    measured = {name: read_result(name) for name in names if name not in failed}
    for name, result in measured.items():
        print(f"\n{name}: {BENCHMARKS[name].what}\n")
        print_table(list(result.lines))
        print("".join(f"\n{note}" for note in result.notes))
    if failed:
        print(f"Did not run: {', '.join(failed)}.")
        return 1
    write_pages()
    write_pictures()
    print(f"Done in {time.monotonic() - began_s:.0f} s; figures are in benchmarks/results, README and docs.")
    return 0


def _run(name: str, minutes: float | None) -> bool:
    """Measure one benchmark in a process of its own; whether it ran."""
    print(f"{name}: {BENCHMARKS[name].what} ...", flush=True)
    threads = ONE_THREAD if BENCHMARKS[name].is_on_one_core else {}
    environment = {**os.environ, **threads, "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-m", "benchmarks.isolated", name]
    if BENCHMARKS[name].takes_minutes and minutes is not None:
        command.append(str(minutes))
    return subprocess.run(command, env=environment).returncode == 0


def print_table(lines: list[Line]) -> None:
    """The lines in columns."""
    rows = [(line.what, line.target, line.measured, _yes_or_no(line.is_met)) for line in lines]
    rows.insert(0, ("what", "target", "measured", "met"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in [*rows[:1], ["-" * width for width in widths], *rows[1:]]:
        print(" | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _yes_or_no(is_met: bool | None) -> str:
    return "" if is_met is None else ("yes" if is_met else "NO")


if __name__ == "__main__":
    sys.exit(main())
