"""Walks of calibrations, each solved without a start and from the solution before it, in one warm process on one core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.result import Line, Result, told
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.solution import Solution, StartUse
from solver.solve import solve

SEED = 20_240_601
#: Calibrations of each walk: the growth model, and the slowest model of the zoo that meets its target within half a minute.
WALKS = {"neoclassical": 100, "irreversible_investment": 10}
RETURN = 0.9
STEP = 0.01


def measure() -> Result:
    """Steps, seconds, verdicts and errors of every walk, with and without a start."""
    rows = {name: _walk(name, count) for name, count in WALKS.items()}
    lines = tuple(line for name in rows for line in _summary(name, rows[name]))
    return Result(lines, {"seed": SEED, "walks": rows})


def draw_walk(centre: dict[str, float], count: int) -> Iterator[dict[str, float]]:
    """Calibrations around a point: ``p e^x`` (of β, ``1 - (1 - β) e^x``) with ``x' = RETURN x + STEP ε``, from x = 0."""
    rng = np.random.default_rng(SEED)
    x = np.zeros(len(centre))
    for _ in range(count):
        x = RETURN * x + STEP * rng.normal(size=len(x))
        yield {
            name: 1 - (1 - value) * factor if name == "beta" else value * factor
            for (name, value), factor in zip(centre.items(), np.exp(x).tolist(), strict=True)
        }


def _walk(name: str, count: int) -> list[dict[str, Any]]:
    model = load_zoo(name)
    point = calibrate(model)
    centre = {key: value for key, value in point.parameters.items() if key not in ("loading", "rho")}
    solve(model, point)  # traces the graphs
    start = solve(model, point).policy
    rows = []
    for calibration in draw_walk(centre, count):
        economy = calibrate(model, calibration)
        cold, warm = solve(model, economy), solve(model, economy, start=start)
        difference = _largest_difference(cold.policy, warm.policy)
        rows.append(
            {"calibration": calibration, "cold": _told(cold), "warm": _told(warm), "difference": difference}
        )
        start = warm.policy
    return rows


def _told(solution: Solution) -> dict[str, Any]:
    certificate, provenance = solution.certificate, solution.provenance
    return {
        "status": solution.status.value,
        "verdict": certificate.verdict if certificate else None,
        "box_max_log10": certificate.euler_errors.box.max_log10 if certificate else None,
        "start": provenance.start,
        "steps": solution.history[-1].step,
        "states_visited": solution.history[-1].states_visited,
        "solve_s": provenance.solve_s,
        "training_s": provenance.training_s,
    }


def _largest_difference(cold: Policy | None, warm: Policy | None) -> float | None:
    """Of the first control, over 1,000 states of the domain, relative to its largest value."""
    if cold is None or warm is None:
        return None
    lower, upper = cold.calibration.lower(), cold.calibration.upper()
    box = np.random.default_rng(0).uniform(lower, upper, size=(1000, len(lower)))
    values = [policy.evaluate(cold.space.in_every_regime(box))[:, 0] for policy in (cold, warm)]
    return float(np.abs(values[1] - values[0]).max() / np.abs(values[0]).max())


def _summary(name: str, rows: list[dict[str, Any]]) -> list[Line]:
    def ratio(figure: str, unit: str = "", *, of: list[dict[str, Any]] = rows) -> str:
        cold, warm = (float(sum(row[way][figure] for row in of)) for way in ("cold", "warm"))
        return f"{cold:.4g}{unit} -> {warm:.4g}{unit} ({warm / cold:.2f})"

    def worst(way: str) -> str:
        return f"{10 ** max(row[way]['box_max_log10'] for row in rows):.1e}"

    taken = [row for row in rows if row["warm"]["start"] == StartUse.TAKEN]
    n_equal = sum(row["cold"]["verdict"] == row["warm"]["verdict"] for row in rows)
    n_met = [sum(row[way]["status"] == "converged" for row in rows) for way in ("cold", "warm")]
    verdicts = Counter(row["warm"]["verdict"] for row in rows)
    uses = Counter(str(row["warm"]["start"]) for row in rows)
    return [
        Line(
            f"{name}, {len(rows)} calibrations: verdicts as without a start",
            f"{len(rows)}",
            f"{n_equal} ({', '.join(f'{count} {verdict}' for verdict, count in verdicts.items())})",
            n_equal == len(rows),
        ),
        Line("  targets met, cold, warm", "no fewer", f"{n_met[0]}, {n_met[1]}", n_met[1] >= n_met[0]),
        told("  largest Euler error of a certificate, cold, warm", ", ".join(map(worst, ("cold", "warm")))),
        told("  steps, cold -> warm", ratio("steps")),
        told("  training, cold -> warm", ratio("training_s", " s")),
        told("  whole solves, cold -> warm", ratio("solve_s", " s")),
        told("  use of the start", ", ".join(f"{count} {use}" for use, count in uses.items())),
        told("  where it was taken: steps", ratio("steps", of=taken)),
        told("  where it was taken: whole solves", ratio("solve_s", " s", of=taken)),
        told("  largest difference of the policies", f"{max(row['difference'] for row in rows):.1e}"),
    ]
