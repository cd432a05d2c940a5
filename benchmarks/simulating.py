"""A solved `rbc` over time, in one warm process on one core: paths of every variable, their moments, impulse responses."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.result import Result, at_most, told
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.simulation.impulse import Impulse, innovations_of, respond
from solver.simulation.moments import moments
from solver.simulation.panel import at_rest, ergodic_panel, simulate_panel
from solver.simulation.paths import draw_shocks
from solver.solve import solve

PATHS, PERIODS = 1000, 1000
BURN_IN, RESPONSE_PERIODS = 200, 40
ROUNDS = 7


def measure() -> Result:
    """Seconds of each, the draws of the shocks included."""
    model = load_zoo("rbc")
    calibration = calibrate(model)
    policy = solve(model, calibration, SolveSettings()).raise_for_status().policy
    process = calibration.process

    def simulate() -> None:
        rng = np.random.default_rng(0)
        initial = at_rest(policy, rng, PATHS)
        panel = simulate_panel(policy, initial, draw_shocks(process, rng, PERIODS - 1, PATHS))
        assert panel.is_defined.shape == (PERIODS, PATHS) and panel.n_lost == 0

    panel = ergodic_panel(policy, np.random.default_rng(0), PATHS, BURN_IN, PERIODS)

    def respond_to_shock() -> None:
        rng = np.random.default_rng(0)
        states = ergodic_panel(policy, rng, PATHS, BURN_IN, 1).states
        initial = np.stack([states[name][0] for name in policy.space.names], axis=-1)
        draws = draw_shocks(process, rng, RESPONSE_PERIODS, PATHS)
        respond(policy, initial, draws, Impulse(innovations_of(process, 0, 1.0)))

    simulated, summarised, responded = (
        _seconds(work) for work in (simulate, lambda: moments(panel, 5), respond_to_shock)
    )
    lines = (
        at_most(
            f"{PATHS * PERIODS:,} path-periods of `rbc`, every variable: median",
            float(np.median(simulated)),
            5,
            " s",
        ),
        told("  slowest", f"{max(simulated):.2f} s"),
        told("  their moments: median", f"{np.median(summarised):.2f} s"),
        told(
            f"an impulse response, {PATHS} paths of {BURN_IN} and {RESPONSE_PERIODS} periods: median",
            f"{np.median(responded):.2f} s",
        ),
    )
    times = {"simulate": simulated, "moments": summarised, "impulse_response": responded}
    return Result(
        lines,
        {"paths": PATHS, "periods": PERIODS, "layers": policy.structure.family.shapes, "seconds": times},
    )


def _seconds(work: Callable[[], object]) -> list[float]:
    """Of each round, after one that warms up."""
    found = []
    for _ in range(ROUNDS + 1):
        began_s = time.perf_counter()
        work()
        found.append(time.perf_counter() - began_s)
    return found[1:]
