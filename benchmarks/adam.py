"""Adam on two layers of 32 units, as the source trains it, against the default method, in one run on one core."""

from __future__ import annotations

import numpy as np

from benchmarks.growth import euler_errors, grid
from benchmarks.report import Row
from solver.model.calibration import calibrate
from solver.model.zoo import load_zoo
from solver.settings import Method, PolicySettings, SolveSettings, TrainingSettings
from solver.solution import Solution
from solver.solve import solve

STEPS = 20_000
SHOWN = (1_000, 2_000, 5_000, 10_000, STEPS)


def measure() -> list[Row]:
    """Error against seconds of each, and the ratio of the times to reach what Adam reaches in the end."""
    model = load_zoo("neoclassical")
    calibration = calibrate(model)
    training = TrainingSettings(
        algorithm="adam", steps=STEPS, seconds=600.0, batch_size=128, learning_rate=1e-3
    )
    adam = SolveSettings(method=Method(policy=PolicySettings(hidden=(32, 32)), training=training))
    short = adam.model_copy(
        update={"method": adam.method.model_copy(update={"training": _one_step(training)})}
    )
    for settings in (short, SolveSettings()):
        solve(model, calibration, settings)  # traced once, as in a warm worker
    slow, fast = solve(model, calibration, adam), solve(model, calibration)
    reached = min(report.euler_error_max_log10 or 0.0 for report in slow.history)
    slow_s, fast_s = _seconds_to(slow, reached), _seconds_to(fast, reached)
    return [
        Row("Adam, 2 × 32, batches of 128: largest held-out Euler error against seconds", "", _path(slow)),
        Row("default method: largest held-out Euler error against seconds", "", _every(fast)),
        Row("max Euler error, 41 × 41 states: Adam", "", f"{_largest(slow):.1e}"),
        Row("max Euler error, 41 × 41 states: default", "", f"{_largest(fast):.1e}"),
        Row(
            f"time to reach the 10^{reached:.1f} that Adam reaches in {STEPS} steps",
            "",
            f"Adam {slow_s:.1f} s, default {fast_s:.3f} s: {slow_s / fast_s:.0f} times",
        ),
    ]


def _one_step(training: TrainingSettings) -> TrainingSettings:
    return training.model_copy(update={"steps": 1})


def _seconds_to(solution: Solution, reached: float) -> float:
    return next(
        report.elapsed_s
        for report in solution.history
        if report.euler_error_max_log10 is not None and report.euler_error_max_log10 <= reached
    )


def _path(solution: Solution) -> str:
    shown = [next(report for report in solution.history if report.step >= step) for step in SHOWN]
    return "; ".join(
        f"10^{report.euler_error_max_log10:.1f} at {report.elapsed_s:.1f} s ({report.step} steps)"
        for report in shown
    )


def _every(solution: Solution) -> str:
    return "; ".join(
        f"10^{report.euler_error_max_log10:.1f} at {report.elapsed_s:.3f} s"
        for report in solution.history
        if report.euler_error_max_log10 is not None
    )


def _largest(solution: Solution) -> float:
    assert solution.policy is not None
    calibration = solution.calibration.parameters
    return float(np.max(euler_errors(calibration, solution.policy.evaluate, grid(calibration))))
