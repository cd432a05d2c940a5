"""Time iteration, the classical method, beside the default: same model, same states, errors and states visited."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.result import Line, Result, told
from solver.calibrate import calibrate
from solver.diagnostics.distances import distances
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solution import Solution
from solver.solve import solve

MODELS = ("neoclassical", "rbc", "rbc_labour", "irreversible_investment")
POLICIES: dict[str, dict[str, Any]] = {"neural": {}, "polynomial": {"policy": {"family": "polynomial"}}}


def measure() -> Result:
    """Two lines for each model and family, and how far apart their policies are."""
    figures = {
        f"{model}, {family}": _both(model, method) for model in MODELS for family, method in POLICIES.items()
    }
    return Result(tuple(line for name, row in figures.items() for line in _lines(name, row)), figures)


def _both(name: str, method: dict[str, Any]) -> dict[str, Any]:
    default = _solve_warm(name, method)
    other = _solve_warm(name, {**method, "training": {"algorithm": "time_iteration"}})
    apart = None
    if default.policy is not None and other.policy is not None:
        found = distances(default.policy, other.policy, seed=0)
        apart = {control: distance.largest for control, distance in found.items()}
    return {"default": _summary(default), "time_iteration": _summary(other), "apart": apart}


def _solve_warm(name: str, method: dict[str, Any]) -> Solution:
    """A solution, its graphs traced before."""
    model = load_zoo(name)
    settings = SolveSettings.model_validate({"method": method})
    solve(model, calibrate(model), settings)
    return solve(model, calibrate(model), settings)


def _summary(solution: Solution) -> dict[str, Any]:
    errors = [report.euler_error_max_log10 for report in solution.history]
    certificate, last = solution.certificate, solution.history[-1]
    return {
        "status": solution.status.value,
        "verdict": certificate.verdict if certificate else None,
        "error_log10": min((error for error in errors if error is not None), default=np.inf),
        "steps": last.step,
        "states_visited": last.states_visited,
        "training_s": solution.provenance.training_s,
    }


def _lines(name: str, row: dict[str, Any]) -> tuple[Line, ...]:
    def run(which: str) -> str:
        found = row[which]
        return (
            f"10^{found['error_log10']:.1f} after {found['steps']} steps, {found['states_visited']} states, "
            f"{found['training_s']:.2f} s; {found['verdict']}"
        )

    apart = (
        "" if row["apart"] is None else ", ".join(f"{name} {size:.1e}" for name, size in row["apart"].items())
    )
    return (
        told(f"{name}: the default", run("default")),
        told("  time iteration", run("time_iteration")),
        told("  largest difference of the policies", apart),
    )
