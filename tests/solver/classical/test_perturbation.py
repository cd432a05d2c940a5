"""The linear rule against hand-made systems, closed forms and reference tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.calibrate import calibrate
from solver.classical.perturbation import Derivatives, solve_first_order, steady_state_derivatives
from solver.language.numpy_backend import NUMPY
from solver.model.economy import Date, Economy
from solver.model.steady_state import find_steady_state
from solver.model.zoo import load_zoo
from tests.oracles.growth import Growth
from tests.oracles.tables import read_tables

NEOCLASSICAL = load_zoo("neoclassical")


def system(persistence, feedback, root, shift):
    """``s' = persistence s + feedback x`` and ``x' = root x + shift s``."""
    return Derivatives(np.array([[persistence, feedback]]), np.array([[shift, root, 0.0, -1.0]]))


def solve_without_shocks(derivatives):
    """The rule of a model that has no exogenous variables and whose variables are all of size one."""
    n_all = derivatives.transition.shape[1]
    none, chain = np.zeros((0, 0)), (np.ones((1, 1)), np.zeros((1, 0)))
    return solve_first_order(derivatives, none, none, chain, np.zeros(0, dtype=int), np.ones(n_all))


def slopes_of(growth):
    return calibrate(NEOCLASSICAL, vars(growth)).rule.slope[0]


def test_one_stable_root_for_one_state_is_unique():
    rule = solve_without_shocks(system(persistence=0.5, feedback=0.0, root=2.0, shift=3.0))
    assert (rule.n_stable, rule.n_states) == (1, 1)
    # x = φ s with 0.5 φ = 2 φ + 3.
    np.testing.assert_allclose(rule.slope, [[-2.0]])


def test_the_saddle_path_of_a_state_that_the_control_moves():
    # s' = s + x, x' = 1.5 x + 0.5 s: roots 0.5 and 2; on the stable one x = (0.5 - 1) s.
    rule = solve_without_shocks(system(persistence=1.0, feedback=1.0, root=1.5, shift=0.5))
    np.testing.assert_allclose(rule.slope, [[-0.5]])


def test_too_many_stable_roots_leave_many_rules():
    rule = solve_without_shocks(system(persistence=0.5, feedback=0.0, root=0.8, shift=3.0))
    assert rule.slope is None
    assert (rule.n_stable, rule.n_states) == (2, 1)


def test_too_few_stable_roots_leave_no_rule():
    rule = solve_without_shocks(system(persistence=1.5, feedback=0.0, root=2.0, shift=3.0))
    assert rule.slope is None
    assert (rule.n_stable, rule.n_states) == (0, 1)


def test_as_many_stable_roots_as_states_that_belong_to_the_control_leave_no_rule():
    rule = solve_without_shocks(system(persistence=1.5, feedback=0.0, root=0.5, shift=0.0))
    assert rule.slope is None
    assert rule.n_stable == 1


def test_a_unit_root_counts_as_stable():
    rule = solve_without_shocks(system(persistence=1.0, feedback=0.0, root=2.0, shift=3.0))
    np.testing.assert_allclose(rule.slope, [[-3.0]])


def test_an_equation_within_a_period_has_an_infinite_root():
    rule = solve_without_shocks(Derivatives(np.array([[0.9, 0.0]]), np.array([[3.0, -1.0, 0.0, 0.0]])))
    np.testing.assert_allclose(rule.slope, [[3.0]])


def test_complex_roots_give_a_real_rule():
    turn = 0.9 * np.array([[0.6, -0.8], [0.8, 0.6]])
    transition = np.column_stack([turn, np.zeros(2)])
    arbitrage = np.array([[1.0, 0.0, 2.0, 0.0, 0.0, -1.0]])  # x' = 2 x + s_1
    rule = solve_without_shocks(Derivatives(transition, arbitrage))
    assert rule.slope.dtype == float
    # φ turn = 2 φ + (1, 0)
    np.testing.assert_allclose(rule.slope @ (turn - 2 * np.eye(2)), [[1.0, 0.0]], atol=1e-14)


@pytest.mark.parametrize("name", ["neoclassical", "brock_mirman"])
def test_derivatives_are_those_of_finite_differences(name):
    model = load_zoo(name)
    calibration = calibrate(model)
    economy, parameters = Economy(model, NUMPY), calibration.parameter_vector()
    steady = np.concatenate([calibration.state_steady(), calibration.control_steady()])
    n_states, n_all, no_shock = len(model.states), len(steady), np.zeros(0)

    def values(point):
        today, tomorrow = (Date(no_shock, *np.split(half, [n_states])) for half in np.split(point, 2))
        moved = economy.transition(parameters, today, no_shock)
        return np.concatenate([moved, economy.arbitrage(parameters, today, tomorrow)])

    point, step = np.tile(steady, 2), 1e-6
    columns = [
        (values(point + step * unit) - values(point - step * unit)) / (2 * step) for unit in np.eye(2 * n_all)
    ]
    differences = np.stack(columns, axis=1)
    derivatives = steady_state_derivatives(model, find_steady_state(model))
    # Rounding of central differences.
    np.testing.assert_allclose(derivatives.transition, differences[:n_states, :n_all], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(derivatives.arbitrage, differences[n_states:], rtol=1e-7, atol=1e-9)


def test_brock_mirmans_rule_is_the_derivative_of_its_closed_form():
    growth = Growth(beta=0.9, delta=1.0, theta=0.4, gamma=1.0, rho=0.3, loading=0.7)
    model = load_zoo("brock_mirman")
    calibration = calibrate(model, {"beta": 0.9, "theta": 0.4, "rho": 0.3, "loading": 0.7})
    level = growth.closed_form(0.0, growth.k_ss)
    expected = [0.7 * level, 0.4 * level / growth.k_ss]
    np.testing.assert_allclose(calibration.rule.slope, [expected])


@given(
    beta=st.floats(0.9, 0.99),
    delta=st.floats(0.02, 0.2),
    theta=st.floats(0.2, 0.5),
    gamma=st.floats(0.5, 5),
    rho=st.floats(0.05, 0.5),
    loading=st.floats(0, 2),
)
@settings(max_examples=40, deadline=None)
def test_the_growth_models_rule_is_the_stable_root_of_its_quadratic(**calibration):
    growth = Growth(**calibration)
    # A few digits are lost where the stable root is close to one.
    np.testing.assert_allclose(slopes_of(growth), growth.linear_rule(), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("table", read_tables("a_"), ids=lambda table: table.name)
def test_the_growth_models_rule_is_the_slope_of_the_reference_policy(table):
    grid = table.investment.reshape(21, 21)
    a, k = table.states[::21, 0], table.states[:21, 1]
    slopes = [
        np.polynomial.Chebyshev.fit(a, grid[:, 10], 20).deriv()(a[10]),
        np.polynomial.Chebyshev.fit(k, grid[10], 20).deriv()(k[10]),
    ]
    # Twelve digits, interpolated by degree 20.
    np.testing.assert_allclose(slopes_of(Growth(**table.calibration)), slopes, rtol=1e-7)
