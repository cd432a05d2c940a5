import numpy as np
import pytest
import scipy.optimize

from solver.numerics.least_squares import gauss_newton, levenberg_marquardt

METHODS = [gauss_newton, levenberg_marquardt]


def rosenbrock(x):
    residuals = np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
    return residuals, np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])


def exponential_fit(x):
    """A small nonlinear fit whose residuals do not vanish at the minimum."""
    t = np.linspace(0, 3, 30)
    data = 2.0 * np.exp(-0.7 * t) + 0.05 * np.sin(9 * t)
    curve = x[0] * np.exp(x[1] * t)
    return curve - data, np.column_stack([np.exp(x[1] * t), t * curve])


def last(iterates, most=500):
    iterate = None
    for index, found in enumerate(iterates):
        iterate = found
        assert index < most
    return iterate


def first(iterates, count):
    return [iterate for iterate, _ in zip(iterates, range(count), strict=False)]


@pytest.mark.parametrize("method", METHODS)
def test_rosenbrock_is_solved(method):
    end = last(method(rosenbrock, np.array([-1.2, 1.0])))
    np.testing.assert_allclose(end.point, [1.0, 1.0], atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_the_minimum_is_scipys_where_residuals_do_not_vanish(method):
    start = np.array([1.0, -0.1])
    iterates = first(method(exponential_fit, start), 40)
    oracle = scipy.optimize.least_squares(
        lambda x: exponential_fit(x)[0], start, jac=lambda x: exponential_fit(x)[1], xtol=1e-15, gtol=1e-15
    )
    # The loss is flat to rounding within the square root of it around the minimum.
    np.testing.assert_allclose(iterates[-1].point, oracle.x, rtol=1e-6)
    losses = [iterate.loss for iterate in iterates]
    assert losses == sorted(losses, reverse=True)


def test_a_linear_problem_is_one_undamped_step_to_the_least_norm_solution():
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(12, 3)) @ rng.normal(size=(3, 8))  # rank 3 of 8
    target = wide @ rng.normal(size=8)
    iterates = first(gauss_newton(lambda x: (wide @ x - target, wide), rng.normal(size=8)), 2)
    np.testing.assert_allclose(iterates[1].point, np.linalg.pinv(wide) @ target, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_fewer_residuals_than_unknowns(method):
    rng = np.random.default_rng(1)
    matrix, target = rng.normal(size=(5, 20)), rng.normal(size=5)
    end = first(method(lambda x: (matrix @ x - target, matrix), np.zeros(20)), 60)[-1]
    np.testing.assert_allclose(matrix @ end.point, target, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_comes_of_an_undefined_start(method):
    assert list(method(lambda x: (np.array([np.nan]), np.ones((1, 1))), np.zeros(1))) == []


@pytest.mark.parametrize("method", METHODS)
def test_steps_into_the_undefined_are_shortened(method):
    """``log x = 0`` from 20: the full step from there goes to a negative number."""
    seen = []

    def evaluate(x):
        seen.append(float(x[0]))
        with np.errstate(all="ignore"):
            return np.log(x), np.array([1 / x])

    end = last(method(evaluate, np.array([20.0])))
    assert min(seen) < 0
    np.testing.assert_allclose(end.point, [1.0], atol=1e-9)


def test_evaluations_are_counted():
    calls = []

    def evaluate(x):
        calls.append(x)
        return rosenbrock(x)

    iterates = list(levenberg_marquardt(evaluate, np.array([-1.2, 1.0])))
    assert sum(iterate.evaluations for iterate in iterates) <= len(calls)
    assert iterates[0].evaluations == 1
    assert max(iterate.evaluations for iterate in iterates) > 1  # a rejected trial among them
