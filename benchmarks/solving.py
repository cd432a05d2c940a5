"""The default method, and polynomials, on one core: accuracy over 200 calibrations, time, traces, references."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.growth import euler_errors, grid
from benchmarks.report import Row
from solver.model.calibration import calibrate
from solver.model.spec import Model
from solver.model.zoo import load_zoo
from solver.settings import Method, PolicySettings, SolveSettings
from solver.solution import Solution
from solver.solve import solve
from solver.training.compiled import compiled_objective

COUNT = 200
RANGES = {
    "beta": (0.9, 0.99),
    "delta": (0.02, 0.2),
    "theta": (0.2, 0.5),
    "gamma": (0.5, 5),
    "rho": (0.05, 0.5),
}
REFERENCES = Path(__file__).parents[1] / "tests" / "oracles" / "reference"
REPEATS = 20


def measure() -> list[Row]:
    """Every figure of the solver itself."""
    model = load_zoo("neoclassical")
    solve(model, calibrate(model))  # a warm worker has traced its graphs
    return [*_over_calibrations(model), *_polynomial(model), *_references(model)]


def _over_calibrations(model: Model) -> list[Row]:
    rng = np.random.default_rng(0)
    drawn = [{name: float(rng.uniform(*ends)) for name, ends in RANGES.items()} for _ in range(COUNT)]
    errors, solve_s, training_s, verdicts = [], [], [], Counter[str]()
    for overrides in drawn:
        calibration = calibrate(model, overrides)
        began_s = time.perf_counter()
        solution = solve(model, calibration)
        solve_s.append(time.perf_counter() - began_s)
        training_s.append(solution.provenance.training_s)
        errors.append(_largest_error(solution))
        verdicts[solution.certificate.verdict if solution.certificate else "none"] += 1
    is_met = np.array(errors) <= 1e-6
    graph = compiled_objective(model, SolveSettings().resolve(2, 1).method.policy).output_jacobian
    traces = graph.experimental_get_tracing_count()
    median_s = float(np.median(solve_s))
    return [
        Row(
            f"max Euler error, 41 × 41 fresh states, {COUNT} calibrations: how many ≤ 1e-6",
            f"all {COUNT}",
            f"{is_met.sum()} (median {np.median(errors):.1e}, largest {max(errors):.1e})",
            bool(is_met.all()),
        ),
        Row("their certificates", "", ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())),
        Row(
            "time of one solve, certificate included: median",
            "≤ 0.10 s",
            f"{median_s:.3f} s (90 %: {np.quantile(solve_s, 0.9):.3f} s, longest {max(solve_s):.3f} s; "
            f"training alone {np.median(training_s):.3f} s)",
            median_s <= 0.1,
        ),
        Row(f"traces of the Jacobian over {COUNT + 1} calibrations", "1", str(traces), traces == 1),
    ]


def _polynomial(model: Model) -> list[Row]:
    policy = PolicySettings(family="polynomial", degree=12)
    settings = SolveSettings(method=Method(policy=policy), target=2e-8)
    calibration = calibrate(model)
    solve(model, calibration, settings)
    solutions, solve_s = [], []
    for _ in range(REPEATS):
        began_s = time.perf_counter()
        solutions.append(solve(model, calibration, settings))
        solve_s.append(time.perf_counter() - began_s)
    error = _largest_error(solutions[-1])
    training_s = float(np.median([solution.provenance.training_s for solution in solutions]))
    return [
        Row("polynomial, degree 12: max Euler error", "≤ 1e-8", f"{error:.1e}", error <= 1e-8),
        Row(
            "polynomial, degree 12: time of training, median",
            "≤ 0.03 s",
            f"{training_s:.3f} s (with its certificate {np.median(solve_s):.3f} s)",
            training_s <= 0.03,
        ),
    ]


def _references(model: Model) -> list[Row]:
    facts = json.loads((REFERENCES / "reference.json").read_text())
    rows = []
    for path in sorted(REFERENCES.glob("[ab]_*.csv")):
        table = np.genfromtxt(path, delimiter=",", names=True)
        solution = solve(model, calibrate(model, facts[path.stem]["calibration"]))
        assert solution.policy is not None
        investment = solution.policy.evaluate(np.column_stack([table["a"], table["k"]]))[:, 0]
        consumption = table["i"] + table["c"] - investment
        difference = float(np.abs(consumption / table["c"] - 1).max())
        rows.append(
            Row(
                f"consumption against `{path.stem}`, largest relative difference of {len(table)} points",
                "≤ 1e-6",
                f"{difference:.1e}",
                difference <= 1e-6,
            )
        )
    return rows


def _largest_error(solution: Solution) -> float:
    if solution.policy is None:
        return np.inf
    calibration = solution.calibration.parameters
    return float(euler_errors(calibration, solution.policy.evaluate, grid(calibration)).max())
