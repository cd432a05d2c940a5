"""Least squares against SciPy and closed forms."""

import itertools

import numpy as np
import pytest
import scipy.optimize

from solver.numerics.least_squares import gauss_newton, levenberg_marquardt

METHODS = [gauss_newton, levenberg_marquardt]
MAX_ITERATES = 500


def some(iterates, count=MAX_ITERATES):
    return list(itertools.islice(iterates, count))


def last(iterates):
    return some(iterates)[-1]


def linear(matrix, right):
    return lambda x: (matrix @ x - right, matrix)


def rosenbrock(x):
    residuals = np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
    return residuals, np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])


def exponentials(x):
    """A fit with residuals left over at the minimum."""
    t = np.linspace(0, 3, 40)
    target = 2 * np.exp(-1.3 * t) + 0.1 * np.sin(40 * t)
    basis = np.exp(-x[1] * t)
    return x[0] * basis - target, np.column_stack([basis, -x[0] * t * basis])


def logarithm(x):
    """Undefined from zero down, where full steps from far away lead."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(x), np.diag(1 / x)


@pytest.mark.parametrize("shape", [(30, 6), (6, 6), (4, 9)], ids=str)
def test_a_linear_problem_takes_one_undamped_step(shape):
    rng = np.random.default_rng(0)
    matrix, right = rng.normal(size=shape), rng.normal(size=shape[0])
    _, second = some(gauss_newton(linear(matrix, right), rng.normal(size=shape[1])), 2)
    # Rounding times the condition of a small random matrix.
    np.testing.assert_allclose(second.point, np.linalg.pinv(matrix) @ right, rtol=1e-10, atol=1e-11)
    assert second.is_taken


def test_directions_that_residuals_do_not_see_are_left_at_zero():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 8))
    right = rng.normal(size=30)
    _, second = some(gauss_newton(linear(matrix, right), 100 * rng.normal(size=8)), 2)
    np.testing.assert_allclose(second.point, np.linalg.pinv(matrix, rcond=1e-12) @ right, atol=1e-10)


def test_directions_that_residuals_hardly_see_are_left_alone_where_asked():
    rng = np.random.default_rng(4)
    left, right_vectors = np.linalg.qr(rng.normal(size=(30, 3)))[0], np.linalg.qr(rng.normal(size=(3, 3)))[0]
    matrix = left @ np.diag([1.0, 0.5, 1e-8]) @ right_vectors.T
    aim = matrix @ rng.normal(size=3) + left[:, 2]
    # What is left of the third direction is as much as a pivot differs from a singular value.
    _, seen = some(gauss_newton(linear(matrix, aim), np.zeros(3)), 2)
    _, left_alone = some(gauss_newton(linear(matrix, aim), np.zeros(3), rank_tolerance=1e-6), 2)
    assert np.linalg.norm(seen.point) > 1e7
    np.testing.assert_allclose(left_alone.point, np.linalg.pinv(matrix, rcond=1e-6) @ aim, atol=1e-6)


@pytest.mark.parametrize("shape", [(20, 5), (5, 20)], ids=["normal", "dual"])
def test_a_damped_step_solves_the_damped_normal_equations(shape):
    rng = np.random.default_rng(2)
    matrix, right, start = rng.normal(size=shape), rng.normal(size=shape[0]), rng.normal(size=shape[1])
    _, second = some(levenberg_marquardt(linear(matrix, right), start), 2)
    damping = 1e-3 * np.mean(matrix**2) * shape[0]
    damped = matrix.T @ matrix + damping * np.eye(shape[1])
    direction = -np.linalg.solve(damped, matrix.T @ (matrix @ start - right))
    # The condition of the damped matrix is below 1e5.
    np.testing.assert_allclose(second.point, start + direction, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_rosenbrocks_valley_is_followed_to_its_end(method):
    np.testing.assert_allclose(last(method(rosenbrock, np.array([-1.2, 1.0]))).point, 1.0, rtol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_a_minimum_with_residuals_left_is_scipys(method):
    start = np.array([1.0, 0.5])
    oracle = scipy.optimize.least_squares(
        lambda x: exponentials(x)[0], start, lambda x: exponentials(x)[1], xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    found = last(method(exponentials, start))
    # A minimum is known to the square root of the rounding of its value.
    np.testing.assert_allclose(found.point, oracle.x, rtol=1e-7)
    assert found.loss == pytest.approx(2 * oracle.cost / 40, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("problem, start", [(rosenbrock, [-1.2, 1.0]), (exponentials, [1.0, 0.5])])
def test_there_is_an_iterate_for_every_evaluation_and_what_is_taken_is_better(method, problem, start):
    calls = []

    def counted(x):
        calls.append(x)
        return problem(x)

    before = None
    for number, iterate in enumerate(itertools.islice(method(counted, np.array(start)), 12), start=1):
        assert number == len(calls)
        assert iterate.loss == pytest.approx(np.mean(problem(iterate.point)[0] ** 2))
        if iterate.is_taken:
            assert np.array_equal(calls[-1], iterate.point)
            assert before is None or iterate.loss < before.loss
        else:
            assert np.array_equal(before.point, iterate.point)
            assert not np.mean(problem(calls[-1])[0] ** 2) < before.loss
        before = iterate


@pytest.mark.parametrize("method", METHODS)
def test_steps_to_undefined_points_are_rejected(method):
    iterates = some(method(logarithm, np.array([20.0, 20.0])))
    assert all(np.all(iterate.point > 0) and np.isfinite(iterate.loss) for iterate in iterates)
    taken = [iterate.is_taken for iterate in iterates]
    assert False in taken[: len(taken) - taken[::-1].index(True)]  # before the last that is taken
    np.testing.assert_allclose(iterates[-1].point, 1.0, rtol=1e-10)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_undefined_start_yields_nothing(method, value):
    assert list(method(lambda x: (np.array([value, 1.0]), np.ones((2, 1))), np.zeros(1))) == []


@pytest.mark.parametrize("method", METHODS)
def test_a_point_without_derivatives_counts_as_undefined(method):
    def root(x):
        """Its slope at zero is infinite; a full step from 1 lands there."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sqrt(np.abs(x)) - 0.5, np.array([[1 / (2 * np.sqrt(np.abs(x[0])))]])

    assert list(method(root, np.zeros(1))) == []
    np.testing.assert_allclose(np.abs(last(method(root, np.array([1.0]))).point), 0.25, rtol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_a_stationary_start_ends_by_itself(method):
    start, *others = method(lambda x: (x**2 + 1, np.diag(2 * x)), np.zeros(2))
    assert start.loss == 1.0 and start.is_taken
    assert 0 < len(others) < MAX_ITERATES
    assert not any(iterate.is_taken for iterate in others)


@pytest.mark.parametrize("method", METHODS)
def test_units_of_the_residuals_do_not_matter(method):
    start = np.array([-1.2, 1.0])
    plain = [iterate.point for iterate in some(method(rosenbrock, start), 10)]

    def scaled(x):
        residuals, jacobian = rosenbrock(x)
        return 1e6 * residuals, 1e6 * jacobian

    np.testing.assert_allclose(
        [iterate.point for iterate in some(method(scaled, start), 10)], plain, rtol=1e-8
    )


def test_undamped_steps_are_given_up_once_one_has_failed():
    calls, undamped = [], []

    def counted(x):
        calls.append(x)
        return logarithm(x)

    point = start = np.array([20.0, 20.0])
    for iterate in itertools.islice(gauss_newton(counted, start), 1, MAX_ITERATES):
        residuals, jacobian = logarithm(point)
        step = np.linalg.solve(jacobian, -residuals)
        if np.abs(step).max() > 1e-2:  # nearer, a light damping is not to be told from none
            undamped.append(np.allclose(calls[-1], point + step, rtol=1e-9))
        point = iterate.point
    np.testing.assert_allclose(point, 1.0, rtol=1e-10)
    assert undamped[0] and len(undamped) > 5
    assert not any(undamped[1:])


def test_damping_falls_with_the_loss():
    calls = []

    def valley(x):
        calls.append(x)
        return np.array([100 * (x[1] - x[0] ** 2), 1 - x[0]]), np.array([[-200 * x[0], 100.0], [-1.0, 0.0]])

    def damping_of(point, trial):
        residuals, jacobian = valley(point)
        calls.pop()
        step = trial - point
        return -step @ (jacobian.T @ (jacobian @ step + residuals)) / (step @ step)

    iterates = itertools.islice(gauss_newton(valley, np.array([-1.2, 1.0])), 20)
    before, damping, seen = next(iterates), None, 0
    for iterate in iterates:
        found = damping_of(before.point, calls[-1])
        if damping is not None:  # after a step that was taken
            assert found <= damping * (1 + 1e-6)
            seen += 1
        damping = found * max(0.1, iterate.loss / before.loss) if iterate.is_taken and found > 1 else None
        before = iterate
    assert seen > 5
