"""Euler errors against the CRRA formula."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.diagnostics.euler_errors import EulerJudge
from solver.expectation.ahead import build_expectation
from solver.model.load import model_from_document
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.settings import ExpectationSettings
from tests.oracles.growth import Growth

MODEL = load_zoo("neoclassical")
GROWTHS = [
    Growth(),
    Growth(gamma=0.5, delta=0.02),
    Growth(gamma=1.0, delta=1.0),
    Growth(beta=0.99, delta=0.2, theta=0.5, gamma=5.0, rho=0.5, loading=0.3),
    Growth(gamma=20.0),
]

#: Investment as (a, k, growth): from nearly right to absurd, all of them with consumption on both days.
RULES = {
    "replace": lambda a, k, growth: growth.delta * k,
    "save a little": lambda a, k, growth: 0.02 * growth.output(a, k),
    "save half": lambda a, k, growth: 0.5 * growth.output(a, k),
    "save nearly all": lambda a, k, growth: 0.999 * growth.output(a, k),
    "waver": lambda a, k, growth: (0.5 + 0.4 * np.sin(9 * k)) * growth.output(a, k),
}


def judge_of(model, **parameters):
    calibration = calibrate(model, parameters)
    settings = ExpectationSettings().resolve(problem_size(model))
    return EulerJudge(model, calibration, build_expectation(calibration.process, settings, finer=True))


def errors_of(model, growth, rule, states):
    names = {name: value for name, value in vars(growth).items() if name in model.parameters}
    return judge_of(model, **names).errors(lambda s: rule(*s.T)[:, None], states).largest()


def states_of(growth, count=300):
    return np.random.default_rng(0).uniform((-0.2, 0.5 * growth.k_ss), (0.2, 1.5 * growth.k_ss), (count, 2))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("growth", GROWTHS, ids=lambda growth: f"gamma={growth.gamma}")
def test_errors_are_those_of_the_crra_formula(growth, name):
    states = states_of(growth)

    def rule(a, k):
        return RULES[name](a, k, growth)

    expected = growth.euler_errors(*states.T, rule)
    # The root is found to a millionth of the mismatch of the two sides.
    np.testing.assert_allclose(errors_of(MODEL, growth, rule, states), expected, rtol=2e-5, atol=1e-13)


@pytest.mark.parametrize("size", [1e-2, 1e-5, 1e-8])
def test_small_errors_are_measured_as_well_as_large_ones(size):
    growth = Growth(delta=1.0, gamma=1.0)
    states = states_of(growth)

    def rule(a, k):
        return growth.closed_form(a, k) * (1 + size * np.cos(7 * k + 3 * a))

    expected = growth.euler_errors(*states.T, rule)
    assert 0.1 * size < expected.max() < 10 * size
    np.testing.assert_allclose(errors_of(MODEL, growth, rule, states), expected, rtol=2e-5, atol=1e-13)


@pytest.mark.parametrize("name", ["neoclassical", "brock_mirman"])
def test_the_closed_form_has_errors_of_rounding(name):
    growth = Growth(delta=1.0, gamma=1.0)
    errors = errors_of(load_zoo(name), growth, growth.closed_form, states_of(growth))
    assert errors.max() < 1e-14


def test_errors_do_not_depend_on_how_the_equation_is_written():
    document = MODEL.document
    right = "beta*c[t+1]^(-gamma)*(1 - delta + theta*y[t+1]/k[t+1])"
    equations = document["equations"] | {"arbitrage": [f"1000*c[t]^(-gamma) - 1000*{right}"]}
    growth, states = Growth(), states_of(Growth())

    def rule(a, k):
        return 0.3 * growth.output(a, k)

    errors = errors_of(model_from_document({**document, "equations": equations}), growth, rule, states)
    np.testing.assert_allclose(errors, growth.euler_errors(*states.T, rule), rtol=2e-5)


@pytest.mark.parametrize(
    "rule",
    [
        lambda a, k: np.exp(a) * k**0.36 + 0.1,
        lambda a, k: np.exp(a) * k**0.36,
        lambda a, k: np.full_like(k, np.nan),
        lambda a, k: -5 * k,
    ],
    ids=["negative consumption", "no consumption", "nan", "negative capital"],
)
def test_there_is_no_error_where_the_economy_is_undefined(rule):
    assert np.isnan(errors_of(MODEL, Growth(), rule, states_of(Growth()))).all()


def test_consumption_that_is_negative_tomorrow_alone_is_undefined():
    growth, states = Growth(), states_of(Growth())

    def rule(a, k):
        return np.where(np.isin(k, states[:, 1]), 0.3, 1.1) * growth.output(a, k)

    assert np.isnan(errors_of(MODEL, growth, rule, states)).all()


def test_a_model_without_consumption_has_its_residual():
    text = {
        "name": "plain",
        "symbols": {"states": ["k"], "controls": ["i"], "exogenous": [], "parameters": ["d"]},
        "equations": {"transition": ["k[t] = (1 - d)*k[t-1] + i[t-1]"], "arbitrage": ["i[t] - d*k[t]^2"]},
        "calibration": {"d": 0.5, "k": 1, "i": 0.5},
        "domain": {"k": [0.5, 1.5]},
    }
    judge = judge_of(model_from_document(text))
    assert judge.units == "residual"
    assert judge_of(MODEL).units == "consumption"
    k = np.array([[0.6], [1.2]])
    errors = judge.errors(lambda states: 0.4 * states, k).largest()
    # Its sides are 0.5 at the steady state.
    np.testing.assert_allclose(errors, np.abs(0.4 * k - 0.5 * k**2)[:, 0] / 0.5, rtol=1e-14)
