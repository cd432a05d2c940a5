"""The model files of dolo as they are, by the default method: verdict, error and time, in one warm process on one core."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.result import Line, Result
from solver.calibrate import calibrate
from solver.errors import InputError
from solver.model.load import load_model
from solver.settings import SolveSettings
from solver.solve import solve

FILES = Path(__file__).parents[1] / "tests" / "data" / "dolo"
TARGET = 1e-4
SECONDS = 10.0


def measure() -> Result:
    """A line for each file."""
    figures = {
        f"{path.parent.name}/{path.stem}": _measure_one(path) for path in sorted(FILES.glob("*er/*.yaml"))
    }
    return Result(tuple(_line(name, row) for name, row in figures.items()), figures)


def _measure_one(path: Path) -> dict[str, Any]:
    try:
        model = load_model(path.read_bytes())
        calibration = calibrate(model)
    except InputError as refusal:
        return {"refused": [fault.message for fault in refusal.faults]}
    settings = SolveSettings(target=TARGET)
    solution = solve(model, calibration, settings)
    solve_s = solution.provenance.solve_s
    if solve_s < 2 * SECONDS:  # the first time its graphs were traced as well
        began_s = time.perf_counter()
        solution = solve(model, calibration, settings)
        solve_s = time.perf_counter() - began_s
    certificate = solution.certificate
    return {
        "status": solution.status.value,
        "verdict": certificate.verdict if certificate else None,
        "euler_errors": certificate.euler_errors.model_dump() if certificate else None,
        "checks": [check.model_dump() for check in certificate.checks if check.verdict != "pass"]
        if certificate
        else [],
        "notes": list(calibration.notes),
        "solve_s": solve_s,
    }


def _line(name: str, row: dict[str, Any]) -> Line:
    target = f"pass at {TARGET:g}, ≤ {SECONDS:g} s"
    if "refused" in row:
        return Line(f"dolo's {name}", target, f"refused: {'; '.join(row['refused'])}", False)
    errors = row["euler_errors"]
    sizes = (
        "no policy"
        if errors is None
        else f"max 10^{errors['box']['max_log10']:.1f}, mean 10^{errors['box']['mean_log10']:.1f}"
    )
    measured = f"{row['verdict']}, {sizes}, {row['solve_s']:.2f} s, {row['status']}"
    return Line(f"dolo's {name}", target, measured, row["verdict"] == "pass" and row["solve_s"] <= SECONDS)
