"""The oracles of stochastic economies against closed forms, tables of another program and each other."""

import numpy as np
import pytest
from scipy.interpolate import RectBivariateSpline

from tests.oracles.growth import Growth
from tests.oracles.irreversible_investment import Irreversible
from tests.oracles.klein import first_order_rule
from tests.oracles.multi_country import Countries
from tests.oracles.new_keynesian_zlb import NewKeynesian, degree_five
from tests.oracles.olg_krueger_kubler import SHOCKS, Generations
from tests.oracles.rbc import RBC
from tests.oracles.rbc_labour import Labour
from tests.oracles.saving import normal_panels
from tests.oracles.tables import read_tables


class ByArrays:
    """Stochastic growth in the form that first-order rules are taken of."""

    def __init__(self, rbc):
        self.rbc = rbc

    def transition(self, s, x):
        return np.array([self.rbc.phi * s[0], (1 - self.rbc.delta) * s[1] + x[0]])

    def residual(self, s, x, s_next, x_next):
        c, c_next = self.rbc.output(*s) - x[0], self.rbc.output(*s_next) - x_next[0]
        gross_return = self.rbc.gross_return(*s_next)
        return np.array([1 - self.rbc.beta * (c_next / c) ** -self.rbc.gamma * gross_return])


def spline_of(table, name):
    """A function of a and k through a column of a table, and what it is to be asked for: the table's middle."""
    a, k = (np.unique(column) for column in table.states.T)
    return RectBivariateSpline(a, k, table.columns[name].reshape(len(a), len(k)), kx=5, ky=5)


def test_the_panels_and_the_rule_of_degree_five_have_the_moments_of_the_normal():
    nodes, weights = normal_panels(np.linspace(-8.5, 8.5, 61), 3)
    moments = [weights @ nodes**power for power in range(9)]
    np.testing.assert_allclose(moments, [1, 0, 1, 0, 3, 0, 15, 0, 105], atol=1e-6)
    nodes, weights = degree_five(6)
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(np.einsum("q,qi,qj->ij", weights, nodes, nodes), np.eye(6), atol=1e-14)
    fourth = np.einsum("q,qi,qj->ij", weights, nodes**2, nodes**2)
    np.testing.assert_allclose(fourth, 1 + 2 * np.eye(6), atol=1e-13)


def test_stochastic_growth_has_its_closed_form():
    rbc = RBC(beta=0.95, delta=1.0, theta=0.3, gamma=1.0, phi=0.8, sigma=0.1)
    rng = np.random.default_rng(1)
    a, k = rng.uniform(-0.5, 0.5, 100), rng.uniform(0.05, 0.5, 100)
    assert np.max(rbc.euler_errors(a, k, rbc.closed_form)) < 1e-13
    by_a = rbc.closed_form(0.0, rbc.k_ss)
    np.testing.assert_allclose(rbc.linear_rule(), (by_a, rbc.theta * by_a / rbc.k_ss), rtol=1e-13)


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_the_first_order_rule_is_the_deterministic_one_and_that_of_the_schur_form(scale):
    parameters = {"beta": 0.97, "delta": 0.07, "theta": 0.3, "gamma": 3.0}
    rbc = RBC(**parameters, phi=0.85, sigma=0.05, scale=scale)
    if scale == 1:  # certainty equivalence
        np.testing.assert_allclose(
            rbc.linear_rule(), Growth(**parameters, rho=0.15).linear_rule(), rtol=1e-12
        )
    steady = np.array([0.0, rbc.k_ss]), np.array([rbc.delta * rbc.k_ss])
    # Fourth-order differences with a step of 1e-4 keep eleven digits or so.
    np.testing.assert_allclose(first_order_rule(ByArrays(rbc), *steady)[0], rbc.linear_rule(), rtol=1e-9)


@pytest.mark.parametrize("table", read_tables("c_"), ids=lambda table: table.name)
def test_the_tables_of_stochastic_growth_have_small_euler_errors(table):
    rbc = RBC(**table.calibration)
    a, k = table.states.T
    np.testing.assert_allclose(rbc.output(a, k), table.consumption + table.investment, rtol=1e-11)
    spline = spline_of(table, "i")
    rng = np.random.default_rng(2)
    a, k = rng.uniform(-0.1, 0.1, 200), rng.uniform(0.7, 1.3, 200) * rbc.k_ss
    # A quintic spline through 21 x 21 points.
    assert np.max(rbc.euler_errors(a, k, spline.ev)) < 1e-7


@pytest.mark.parametrize("table", read_tables("d_"), ids=lambda table: table.name)
def test_the_tables_of_irreversible_investment_hold_their_conditions(table):
    economy = Irreversible(**table.calibration)
    a, k = table.states.T
    i, mu = table.investment, table.columns["mu"]
    np.testing.assert_allclose(economy.output(a, k), table.consumption + i, rtol=1e-11)
    assert np.all(np.minimum(i, mu) == 0)


def test_a_table_of_irreversible_investment_solves_the_euler_equation():
    (table, _) = read_tables("d_")
    economy = Irreversible(**table.calibration)
    a, k = (np.unique(column) for column in table.states.T)
    columns = [table.columns[name].reshape(21, 21) for name in ("i", "mu")]
    splines = [RectBivariateSpline(a, k, column, kx=1, ky=1) for column in columns]

    def policy(states):
        return np.column_stack([spline.ev(*states.T) for spline in splines])

    rng = np.random.default_rng(3)
    states = np.column_stack([rng.uniform(-0.3, 0.3, 300), rng.uniform(0.7, 1.5, 300) * economy.k_ss])
    errors = economy.errors(states, policy, panels=40)
    # Bilinear interpolation on 21 x 21 points over kinks; without the multiplier's value it would be several per cent.
    assert np.mean(errors[:, 0]) < 1.5e-3
    assert np.max(errors[:, 1]) < 0.02


def test_generations_save_what_the_closed_form_says():
    economy = Generations()
    rng = np.random.default_rng(4)
    shocks = SHOCKS[rng.integers(4, size=200)].T
    k = rng.uniform(0.002, 0.5, (200, 5))
    rates = economy.closed_form()
    errors = economy.euler_errors(*shocks, k, lambda z, d, k: np.tile(rates, (len(k), 1)))
    assert np.max(errors) < 1e-13
    moved = economy.euler_errors(*shocks, k, lambda z, d, k: np.tile(rates * 1.001, (len(k), 1)))
    assert np.min(moved) > 1e-5


def test_generations_of_two_ages_are_diamond_s():
    economy = Generations(ages=2, beta=0.6)
    assert economy.closed_form() == pytest.approx([0.6 / 1.6])


@pytest.mark.parametrize(
    "economy",
    [Labour(), Countries(), Countries(n=3, gamma=2.0), NewKeynesian()],
    ids=lambda e: type(e).__name__,
)
def test_economies_rest_in_their_steady_states_and_have_one_stable_path(economy):
    states, controls = economy.steady_state()
    np.testing.assert_allclose(economy.transition(states, controls), states, atol=1e-13)
    np.testing.assert_allclose(economy.residual(states, controls, states, controls), 0, atol=1e-13)
    rule = first_order_rule(economy, states, controls)
    assert rule.shape == (len(controls), len(states))
    assert np.isfinite(rule).all()


def test_one_country_without_adjustment_costs_is_stochastic_growth_without_depreciation():
    one = Countries(n=1, gamma=2.0, phi=0.0)
    rbc = RBC(beta=0.99, delta=0.0, theta=0.36, gamma=2.0, phi=0.95, scale=(1 / 0.99 - 1) / 0.36)
    by_a, by_k = rbc.linear_rule()
    np.testing.assert_allclose(first_order_rule(one, *one.steady_state())[0], [by_a, 1 + by_k], rtol=1e-6)


def test_equal_countries_move_together():
    economy = Countries(n=3)
    rule = first_order_rule(economy, *economy.steady_state())
    ones = np.ones(3)
    together = rule[:, :3] @ ones, rule[:, 3:] @ ones
    one = Countries(n=1)
    # A root near one costs the differences' digits.
    for part, expected in zip(together, first_order_rule(one, *one.steady_state())[0], strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-6)


def test_hours_fixed_make_the_labour_model_stochastic_growth():
    # The more inelastic the supply of labour, the less hours move.
    economy = Labour(eta=500.0, chi=1.0, sigma=2.0)
    (_, k), (n, i) = economy.steady_state()
    rule = first_order_rule(economy, np.array([0, k]), np.array([n, i]))
    rbc = RBC(beta=0.99, delta=0.025, theta=0.33, gamma=2.0, phi=0.8, scale=n ** (1 - 0.33))
    np.testing.assert_allclose(rule[1], rbc.linear_rule(), rtol=5e-3, atol=1e-4)


def test_the_errors_of_an_economy_are_second_order_along_its_first_order_rule():
    for economy, step in ((Labour(sig_z=0.0), 0.02), (Countries(sigma=0.0), 0.02)):
        states, controls = economy.steady_state()
        rule = first_order_rule(economy, states, controls)
        worst = []
        for scale in (step, step / 2):
            points = states + scale * np.random.default_rng(5).uniform(-1, 1, (50, len(states)))
            errors = economy.errors(points, lambda s, c=controls, x=states, g=rule: c + (s - x) @ g.T)
            worst.append(errors.max())
        assert worst[0] / worst[1] == pytest.approx(4, rel=0.2)


def test_the_rate_stops_at_its_bound():
    economy = NewKeynesian()
    states, controls = economy.steady_state()
    low = states.copy()
    low[0], low[2] = 1.0, -0.01
    assert economy.transition(low, controls)[0] == 1
    assert NewKeynesian(r_min=0.0).transition(low, controls)[0] < 1
    path = economy.path(lambda s: np.tile(controls, (len(s), 1)), seed=6, periods=5, paths=10)
    assert path.shape == (50, 8)
    assert path[:, 0].min() >= 1
