"""The oracles against each other."""

import numpy as np
import pytest

from tests.oracles.growth import Growth
from tests.oracles.tables import read_tables


@pytest.mark.parametrize("table", read_tables("b_"), ids=lambda table: table.name)
def test_tables_hold_the_closed_form(table):
    growth = Growth(**table.calibration)
    # The tables have twelve digits.
    np.testing.assert_allclose(growth.closed_form(*table.states.T), table.investment, rtol=1e-11)


@pytest.mark.parametrize("table", read_tables("a_"), ids=lambda table: table.name)
def test_tables_hold_the_budget_and_the_linear_rule(table):
    growth = Growth(**table.calibration)
    np.testing.assert_allclose(
        growth.output(*table.states.T), table.consumption + table.investment, rtol=1e-11
    )
    grid = table.investment.reshape(21, 21)
    slopes = [
        np.polynomial.Chebyshev.fit(values, line, 20).deriv()(center)
        for values, line, center in [
            (table.states[::21, 0], grid[:, 10], 0.0),
            (table.states[:21, 1], grid[10], growth.k_ss),
        ]
    ]
    # An interpolation of degree 20 through twelve digits keeps eight or more in the middle.
    np.testing.assert_allclose(slopes, growth.linear_rule(), rtol=1e-7)


def test_the_linear_rule_is_that_of_the_closed_form():
    growth = Growth(beta=0.9, delta=1.0, theta=0.4, gamma=1.0, rho=0.3, loading=0.7)
    k = growth.k_ss
    by_a = growth.loading * growth.closed_form(0.0, k)
    np.testing.assert_allclose(growth.linear_rule(), (by_a, growth.theta * growth.closed_form(0.0, k) / k))
