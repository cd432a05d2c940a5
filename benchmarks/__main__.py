"""``python -m benchmarks [NAME …]``: measure, print the tables, and write ``benchmarks/results/NAME.json``.

Each benchmark runs in a process of its own, so that none finds another's threads, traces or pinned cores.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import describe_machine, use_one_core
from benchmarks.report import Row, print_table

TITLES = {
    "solving": "Solving (one core, warm)",
    "adam": "Adam as the source trains, against the default (one core, warm)",
    "serving": "Serving (the whole stack on one machine)",
}
ON_ONE_CORE = ("solving", "adam")
RESULTS = Path(__file__).with_name("results")


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all of them; the exit code says whether every one ran."""
    if arguments[:1] == ["--measure"]:
        return _measure(arguments[1])
    names = arguments or list(TITLES)
    if unknown := [name for name in names if name not in TITLES]:
        print(f"no benchmark {unknown[0]}; there are {', '.join(TITLES)}", file=sys.stderr)
        return 2
    print(json.dumps(describe_machine()))
    for name in names:
        print(f"\nMeasuring {name} ...", flush=True)
        subprocess.run([sys.executable, "-m", "benchmarks", "--measure", name], check=True)
        result = json.loads((RESULTS / f"{name}.json").read_text())
        print_table(TITLES[name], [Row(**row) for row in result["rows"]])
    return 0


def _measure(name: str) -> int:
    if name in ON_ONE_CORE:
        use_one_core()
    rows: list[Row] = importlib.import_module(f"benchmarks.{name}").measure()
    result = {
        "benchmark": TITLES[name],
        "measured_at": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": describe_machine(),
        "rows": [dataclasses.asdict(row) for row in rows],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
