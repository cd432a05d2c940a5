"""Hinges along the kinks of a policy."""

import numpy as np
import pytest
from numpy.polynomial.chebyshev import chebval

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.policy.family import HingedFamily, PolynomialFamily
from solver.policy.kinks import size_of_problem
from solver.settings import SolveSettings
from solver.solve import _set_up, solve
from solver.training.hinges import lay_hinges
from tests.oracles.new_keynesian_zlb import NewKeynesian


def resolved(name, method=None, target=None):
    model = load_zoo(name)
    return SolveSettings.model_validate({"method": method or {}, "target": target}).resolve(
        size_of_problem(model, calibrate(model))
    )


def test_the_function_is_a_polynomial_and_linear_polynomials_times_hinges():
    rng = np.random.default_rng(0)
    family = HingedFamily(n_states=2, degree=3, n_hinges=2, n_outputs=2)
    weights, u = [rng.normal(size=shape) for shape in family.shapes], rng.uniform(-1, 1, (40, 2))
    exponents = PolynomialFamily(2, 3, 1).exponents
    basis = np.stack(
        [
            np.prod([chebval(u[:, j], np.eye(4)[p]) for j, p in enumerate(degrees)], axis=0)
            for degrees in exponents
        ],
        axis=1,
    )
    rows = iter(weights[1])
    hinges, expected = np.maximum(basis @ weights[0], 0), np.zeros((40, 2))
    for factor in (np.ones(40), *u.T):
        for hinge in hinges.T:
            expected += (hinge * factor)[:, None] * next(rows)
    for function in basis.T:
        expected += function[:, None] * next(rows)
    assert next(rows, None) is None
    np.testing.assert_allclose(family.layers(np, weights, u)[-1][1], expected, rtol=1e-12, atol=1e-12)


def test_the_default_of_many_states_with_few_kinks_has_hinges():
    method = resolved("new_keynesian_zlb").method
    assert (method.policy.family, method.policy.degree) == ("hinged", 3)
    model = load_zoo("new_keynesian_zlb")
    size = size_of_problem(model, calibrate(model))
    # 165 functions, and of one kink nine more; the 165 of the hinge itself.
    assert method.policy.n_features(size) == 174
    assert method.policy.n_weights(size) == 165 + 3 * 174
    assert method.sampling.states == 8 * 174


@pytest.mark.parametrize(
    ("method", "family"),
    [
        ({"training": {"algorithm": "adam"}}, "neural"),
        ({"policy": {"hidden": [50]}}, "neural"),
        ({"policy": {"family": "polynomial", "degree": 2}}, "polynomial"),
    ],
)
def test_another_method_has_its_own_default(method, family):
    assert resolved("new_keynesian_zlb", method).method.policy.family == family


@pytest.mark.parametrize(
    "method",
    [
        {"training": {"algorithm": "adam"}},
        {"training": {"algorithm": "time_iteration"}},
        {"training": {"algorithm": "gauss_newton"}},
        {"objective": "bellman"},
    ],
)
def test_hinges_that_nothing_would_lay_are_refused(method):
    with pytest.raises(ValueError, match="hinges are laid by the staged algorithm"):
        SolveSettings.model_validate({"method": {"policy": {"family": "hinged"}} | method})


def test_many_states_without_kinks_have_no_hinges():
    method = resolved("multi_country", {"sampling": {"region": "ergodic"}}).method
    assert method.policy.family == "neural"


@pytest.mark.parametrize(
    ("name", "words"),
    [("rbc", "this model has 0"), ("irreversible_investment", "this model has 0")],
)
def test_hinges_without_kinks_are_refused(name, words):
    with pytest.raises(ValueError, match=words):
        resolved(name, {"policy": {"family": "hinged"}})


def test_hinges_lie_along_the_kinks_of_the_policy():
    model = load_zoo("new_keynesian_zlb")
    calibration, settings = calibrate(model), resolved("new_keynesian_zlb")
    task = _set_up(model, calibration, settings, size_of_problem(model, calibration))
    policy = task.policy_of(lay_hinges(task.problem, task.problem.initial_weights()))
    states = np.random.default_rng(1).uniform(calibration.lower(), calibration.upper(), (4000, 8))
    hinge = policy.structure.family.layers(np, policy.weights, policy.frame.scaled(states))[0][1][:, 0]
    difference = policy.kinks(states)[:, 0]
    is_clear = np.abs(difference) > 1e-4
    assert 0.001 < np.mean(difference > 0) < 0.5
    assert np.array_equal(hinge[is_clear] > 0, difference[is_clear] > 0)


def test_the_zero_bound_is_solved_better_than_by_published_polynomials():
    """Published polynomials of degrees 2 to 5 have a largest residual of 10^-2.15 on a simulated path."""
    model = load_zoo("new_keynesian_zlb")
    settings = SolveSettings.model_validate({"method": {"training": {"seconds": 1800}}})
    solution = solve(model, calibrate(model), settings)
    assert solution.certificate.euler_errors.box.max_log10 < -2.3
    economy = NewKeynesian()
    path = economy.path(solution.policy.evaluate, seed=14)
    errors = economy.errors(path, solution.policy.evaluate)
    assert errors.max() < 10**-2.15
    assert errors.mean() < 1e-3
    # A default target of 1e-4 is out of reach of it, and so said.
    assert solution.certificate.verdict == "warn"
