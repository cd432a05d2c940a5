"""Every model of the zoo with shocks, solved to its target and compared with its oracle."""

from functools import cache

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import Method, PolicySettings, SolveSettings, TrainingSettings
from solver.solve import solve
from solver.status import Status
from tests.oracles.irreversible_investment import Irreversible
from tests.oracles.klein import first_order_rule
from tests.oracles.multi_country import Countries
from tests.oracles.new_keynesian_zlb import NewKeynesian
from tests.oracles.olg_krueger_kubler import Generations
from tests.oracles.rbc import RBC
from tests.oracles.rbc_labour import Labour
from tests.oracles.saving import Saving
from tests.oracles.tables import read_tables
from tests.oracles.zoo import box_states, euler_errors, stochastic_growth

#: Largest Euler error over the domain, and on average where that is asked for too.
TARGETS = {
    "stochastic_growth": (1e-6, 1e-7),
    "rbc": (1e-6, None),
    "rbc_labour": (1e-5, 1e-6),
    "irreversible_investment": (1e-3, 1e-5),
    "consumption_savings": (1e-3, 1e-5),
    "consumption_savings_ar1": (1e-3, 1e-5),
    "olg_krueger_kubler": (1e-6, None),
}


#: The default method, with time enough on any machine.
UNHURRIED = SolveSettings(method=Method(training=TrainingSettings(seconds=1800)))
#: Policies that the default method does not get right yet; its certificate must not pass them.
UNSOLVED = {
    "consumption_savings_ar1": "360 units follow the near-kinks to a mean error of 3e-5, three times what is asked for"
}
MODELS = [
    pytest.param(name, marks=pytest.mark.xfail(reason=UNSOLVED[name], strict=True))
    if name in UNSOLVED
    else name
    for name in TARGETS
]


@cache
def solved(name):
    model = load_zoo(name)
    return solve(model, calibrate(model), UNHURRIED)


def errors_over_the_box(name, solution):
    calibration = solution.calibration
    states = box_states(calibration.lower(), calibration.upper(), 11, calibration.process.n_regimes)
    return euler_errors(name, calibration.parameters, states, solution.policy.evaluate)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_the_zoo_meets_its_target_by_the_default_method(name):
    solution = solved(name)
    errors = errors_over_the_box(name, solution)
    largest, mean = TARGETS[name]
    assert errors.max() <= largest
    assert mean is None or errors.mean() <= mean
    assert solution.status is Status.CONVERGED
    assert solution.certificate.verdict == "pass"


@pytest.mark.parametrize("name", TARGETS)
def test_the_certificate_measures_what_the_oracle_does(name):
    """The mean error within a factor of three: other states, another rule for expectations."""
    solution = solved(name)
    calibration, box = solution.calibration, solution.certificate.euler_errors.box
    rng = np.random.default_rng(12)
    states = rng.uniform(calibration.lower(), calibration.upper(), (2000, len(calibration.domain)))
    if calibration.process.n_regimes > 1:
        states = np.column_stack([states, rng.integers(calibration.process.n_regimes, size=2000)])
    errors = euler_errors(name, calibration.parameters, states, solution.policy.evaluate)
    assert np.log10(max(errors.mean(), 1e-14)) == pytest.approx(max(box.mean_log10, -14), abs=np.log10(3))


@pytest.mark.parametrize("name", UNSOLVED)
def test_what_is_not_solved_is_not_passed(name):
    assert solved(name).certificate.verdict != "pass"


def test_two_countries_are_solved_by_polynomials():
    model = load_zoo("multi_country")
    settings = SolveSettings(method=Method(policy=PolicySettings(family="polynomial", degree=5)))
    solution = solve(model, calibrate(model), settings)
    assert solution.certificate.verdict == "pass"
    assert errors_over_the_box("multi_country", solution).max() <= 1e-6


def test_prices_without_a_bound_of_the_rate_are_solved_by_polynomials():
    """Published polynomials of degree three reach 10^-3.5 on a simulated path."""
    model = load_zoo("new_keynesian_zlb")
    settings = SolveSettings(method=Method(policy=PolicySettings(family="polynomial", degree=3)))
    solution = solve(model, calibrate(model, {"r_min": 0.0}), settings)
    economy = NewKeynesian(r_min=0.0)
    errors = economy.errors(economy.path(solution.policy.evaluate, seed=14), solution.policy.evaluate)
    # One period in sixty is outside the domain.
    assert errors.max() <= 2e-3
    assert errors.mean() <= 3e-5


@pytest.mark.parametrize("table", read_tables("c_"), ids=lambda table: table.name)
def test_stochastic_growth_is_that_of_the_tables(table):
    model = load_zoo("rbc")
    solution = solve(model, calibrate(model, table.calibration))
    assert solution.status is Status.CONVERGED
    investment = solution.policy.evaluate(table.states)[:, 0]
    consumption = table.investment + table.consumption - investment
    np.testing.assert_allclose(consumption, table.consumption, rtol=1e-6)


def test_stochastic_growth_with_full_depreciation_is_its_closed_form():
    model = load_zoo("rbc")
    parameters = {"beta": 0.95, "delta": 1.0, "theta": 0.3, "gamma": 1.0, "phi": 0.8, "sigma": 0.05}
    solution = solve(model, calibrate(model, parameters))
    assert solution.status is Status.CONVERGED
    calibration = solution.calibration
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), (300, 2))
    closed_form = RBC(**parameters).closed_form(*states.T)
    np.testing.assert_allclose(solution.policy.evaluate(states)[:, 0], closed_form, rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_random_calibrations_of_stochastic_growth_meet_the_target(seed):
    """The benchmark takes more of these draws."""
    rng = np.random.default_rng(seed)
    ranges = {
        "beta": (0.9, 0.99),
        "delta": (0.02, 0.2),
        "theta": (0.2, 0.5),
        "gamma": (0.5, 5),
        "phi": (0.5, 0.95),
        "sigma": (0.005, 0.03),
    }
    model = load_zoo("rbc")
    solution = solve(model, calibrate(model, {name: rng.uniform(*ends) for name, ends in ranges.items()}))
    calibration = solution.calibration
    states = box_states(calibration.lower(), calibration.upper(), seed)
    assert euler_errors("rbc", calibration.parameters, states, solution.policy.evaluate).max() <= 1e-6


@pytest.mark.parametrize("table", read_tables("d_"), ids=lambda table: table.name)
def test_irreversible_investment_is_that_of_the_tables(table):
    solution = solved("irreversible_investment")
    investment = solution.policy.evaluate(table.states)[:, 0]
    distance = np.abs(investment - table.investment) / table.consumption
    assert distance.max() <= 1e-3
    assert distance.mean() <= 1e-4
    assert investment.min() >= 0


def test_units_are_placed_although_a_target_is_met_by_a_hair():
    model = load_zoo("consumption_savings")
    solution = solve(model, calibrate(model), UNHURRIED.model_copy(update={"seed": 5}))
    errors = [10**report.euler_error_max_log10 for report in solution.history]
    steps = [report.step for report in solution.history]
    (placed,) = np.flatnonzero(np.diff(steps) == 0)  # a round begins with a report of its own
    assert 0.5e-4 < min(errors[: placed + 1]) <= 1e-4  # by the first stage alone
    assert min(errors) <= 0.5e-4


def test_saving_out_of_independent_income_is_that_of_the_table():
    (table,) = read_tables("e_")
    consumption = solved("consumption_savings").policy.evaluate(table.states[:, 1:])[:, 0]
    np.testing.assert_allclose(consumption, table.consumption, rtol=1e-3)
    kink = Saving().solve(n_savings=100).kink(0.0)
    assert kink_of(lambda w: solved("consumption_savings").policy.evaluate(w[:, None])[:, 0], kink) == (
        pytest.approx(kink, rel=1e-3)
    )


def test_saving_out_of_autocorrelated_income_is_that_of_its_table():
    (table,) = read_tables("f_")
    policy = solved("consumption_savings_ar1").policy
    np.testing.assert_allclose(policy.evaluate(table.states)[:, 0], table.consumption, rtol=1e-3)
    incomes, places = np.unique(table.states[:, 0], return_index=True)
    for y, kink in zip(incomes, table.columns["kink"][places], strict=True):
        found = kink_of(lambda w, y=y: policy.evaluate(np.column_stack([0 * w + y, w]))[:, 0], kink)
        assert found == pytest.approx(kink, rel=1e-3)


def kink_of(consume, guess):
    """Where saving begins: on the line through where a thousandth and two thousandths of cash are saved."""
    w = guess * np.linspace(0.9, 1.1, 20_001)
    saved = (w - consume(w)) / guess
    near, far = (w[np.argmax(saved > share)] for share in (1e-3, 2e-3))
    return 2 * near - far


def test_generations_save_the_shares_of_the_closed_form():
    solution = solved("olg_krueger_kubler")
    calibration = solution.calibration
    states = box_states(calibration.lower(), calibration.upper(), 13, calibration.process.n_regimes)
    shares = Generations(**calibration.parameters).closed_form()
    assert np.abs(solution.policy.evaluate(states) - shares).max() <= 1e-6


class Levels:
    """Stochastic growth in the states and controls of the model files."""

    def __init__(self, rbc, *, in_levels):
        self.rbc, self.in_levels = rbc, in_levels

    def _split(self, s, x):
        a = np.log(s[0]) if self.in_levels else s[0]
        y = self.rbc.output(a, s[1])
        return a, y, (x[0] if self.in_levels else y - x[0])

    def transition(self, s, x):
        a, y, c = self._split(s, x)
        a_next = self.rbc.phi * a
        z_next = np.exp(a_next) if self.in_levels else a_next
        return np.array([z_next, (1 - self.rbc.delta) * s[1] + y - c])

    def residual(self, s, x, s_next, x_next):
        (_, _, c), (a_next, _, c_next) = self._split(s, x), self._split(s_next, x_next)
        gross_return = self.rbc.gross_return(a_next, s_next[1])
        return np.array([1 - self.rbc.beta * (c_next / c) ** -self.rbc.gamma * gross_return])


ECONOMIES = {
    "stochastic_growth": lambda p: Levels(stochastic_growth(p), in_levels=True),
    "rbc": lambda p: Levels(RBC(**p), in_levels=False),
    "rbc_labour": lambda p: Labour(**p),
    "multi_country": lambda p: Countries(**p),
    "new_keynesian_zlb": lambda p: NewKeynesian(),
}


@pytest.mark.parametrize("name", ECONOMIES)
def test_the_linear_rule_is_the_oracle_s(name):
    calibration = calibrate(load_zoo(name))
    economy = ECONOMIES[name](calibration.parameters)
    expected = first_order_rule(economy, calibration.state_steady(), calibration.control_steady())
    # The oracle's differences keep seven digits or more.
    np.testing.assert_allclose(calibration.rule.slope, expected, rtol=1e-5, atol=1e-7)


def test_the_first_order_rule_of_irreversible_investment_takes_no_notice_of_the_bound():
    calibration = calibrate(load_zoo("irreversible_investment"))
    expected = Irreversible(**calibration.parameters).linear_rule()
    np.testing.assert_allclose(calibration.rule.slope, [expected, (0, 0)], rtol=1e-8, atol=1e-12)
