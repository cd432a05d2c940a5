"""The default method's policies against tabulated ones of an independent program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.result import Result, at_most
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.solve import solve

TABLES = Path(__file__).parents[1] / "tests" / "oracles" / "reference"


def measure() -> Result:
    """The largest relative difference of consumption in each table."""
    known = json.loads((TABLES / "reference.json").read_text())
    rows = {}
    for path in sorted(TABLES.glob("[ab]_*.csv")):
        parameters = known[path.stem]["calibration"]
        rows[f"{path.stem}, neoclassical"] = _difference("neoclassical", parameters, path)
        if path.stem.startswith("b_"):  # the same economy is a model of its own
            fewer = {name: value for name, value in parameters.items() if name not in ("delta", "gamma")}
            rows[f"{path.stem}, brock_mirman"] = _difference("brock_mirman", fewer, path)
    lines = tuple(
        at_most(f"consumption against {name}: largest relative difference", row["difference"], 1e-6)
        for name, row in rows.items()
    )
    return Result(lines, rows)


def _difference(model_name: str, parameters: dict[str, float], table: Path) -> dict[str, Any]:
    rows = np.loadtxt(table, delimiter=",", skiprows=1)
    states, consumption = rows[:, :2], rows[:, 3]
    model = load_zoo(model_name)
    solution = solve(model, calibrate(model, parameters)).raise_for_status()
    assert solution.policy is not None and solution.certificate is not None
    output = np.exp(states[:, 0]) * states[:, 1] ** parameters["theta"]
    ours = output - solution.policy.evaluate(states)[:, 0]
    return {
        "difference": float(np.abs(ours / consumption - 1).max()),
        "points": len(rows),
        "verdict": solution.certificate.verdict,
        "euler_error_box_max_log10": solution.certificate.euler_errors.box.max_log10,
    }
