"""Training on the ergodic set: where the target is met, and what the certificate makes of the rest."""

from functools import cache

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve
from solver.status import Status
from tests.oracles.rbc import RBC

MODEL = load_zoo("rbc")
SMALL_ADAM = {
    "policy": {"hidden": [16]},
    "training": {"algorithm": "adam", "steps": 1500, "learning_rate": 3e-3},
}


@cache
def solved(region, seed=0):
    document = {"method": {"sampling": {"region": region}}, "target": 1e-6, "seed": seed}
    return solve(MODEL, calibrate(MODEL), SolveSettings.model_validate(document))


def by_adam(region, target, **training):
    method = SMALL_ADAM | {"sampling": {"region": region}}
    method["training"] = method["training"] | training
    return solve(MODEL, calibrate(MODEL), SolveSettings.model_validate({"method": method, "target": target}))


def economy_of(solution):
    return RBC(**solution.calibration.parameters)


def investment(solution):
    return lambda a, k: solution.policy.evaluate(np.column_stack([a, k]))[:, 0]


def errors_on_a_path(solution, periods=3000):
    """Euler errors along a path of the oracle's own simulation."""
    rng, decide, economy = np.random.default_rng(11), investment(solution), economy_of(solution)
    a, k = np.zeros(1), np.full(1, economy.k_ss)
    visited = []
    for _ in range(periods):
        i = decide(a, k)
        a, k = economy.phi * a + economy.sigma * rng.normal(size=1), (1 - economy.delta) * k + i
        visited.append((a[0], k[0]))
    lower, upper = solution.calibration.lower(), solution.calibration.upper()
    states = np.array(visited[200:])
    states = states[((states >= lower) & (states <= upper)).all(axis=1)]
    return economy.euler_errors(*states.T, decide)


def errors_over_the_box(solution):
    axes = np.meshgrid(*np.linspace(solution.calibration.lower(), solution.calibration.upper(), 21).T)
    return economy_of(solution).euler_errors(*(axis.ravel() for axis in axes), investment(solution))


def test_the_target_is_met_where_the_economy_goes():
    solution = solved("ergodic")
    assert solution.status is Status.CONVERGED
    assert errors_on_a_path(solution).max() < 1e-6


def test_what_the_first_rule_visits_is_not_what_decides():
    """Prudence keeps this economy away from where the linear rule leads: at states from there the target is never met."""
    calibration = calibrate(MODEL, {"sigma": 0.05, "gamma": 5.0})
    method = {
        "policy": {"family": "polynomial", "degree": 6},
        "training": {"algorithm": "gauss_newton"},
        "sampling": {"region": "ergodic", "states": 256},
    }
    solution = solve(MODEL, calibration, SolveSettings.model_validate({"method": method, "target": 1e-4}))
    assert min(report.euler_error_max_log10 for report in solution.history[:7]) > -4
    assert solution.status is Status.CONVERGED
    assert errors_on_a_path(solution).max() < 1e-4


def test_a_policy_that_is_right_only_where_the_economy_goes_is_not_passed():
    solution = solved("ergodic")
    assert errors_over_the_box(solution).max() > 1e-5
    certificate = solution.certificate
    assert certificate.verdict == "warn"
    verdicts = {check.name: check.verdict for check in certificate.checks}
    assert verdicts["target"] == "warn" and verdicts["euler-ergodic"] == "pass"
    assert certificate.euler_errors.ergodic.max_log10 < -6 < certificate.euler_errors.box.max_log10
    assert solved("box").certificate.verdict == "pass"


def test_the_same_seed_gives_the_same_policy():
    first, again, other = (solved.__wrapped__("ergodic", seed) for seed in (0, 0, 1))
    for ours, theirs in zip(first.policy.weights, again.policy.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(first.policy.weights[-1], other.policy.weights[-1])


def test_descent_lowers_the_errors_where_the_economy_goes():
    ergodic, box = (by_adam(region, target=1e-7) for region in ("ergodic", "box"))
    assert ergodic.status is Status.OUT_OF_STEPS
    assert ergodic.history[-1].step == 1500
    assert errors_on_a_path(ergodic).mean() < 0.7 * errors_on_a_path(box).mean()
    assert ergodic.certificate.verdict != "pass"


@pytest.mark.parametrize("batch_size", [128, "full"])
def test_descent_stops_where_fresh_states_meet_the_target(batch_size):
    solution = by_adam("ergodic", target=1e-2, batch_size=batch_size)
    assert solution.status is Status.CONVERGED
    assert solution.history[-1].step < 1500
    assert errors_on_a_path(solution).max() < 1e-2
