"""Training in float32 against float64: what it reaches, by default and when asked for more, and what it saves."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.result import Line, Result, told
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve

MODELS = ("neoclassical", "rbc", "rbc_labour")
SEEDS = 5
ADAM = {"policy": {"hidden": [32, 32]}, "training": {"algorithm": "adam", "steps": 2_000}}
ASKED = {
    "default": {},
    "asked for 1e-6": {"target": 1e-6},
    "Adam, 2 x 32, 2,000 steps": {"method": ADAM},
}


def measure() -> Result:
    """Each model by each way of asking, in both types; errors are those of the certificate's fresh states."""
    figures = {name: {asked: _in_both_types(name, asked) for asked in ASKED} for name in MODELS}
    lines: list[Line] = []
    for name, ways in figures.items():
        lines.append(told(name, "float64; float32"))
        for asked, rows in ways.items():
            lines.append(told(f"  {asked}", "; ".join(_shown(row) for row in rows.values())))
    return Result(tuple(lines), figures)


def _in_both_types(name: str, asked: str) -> dict[str, Any]:
    return {dtype: _solve(name, ASKED[asked], dtype) for dtype in ("float64", "float32")}


def _solve(name: str, asked: dict[str, Any], dtype: str) -> dict[str, Any]:
    """The worst of some seeds, in a warm process."""
    model = load_zoo(name)
    calibration = calibrate(model)
    method = asked.get("method", {})
    method = method | {"training": method.get("training", {}) | {"dtype": dtype}}
    solutions = [
        solve(model, calibration, SolveSettings.model_validate({**asked, "method": method, "seed": seed}))
        for seed in (0, *range(SEEDS))
    ][1:]
    errors = [
        solution.certificate.euler_errors.box.max_log10 for solution in solutions if solution.certificate
    ]
    return {
        "target": solutions[0].settings.target,
        "met": sum(solution.status.value == "converged" for solution in solutions),
        "max_log10": max(errors),
        "training_s": float(np.median([solution.provenance.training_s for solution in solutions])),
    }


def _shown(row: dict[str, Any]) -> str:
    met = f"{row['met']} of {SEEDS} met {row['target']:.0e}"
    return f"{met}, max 10^{row['max_log10']:.1f}, {row['training_s']:.2g} s"
