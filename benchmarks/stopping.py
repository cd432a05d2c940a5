"""What a target costs, and what is told of it on the way: forecasts against what came, in one warm process on one core.

A forecast is judged from a fifth of a run's time on: its seconds against those that training then took, and whether it
had the target met or missed. Each run is one vote in the means, however many reports it makes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from benchmarks.result import Line, Result, at_least, told
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo, zoo_names
from solver.settings import Method, PolicySettings, SolveSettings, TrainingSettings
from solver.solution import Solution
from solver.solve import solve
from solver.status import Status

TARGETS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-8)
PRICED = ("neoclassical", "rbc", "rbc_labour", "irreversible_investment")
ADAM_TARGETS = (2e-3, 1e-3, 1e-4)
LEVENBERG_MARQUARDT_TARGETS = (1e-4, 1e-5, 1e-7)
SMALL = PolicySettings(family="neural", hidden=(12, 12))
SHARE_FROM = 0.2
FACTOR = 2.0
WANTED = 0.9
#: A second solve of what takes longer than this would say no more.
LONG_S = 20.0


def measure() -> Result:
    """Seconds and steps of every run, and the share of its forecasts that were right."""
    rows = [_run(name, way, settings) for name, way, settings in _runs()]
    judged = [row for row in rows if row["reports"]]
    lines = [
        at_least(
            f"seconds left within a factor of two, after a fifth of the run: mean of {len(judged)} runs",
            float(np.mean([row["right_s"] for row in judged])),
            WANTED,
        ),
        told(
            f"  of all their {sum(row['reports'] for row in judged)} reports",
            f"{sum(row['right_s'] * row['reports'] for row in judged) / sum(row['reports'] for row in judged):.3f}",
        ),
        at_least(
            "target met or missed, as told after a fifth of the run: mean",
            float(np.mean([row["right_end"] for row in judged])),
            WANTED,
        ),
        *(line for way in dict.fromkeys(row["way"] for row in rows) for line in _by_model(way, judged)),
        *_prices(rows),
    ]
    return Result(tuple(lines), {"runs": rows})


def _runs() -> Iterator[tuple[str, str, SolveSettings]]:
    """Model, way and settings: the zoo by default, what a target costs, and the slower methods."""
    for name in (name for name in zoo_names() if name not in PRICED):
        yield name, "default", SolveSettings()
    for name, target in product(PRICED, TARGETS):
        yield name, "default", SolveSettings(target=target)
    adam = Method(training=TrainingSettings(algorithm="adam", steps=8_000))
    damped = Method(policy=SMALL, training=TrainingSettings(algorithm="levenberg_marquardt"))
    for name in ("neoclassical", "rbc"):
        for target in ADAM_TARGETS:
            yield name, "adam", SolveSettings(method=adam, target=target)
        for target in LEVENBERG_MARQUARDT_TARGETS:
            yield name, "levenberg_marquardt", SolveSettings(method=damped, target=target)


def _run(name: str, way: str, settings: SolveSettings) -> dict[str, Any]:
    model = load_zoo(name)
    calibration = calibrate(model)
    solution = solve(model, calibration, settings)
    if solution.provenance.solve_s < LONG_S:
        solution = solve(model, calibration, settings)
    ratios, is_right = _forecasts(solution)
    return {
        "model": name,
        "way": way,
        "target": solution.settings.target,
        "status": solution.status.value,
        "steps": solution.history[-1].step,
        "training_s": solution.provenance.training_s,
        "solve_s": solution.provenance.solve_s,
        "reports": len(ratios),
        "right_s": _share([1 / FACTOR <= ratio <= FACTOR for ratio in ratios]),
        "right_end": _share(is_right),
        "ratios": [None if math.isnan(ratio) else ratio for ratio in ratios],
    }


def _forecasts(solution: Solution) -> tuple[list[float], list[bool]]:
    """Of the reports after a fifth of the run, the last one aside: seconds told over seconds taken, and the right ends.

    A forecast that told nothing is NaN, and wrong.
    """
    training_s = solution.provenance.training_s
    reports = [one for one in solution.history[:-1] if one.elapsed_s >= SHARE_FROM * training_s]
    ratios = [math.nan if one.eta_s is None else one.eta_s / (training_s - one.elapsed_s) for one in reports]
    is_met = solution.status is Status.CONVERGED
    ends = [one.forecast is not None and (one.forecast is Status.CONVERGED) is is_met for one in reports]
    return ratios, ends


def _share(of: list[bool]) -> float | None:
    return float(np.mean(of)) if of else None


def _by_model(way: str, rows: list[dict[str, Any]]) -> Iterator[Line]:
    for name in dict.fromkeys(row["model"] for row in rows if row["way"] == way):
        chosen = [row for row in rows if (row["model"], row["way"]) == (name, way)]
        ratios = [ratio for row in chosen for ratio in row["ratios"] if ratio is not None]
        yield told(
            f"  {name}, {way}: runs, reports",
            f"{len(chosen)}, {sum(row['reports'] for row in chosen)}: seconds right "
            f"{np.mean([row['right_s'] for row in chosen]):.2f}, end right "
            f"{np.mean([row['right_end'] for row in chosen]):.2f}, median told / taken {np.median(ratios):.2f}",
        )


def _prices(rows: list[dict[str, Any]]) -> Iterator[Line]:
    for name in PRICED:
        prices = {
            row["target"]: f"{row['training_s']:.3f} s"
            + ("" if row["status"] == "converged" else " (missed)")
            for row in rows
            if (row["model"], row["way"]) == (name, "default")
        }
        yield told(
            f"{name}: training to {', '.join(f'{target:g}' for target in TARGETS)}",
            ", ".join(prices[target] for target in TARGETS),
        )
