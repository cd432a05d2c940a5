"""The zoo by the default method, judged by hand-written formulas, tables and closed forms; in one warm process on one core.

A solve is timed when its graphs are traced. The errors are those of ``tests/oracles``, which knows nothing of the solver,
over a grid or fresh states of the whole domain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.result import Line, Result, at_most, told
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.solution import Solution
from solver.solve import solve
from tests.oracles.new_keynesian_zlb import NewKeynesian
from tests.oracles.olg_krueger_kubler import Generations
from tests.oracles.saving import Saving
from tests.oracles.tables import Table, read_tables
from tests.oracles.zoo import box_states, euler_errors

SEED = 20_240_603
RANDOM_CALIBRATIONS = 50
RANGES = {
    "beta": (0.9, 0.99),
    "delta": (0.02, 0.2),
    "theta": (0.2, 0.5),
    "gamma": (0.5, 5.0),
    "phi": (0.5, 0.95),
    "sigma": (0.005, 0.03),
}


@dataclass(frozen=True)
class Target:
    """What is asked of one model.

    Attributes:
        largest: Euler error anywhere on the domain.
        seconds: of a warm solve.
        mean: Euler error on average, where anything is asked of it.
        distances: largest distances from known solutions, by what they are: the function that measures one, and its limit.
    """

    largest: float
    seconds: float
    mean: float | None = None
    distances: tuple[tuple[str, Callable[[Solution], float], float], ...] = ()


def measure() -> Result:
    """Errors, times and distances of every model, and of random calibrations of stochastic growth."""
    lines, figures = [], {}
    for name, target in TARGETS.items():
        row = _measure_one(name, target)
        figures[name] = row
        lines += list(_lines(name, target, row))
    row = _random_calibrations()
    figures["random calibrations of rbc"] = row
    errors, seconds = (np.array([solved[what] for solved in row]) for what in ("error", "solve_s"))
    n_met = int((errors <= 1e-6).sum())
    lines += [
        Line(
            f"rbc, {RANDOM_CALIBRATIONS} random calibrations: max Euler error",
            "≤ 1e-6 for all",
            f"{n_met} (median {np.median(errors):.1e}, worst {errors.max():.1e})",
            n_met == RANDOM_CALIBRATIONS,
        ),
        at_most("  time of one solve: median", float(np.median(seconds)), 0.5, " s"),
        told("  p90, max", f"{np.quantile(seconds, 0.9):.3f} s, {seconds.max():.3f} s"),
    ]
    return Result(tuple(lines), figures)


def _measure_one(name: str, target: Target) -> dict[str, Any]:
    solution, solve_s = _solve_warm(name, {})
    calibration = solution.calibration
    rng_states = box_states(calibration.lower(), calibration.upper(), SEED, calibration.process.n_regimes)
    errors = _errors(name, solution, rng_states)
    return {
        **_summary(solution, solve_s),
        "error": float(errors.max()),
        "mean": float(errors.mean()),
        "states": len(errors),
        "targets": {
            "error": target.largest,
            "mean": target.mean,
            "solve_s": target.seconds,
            "distances": {what: limit for what, _, limit in target.distances},
        },
        "distances": {
            what: float("inf") if solution.policy is None else distance(solution)
            for what, distance, _ in target.distances
        },
    }


def _solve_warm(name: str, parameters: dict[str, float]) -> tuple[Solution, float]:
    """A solution and the seconds it took, its graphs traced before."""
    model = load_zoo(name)
    calibration = calibrate(model, parameters)
    solution = solve(model, calibration)
    if solution.provenance.solve_s > 60:  # a second time would say no more
        return solution, solution.provenance.solve_s
    began_s = time.perf_counter()
    solution = solve(model, calibration)
    return solution, time.perf_counter() - began_s


def _errors(name: str, solution: Solution, states: np.ndarray) -> np.ndarray:
    """Infinite where there is no policy or the economy is not defined."""
    if solution.policy is None:
        return np.full(len(states), np.inf)
    with np.errstate(all="ignore"):
        errors = euler_errors(name, solution.calibration.parameters, states, solution.policy.evaluate)
    return np.where(np.isfinite(errors), errors, np.inf)


def _summary(solution: Solution, solve_s: float) -> dict[str, Any]:
    return {
        "calibration": solution.calibration.parameters,
        "status": solution.status.value,
        "verdict": solution.certificate.verdict if solution.certificate else None,
        "steps": solution.history[-1].step if solution.history else 0,
        "solve_s": solve_s,
        "training_s": solution.provenance.training_s,
    }


def _lines(name: str, target: Target, row: dict[str, Any]) -> Iterator[Line]:
    yield at_most(f"{name}: max Euler error, {row['states']} states", row["error"], target.largest)
    if target.mean is None:
        yield told("  mean", f"{row['mean']:.3g}")
    else:
        yield at_most("  mean", row["mean"], target.mean)
    for what, _, limit in target.distances:
        yield at_most(f"  {what}", row["distances"][what], limit)
    yield at_most("  time of one solve, certificate included", row["solve_s"], target.seconds, " s")
    yield told("  certificate", f"{row['verdict']}, {row['status']} after {row['steps']} steps")


def _random_calibrations() -> list[dict[str, Any]]:
    rng, rows = np.random.default_rng(SEED), []
    for _ in range(RANDOM_CALIBRATIONS):
        parameters = {name: float(rng.uniform(*ends)) for name, ends in RANGES.items()}
        model = load_zoo("rbc")
        calibration = calibrate(model, parameters)
        began_s = time.perf_counter()
        solution = solve(model, calibration)
        solve_s = time.perf_counter() - began_s
        states = box_states(calibration.lower(), calibration.upper(), SEED)
        rows.append({**_summary(solution, solve_s), "error": float(_errors("rbc", solution, states).max())})
    return rows


def _consumption_against(table: Table) -> Callable[[Solution], float]:
    """Largest relative difference of consumption in stochastic growth at the table's own calibration."""

    def distance(solution: Solution) -> float:
        other, _ = _solve_warm("rbc", table.calibration)
        assert other.policy is not None
        difference = other.policy.evaluate(table.states)[:, 0] - table.investment
        return float(np.abs(difference / table.consumption).max())

    return distance


def _irreversible(summary: Callable[[np.ndarray], Any]) -> Callable[[Solution], float]:
    """A summary of the distances of investment from the tables, relative to consumption."""

    def distance(solution: Solution) -> float:
        assert solution.policy is not None
        differences = [
            (solution.policy.evaluate(table.states)[:, 0] - table.investment) / table.consumption
            for table in read_tables("d_")
        ]
        return float(summary(np.abs(np.concatenate(differences))))

    return distance


def _saving_distance(solution: Solution) -> float:
    assert solution.policy is not None
    (table,) = read_tables("f_" if len(solution.calibration.domain) == 2 else "e_")
    states = table.states[:, -len(solution.calibration.domain) :]
    return float(np.abs(solution.policy.evaluate(states)[:, 0] / table.consumption - 1).max())


def _kink_distance(solution: Solution) -> float:
    """Of cash on hand up to which all is consumed, relative, the largest over the table's log incomes."""
    assert solution.policy is not None
    if len(solution.calibration.domain) == 1:
        parameters = solution.calibration.parameters
        incomes, kinks = np.zeros(1), np.atleast_1d(Saving(**parameters).solve().kink(0.0))
    else:
        (table,) = read_tables("f_")
        incomes, places = np.unique(table.states[:, 0], return_index=True)
        kinks = table.columns["kink"][places]
    return max(abs(_kink(solution, y, kink) / kink - 1) for y, kink in zip(incomes, kinks, strict=True))


def _kink(solution: Solution, income: float, guess: float) -> float:
    """Where saving begins: on the line through where a thousandth and two thousandths are saved."""
    assert solution.policy is not None
    w = guess * np.linspace(0.9, 1.1, 20_001)
    states = w[:, None] if len(solution.calibration.domain) == 1 else np.column_stack([0 * w + income, w])
    saved = (w - solution.policy.evaluate(states)[:, 0]) / guess
    if saved[-1] < 2e-3:
        return float("inf")
    near, far = (w[np.argmax(saved > share)] for share in (1e-3, 2e-3))
    return float(2 * near - far)


def _share_distance(solution: Solution) -> float:
    assert solution.policy is not None
    calibration = solution.calibration
    states = box_states(calibration.lower(), calibration.upper(), SEED, calibration.process.n_regimes)
    shares = Generations(**calibration.parameters).closed_form()
    return float(np.abs(solution.policy.evaluate(states) - shares).max())


def _path_error(summary: Callable[[np.ndarray], Any]) -> Callable[[Solution], float]:
    """A summary of the residuals along simulated paths of the New Keynesian model, as published accuracy is measured."""

    def error(solution: Solution) -> float:
        assert solution.policy is not None
        economy = NewKeynesian()
        states = economy.path(solution.policy.evaluate, SEED)
        return float(summary(economy.errors(states, solution.policy.evaluate)))

    return error


TARGETS = {
    "stochastic_growth": Target(1e-6, 0.5, mean=1e-7),
    "rbc": Target(
        1e-6,
        0.5,
        distances=tuple(
            (f"consumption against {table.name}", _consumption_against(table), 1e-6)
            for table in read_tables("c_")
        ),
    ),
    "rbc_labour": Target(1e-5, 1.0, mean=1e-6),
    "irreversible_investment": Target(
        1e-3,
        5.0,
        mean=1e-5,
        distances=(
            ("investment against the tables, of consumption: max", _irreversible(np.max), 1e-3),
            ("  mean", _irreversible(np.mean), 1e-4),
        ),
    ),
    "consumption_savings": Target(
        1e-3,
        2.0,
        mean=1e-5,
        distances=(
            ("kink, relative", _kink_distance, 1e-3),
            ("consumption against the table", _saving_distance, 1e-3),
        ),
    ),
    "consumption_savings_ar1": Target(
        1e-3,
        20.0,
        mean=1e-5,
        distances=(
            ("kink, relative", _kink_distance, 1e-3),
            ("consumption against the table", _saving_distance, 1e-3),
        ),
    ),
    "olg_krueger_kubler": Target(
        1e-6, 5.0, distances=(("shares saved against the closed form", _share_distance, 1e-6),)
    ),
    "multi_country": Target(1e-5, 10.0),
    "new_keynesian_zlb": Target(
        10**-2.15,
        120.0,
        mean=1e-5,
        distances=(
            ("along simulated paths: max", _path_error(np.max), 10**-2.15),
            ("along simulated paths: mean", _path_error(np.mean), 1e-5),
        ),
    ),
}
