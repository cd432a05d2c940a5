"""The default method over 200 calibrations of the growth model, in one warm process on one core."""

from __future__ import annotations

import time
from collections import Counter
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.growth import DEFAULT, draw_calibrations, largest_error
from benchmarks.result import Line, Result, at_most, told
from solver.calibrate import calibrate
from solver.model.spec import Model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.settings import PolicySettings
from solver.solve import solve
from solver.training.compiled import CompiledObjective, compiled_objective

COUNT = 200
SEED = 20_240_601


def measure() -> Result:
    """Error, time and verdict of each solve, and how often its graphs were traced."""
    model = load_zoo("neoclassical")
    for _ in range(3):
        solve(model, calibrate(model, DEFAULT))
    rows = [_solve_one(model, calibration) for calibration in draw_calibrations(COUNT, SEED)]
    errors, solve_s, training_s = (
        np.array([row[name] for row in rows]) for name in ("error", "solve_s", "training_s")
    )
    traces = count_traces(compiled_objective(model, PolicySettings().resolve(problem_size(model))))
    n_met = int((errors <= 1e-6).sum())
    verdicts = Counter(str(row["verdict"]) for row in rows)
    lines = (
        Line(
            "max Euler error, 41 x 41 states, 200 calibrations",
            "≤ 1e-6 for all 200",
            f"{n_met} of {COUNT} (median {np.median(errors):.1e}, worst {errors.max():.1e})",
            n_met == COUNT,
        ),
        told("  certificates", ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())),
        at_most("time of one solve, certificate included: median", float(np.median(solve_s)), 0.10, " s"),
        told("  p90, max", f"{np.quantile(solve_s, 0.9):.3f} s, {solve_s.max():.3f} s"),
        told("  training alone: median, p90, max", _three(training_s)),
        at_most("traces of one graph over all calibrations", max(traces.values()), 1),
    )
    return Result(lines, {"seed": SEED, "traces": traces, "solves": rows})


def _solve_one(model: Model, calibration: dict[str, float]) -> dict[str, Any]:
    economy = calibrate(model, calibration)
    began_s = time.perf_counter()
    solution = solve(model, economy)
    solve_s = time.perf_counter() - began_s
    return {
        "calibration": calibration,
        "error": largest_error(calibration, solution.policy),
        "status": solution.status.value,
        "verdict": solution.certificate.verdict if solution.certificate else None,
        "steps": solution.history[-1].step,
        "solve_s": solve_s,
        "training_s": solution.provenance.training_s,
    }


def count_traces(compiled: CompiledObjective) -> dict[str, int]:
    """How often each graph that was used has been traced, by name."""
    graphs = [name for name, value in vars(type(compiled)).items() if isinstance(value, cached_property)]
    return {
        name: vars(compiled)[name].experimental_get_tracing_count()
        for name in graphs
        if name in vars(compiled)
    }


def _three(values: np.ndarray) -> str:
    return f"{np.median(values):.3f} s, {np.quantile(values, 0.9):.3f} s, {values.max():.3f} s"
