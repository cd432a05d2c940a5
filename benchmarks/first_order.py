"""Adam on two layers of 32 as the source trains it, against the default method, in one run on one core."""

from __future__ import annotations

import math

from benchmarks.growth import DEFAULT, largest_error
from benchmarks.result import Result, told
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.progress import Progress
from solver.settings import Method, PolicySettings, SolveSettings, TrainingSettings
from solver.solution import Solution
from solver.solve import solve

STEPS = 20_000
SHOWN_STEPS = (250, 1_000, 2_000, 5_000, 10_000, 20_000)
CURVE = ("step", "states_visited", "elapsed_s", "loss", "euler_error_max_log10")


def measure() -> Result:
    """The history of each, and how much sooner the default reaches what Adam reaches."""
    model = load_zoo("neoclassical")
    calibration = calibrate(model, DEFAULT)
    for settings in (_adam(steps=250), SolveSettings()):
        solve(model, calibration, settings)
    adam = solve(model, calibration, _adam(steps=STEPS))
    default = solve(model, calibration, SolveSettings())
    best = min(_error(report) for report in adam.history)
    adam_s, default_s = _first_at(adam, best), _first_at(default, best)
    errors = {
        name: largest_error(DEFAULT, solved.policy) for name, solved in (("adam", adam), ("default", default))
    }
    total_s = adam.history[-1].elapsed_s
    lines = (
        told(
            "Adam, 2 x 32, batches of 128, 20,000 steps", f"error {errors['adam']:.1e} after {total_s:.1f} s"
        ),
        told(
            "  the default in the same run",
            f"error {errors['default']:.1e} after {default.history[-1].elapsed_s:.3f} s",
        ),
        told(
            f"  time to a held-out error of {best:.1e}",
            f"Adam {adam_s:.2f} s, default {default_s:.3f} s: ratio {adam_s / default_s:.0f}",
        ),
    )
    shown = [next(r for r in adam.history if r.step >= steps) for steps in SHOWN_STEPS]
    notes = (
        "Held-out Euler error against seconds:",
        *(_row("Adam", report) for report in shown),
        *(_row("default", report) for report in default.history),
    )
    figures = {
        "errors_on_grid": errors,
        "error_to_reach": best,
        "adam_s": adam_s,
        "default_s": default_s,
        "ratio": adam_s / default_s,
        "adam": _curve(adam),
        "default": _curve(default),
    }
    return Result(lines, figures, notes)


def _adam(steps: int) -> SolveSettings:
    policy = PolicySettings(family="neural", hidden=(32, 32), activation="tanh")
    training = TrainingSettings(
        algorithm="adam", steps=steps, seconds=600, batch_size=128, learning_rate=1e-3
    )
    return SolveSettings(method=Method(policy=policy, training=training))


def _error(report: Progress) -> float:
    return math.inf if report.euler_error_max_log10 is None else 10**report.euler_error_max_log10


def _first_at(solution: Solution, error: float) -> float:
    """Seconds until the held-out error is first at most ``error``; infinite when it never is."""
    return next((r.elapsed_s for r in solution.history if _error(r) <= error * (1 + 1e-12)), math.inf)


def _row(name: str, report: Progress) -> str:
    return f"  {name:<8} {report.step:>6} steps {report.elapsed_s:>8.3f} s  error {_error(report):.1e}"


def _curve(solution: Solution) -> list[dict[str, float]]:
    return [{name: getattr(report, name) for name in CURVE} for report in solution.history]
