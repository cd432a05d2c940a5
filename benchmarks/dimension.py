"""Many countries: time, memory and Euler errors as states grow, each number of countries in a process of its own.

``python -m benchmarks.dimension N`` measures one number and prints it as JSON. Errors are the certificate's, over fresh
states of the domain, in units of consumption; seconds are those of a whole solve, the second in its process where the
first took less than half a minute.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.result import Line, Result, at_most, told
from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.multi_country import multi_country
from solver.solve import solve

_WARM_UP_S = 30.0
#: Of each number of countries the targets: largest and mean error, seconds.
TARGETS: dict[int, tuple[float | None, float | None, float | None]] = {
    2: (1e-5, None, 5.0),
    5: (None, 1e-5, 30.0),
    10: (1e-3, 1e-5, 120.0),
    20: (None, None, None),
    50: (None, 1e-4, 600.0),
}
#: Of the largest number of countries, GiB; and the power of the number of countries that time may grow with.
_MOST_MEMORY = 8.0
_GROWTH = 3.0


def measure() -> Result:
    """A row for each number of countries."""
    figures = {str(count): _in_a_process(count) for count in TARGETS}
    lines = [line for count in TARGETS for line in _lines(count, figures[str(count)])]
    few, many = (figures[str(count)] for count in (10, 50))
    power = float(np.log(many["solve_s"] / few["solve_s"]) / np.log(50 / 10))
    lines.append(at_most("growth of time from 10 to 50 countries: power of their number", power, _GROWTH))
    lines.append(at_most("memory of 50 countries", many["memory_gib"], _MOST_MEMORY, " GiB"))
    return Result(tuple(lines), figures)


def _in_a_process(count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.dimension", str(count)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _measure_one(count: int) -> dict[str, Any]:
    began_s = time.perf_counter()
    model = load_model(multi_country(count))
    calibration = calibrate(model)
    ready_s = time.perf_counter()
    model_s = ready_s - began_s
    solution = solve(model, calibration)
    solve_s = first_s = time.perf_counter() - ready_s
    if first_s < _WARM_UP_S:
        began_s = time.perf_counter()
        solution = solve(model, calibration)
        solve_s = time.perf_counter() - began_s
    assert solution.certificate is not None
    errors = solution.certificate.euler_errors
    return {
        "states": len(calibration.domain),
        "policy": solution.settings.method.policy.model_dump(exclude_none=True),
        "training_states": solution.settings.method.sampling.states,
        "model_s": model_s,
        "first_s": first_s,
        "solve_s": solve_s,
        "training_s": solution.provenance.training_s,
        "memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
        "status": solution.status.value,
        "verdict": solution.certificate.verdict,
        "box": errors.box.model_dump(),
        "ergodic": errors.ergodic.model_dump(),
    }


def _lines(count: int, row: dict[str, Any]) -> Iterator[Line]:
    largest, mean, seconds = TARGETS[count]
    name = f"{count} countries, {row['states']} states: "
    for what, most in (("max", largest), ("mean", mean)):
        value = 10 ** row["box"][f"{what}_log10"]
        text = f"{name}{what} Euler error" if what == "max" else f"  {what}"
        yield told(text, f"{value:.2g}") if most is None else at_most(text, value, most)
    text = "  one solve, certificate included"
    yield (
        told(text, f"{row['solve_s']:.1f} s")
        if seconds is None
        else at_most(text, row["solve_s"], seconds, " s")
    )
    alone = f"{row['training_s']:.1f} s; {row['first_s']:.1f} s; {row['memory_gib']:.2f} GiB"
    yield told("  training alone; the first solve of the process; memory", alone)
    yield told("  certificate", f"{row['verdict']}, {row['status']}")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure_one(int(sys.argv[1]))))
