"""Newton-Krylov steps against Gauss-Newton on the same features, and the method that takes them."""

import functools
import itertools
import time
from dataclasses import replace

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.multi_country import multi_country
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.policy.kinks import size_of_problem
from solver.settings import SolveSettings
from solver.solve import _set_up, solve
from solver.status import Status
from solver.training.monitor import Monitor
from solver.training.newton_krylov import fit_by_newton_krylov
from solver.training.stages import fit_output_layer
from tests.oracles.multi_country import Countries

TWO = load_zoo("multi_country")


@functools.cache
def countries(n):
    return load_model(multi_country(n))


def small_task(degree, seed=0):
    settings = SolveSettings.model_validate(
        {"method": {"policy": {"family": "polynomial", "degree": degree}}, "seed": seed}
    )
    calibration = calibrate(TWO)
    size = size_of_problem(TWO, calibration)
    return _set_up(TWO, calibration, settings.resolve(size), size)


def watch(task, target=1e-9, should_stop=None):
    return Monitor(task.held_out_error, target, 50, 600.0, time.monotonic(), should_stop=should_stop)


def test_the_policy_is_that_of_gauss_newton():
    """Both leave of the truth what a polynomial of degree 3 leaves, each in its own norm."""
    task = small_task(degree=3)
    states = task.problem.states(at_least=0)
    policies = []
    for fit in (fit_by_newton_krylov, fit_output_layer):
        monitor = watch(task)
        status, _ = fit(task.problem, monitor, task.problem.initial_weights())
        assert status is Status.STALLED
        policies.append((task.policy_of(monitor.best).evaluate(states), monitor.best_error))
    (by_krylov, error), (by_gauss_newton, least) = policies
    assert error < 2 * least
    # Either leaves about 1e-4.
    assert np.abs(by_krylov - by_gauss_newton).max() < 5e-4
    linear = task.policy_of(task.problem.initial_weights()).evaluate(states)
    assert np.abs(linear - by_gauss_newton).max() > 2e-3


def test_a_cancellation_is_heard_within_an_evaluation():
    task = small_task(degree=2)
    monitor = watch(task, should_stop=lambda: True)
    status, vector = fit_by_newton_krylov(task.problem, monitor, task.problem.initial_weights())
    assert status is Status.CANCELLED
    assert not vector.any() and monitor.step == 0


def test_residuals_that_are_not_defined_end_it():
    task = small_task(degree=2)
    lower = task.problem.lower.copy()
    lower[2:] = -0.5
    problem = replace(task.problem, lower=lower)
    monitor = watch(task)
    status, _ = fit_by_newton_krylov(problem, monitor, problem.initial_weights())
    assert status is Status.NON_FINITE and not monitor.history


@pytest.mark.parametrize(
    "n_countries, degree, is_matrix_free",
    [(2, 6, False), (3, 6, True), (5, 4, True), (10, 3, True), (50, 2, True)],
)
def test_the_default_of_many_states_is_a_polynomial_of_affordable_degree(n_countries, degree, is_matrix_free):
    size = problem_size(countries(n_countries))
    method = SolveSettings().resolve(size).method
    assert (method.policy.family, method.policy.degree) == ("polynomial", degree)
    assert method.is_matrix_free(size) is is_matrix_free
    assert method.training.seconds == (600.0 if is_matrix_free else 60.0)
    n_features = method.policy.n_features(size)
    assert n_features < method.sampling.states <= 5 * n_features


def test_three_countries_are_solved_by_default():
    settings = SolveSettings.model_validate({"method": {"expectation": {"rule": "monomial"}}, "target": 1e-5})
    model = countries(3)
    calibration = calibrate(model)
    solution = solve(model, calibration, settings)
    assert solution.status is Status.CONVERGED
    phases = [phase for phase, _ in itertools.groupby(report.phase for report in solution.history)]
    assert phases == ["newton-krylov-certain", "newton-krylov"]
    rng = np.random.default_rng(3)
    states = rng.uniform(calibration.lower(), calibration.upper(), size=(200, 6))
    errors = Countries(n=3).errors(states, solution.policy.evaluate, nodes=3)
    assert errors.max() < 1e-5


@pytest.mark.parametrize(
    "method, reason",
    [
        ({"policy": {"family": "polynomial", "degree": 3}}, "8842550 weights, above 300000"),
        ({"sampling": {"states": 3000}}, "5151 features to fit at 3000 states"),
        ({"training": {"algorithm": "gauss_newton"}, "policy": {"family": "polynomial"}}, "257550 weights"),
    ],
)
def test_what_is_too_large_is_refused_with_the_bound_and_a_remedy(method, reason):
    size = problem_size(countries(50))
    with pytest.raises(ValueError, match=reason) as caught:
        SolveSettings.model_validate({"method": method}).resolve(size)
    assert "use fewer or smaller layers, or a lower degree" in str(caught.value)


def test_a_budget_that_ends_before_the_first_residuals_is_told_as_that():
    model = countries(6)
    settings = SolveSettings.model_validate({"method": {"training": {"seconds": 0.01}}})
    solution = solve(model, calibrate(model), settings)
    assert (solution.status, solution.policy) == (Status.OUT_OF_TIME, None)


def test_every_size_that_the_language_permits_has_a_default():
    size = replace(problem_size(TWO), n_states=120, n_controls=60, n_shocks=60)
    assert SolveSettings().resolve(size).method.policy.degree == 1


def test_networks_keep_to_the_jacobian_and_its_limits():
    size = replace(problem_size(TWO), n_states=4, n_controls=10)
    settings = SolveSettings.model_validate({"method": {"policy": {"hidden": [20, 300]}}})
    with pytest.raises(ValueError, match="2500"):
        settings.resolve(size)
