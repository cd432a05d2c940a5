"""The oracle of saving against the table of another program, brute force, and itself on other grids."""

import numpy as np
import pytest

from tests.oracles.saving import Saving
from tests.oracles.tables import read_tables


def test_independent_income_is_that_of_the_table():
    (table,) = read_tables("e_")
    saving = Saving(**table.calibration)
    rule = saving.solve()
    # The table has twelve digits, 200 points of savings nine.
    np.testing.assert_allclose(rule(*table.states.T), table.consumption, rtol=1e-8)
    # The table's multiplier in units of u'(c) says where the kink is: 1 - mu = β r E u'(c') at w = 1 and nothing saved.
    mu = np.interp(1.0, table.states[:, 1], table.columns["mu"])
    assert rule.kink(0.0) == pytest.approx((1 - mu) ** (-1 / saving.gamma), rel=1e-8)
    w = np.random.default_rng(1).uniform(0.1, 4, 300)
    assert np.max(saving.euler_errors(0 * w, w, rule)) < 2e-6


def test_autocorrelated_income_is_that_of_its_table_and_holds_the_euler_equation():
    (table,) = read_tables("f_")
    saving = Saving(**table.calibration)
    rule = saving.solve(13, 100, tolerance=1e-7)
    # The coarse grid of this test; the table's own is good to 1e-6.
    np.testing.assert_allclose(rule(*table.states.T), table.consumption, rtol=2e-3)
    np.testing.assert_allclose(rule.kink(table.states[:, 0]), table.columns["kink"], rtol=1e-3)
    rng = np.random.default_rng(2)
    y, w = rng.uniform(-3, 3, 300) * saving.income_sd, rng.uniform(0.1, 4, 300)
    errors = saving.euler_errors(y, w, rule)
    assert np.mean(errors) < 2e-5


def test_income_without_risk_is_consumed():
    saving = Saving(sigma=1e-9, rho=0.0)
    rule = saving.solve(n_savings=40)
    # Impatience alone: who has the steady income and no savings saves nothing, up to (β r)^(-1/γ) times it.
    assert rule.kink(0.0) == pytest.approx((saving.beta * saving.r) ** (-1 / saving.gamma), rel=1e-8)
