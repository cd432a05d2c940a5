"""Time iteration as an algorithm of its own, against closed forms, tables and Gauss-Newton."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve
from solver.status import Status
from tests.oracles.tables import read_tables

FAMILIES = {"neural": {"family": "neural"}, "polynomial": {"family": "polynomial", "degree": 10}}


def settings_of(family, **more):
    method = {"policy": FAMILIES[family], "training": {"algorithm": "time_iteration", **more}}
    return SolveSettings.model_validate({"method": method})


@pytest.mark.parametrize("family", FAMILIES)
def test_it_meets_the_closed_form(family):
    """Brock and Mirman: i = βθ exp(a) k^θ; an Euler error of 1e-6 is a few 1e-6 of investment."""
    calibration = calibrate(load_zoo("brock_mirman"))
    solution = solve(load_zoo("brock_mirman"), calibration, settings_of(family))
    assert (solution.status, solution.certificate.verdict) == (Status.CONVERGED, "pass")
    assert {report.phase for report in solution.history} == {"time-iteration"}
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), (500, 2))
    beta, theta = (calibration.parameters[name] for name in ("beta", "theta"))
    truth = beta * theta * np.exp(states[:, 0]) * states[:, 1] ** theta
    np.testing.assert_allclose(solution.policy.evaluate(states)[:, 0], truth, rtol=1e-5)


@pytest.mark.parametrize("table", read_tables("a_"), ids=lambda table: table.name)
def test_it_meets_the_tables(table):
    model = load_zoo("neoclassical")
    solution = solve(model, calibrate(model, table.calibration), settings_of("neural"))
    assert solution.status is Status.CONVERGED
    difference = solution.policy.evaluate(table.states)[:, 0] - table.investment
    # Errors of one period, up to 1e-6, add up over the periods in which capital returns.
    assert np.abs(difference / table.consumption).max() < 3e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_with_shocks_it_ends_where_gauss_newton_does(family):
    model = load_zoo("rbc")
    calibration = calibrate(model)
    solution = solve(model, calibration, settings_of(family))
    assert (solution.status, solution.certificate.verdict) == (Status.CONVERGED, "pass")
    other = solve(model, calibration)
    states = np.random.default_rng(1).uniform(calibration.lower(), calibration.upper(), (500, 2))
    found, truth = (one.policy.evaluate(states) for one in (solution, other))
    np.testing.assert_allclose(found, truth, rtol=1e-4)


def test_where_it_falls_short_it_says_so():
    """A quadratic cannot be the policy of the growth model to 1e-6."""
    model = load_zoo("neoclassical")
    method = {"policy": {"family": "polynomial", "degree": 2}, "training": {"algorithm": "time_iteration"}}
    solution = solve(model, calibrate(model), SolveSettings.model_validate({"method": method}))
    assert solution.status is Status.STALLED
    assert solution.certificate.verdict != "pass"


def test_the_budget_of_steps_is_one_of_sweeps():
    model = load_zoo("neoclassical")
    solution = solve(model, calibrate(model), settings_of("neural", steps=3))
    assert (solution.status, solution.history[-1].step) == (Status.OUT_OF_STEPS, 3)
    n_states = solution.settings.method.sampling.states
    assert solution.history[-1].states_visited % n_states == 0


def test_the_same_job_gives_the_same_bytes():
    model = load_zoo("rbc")
    first, second = (solve(model, calibrate(model), settings_of("polynomial")) for _ in range(2))
    for one, other in zip(first.policy.weights, second.policy.weights, strict=True):
        np.testing.assert_array_equal(one, other)
