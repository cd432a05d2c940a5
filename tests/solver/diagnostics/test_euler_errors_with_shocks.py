"""Euler errors of stochastic economies against the formulas of the oracles, and of conditions by hand."""

import dataclasses

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.diagnostics.euler_errors import EulerJudge
from solver.expectation.ahead import build_expectation
from solver.model.load import load_model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.settings import ExpectationSettings
from tests.oracles.rbc import RBC
from tests.oracles.zoo import euler_errors

NAMES = (
    "rbc",
    "rbc_labour",
    "stochastic_growth",
    "multi_country",
    "irreversible_investment",
    "consumption_savings",
    "consumption_savings_ar1",
)


def judge_of(model, calibration):
    settings = ExpectationSettings().resolve(problem_size(model))
    return EulerJudge(model, calibration, build_expectation(calibration.process, settings, finer=True))


def near_the_linear_rule(model, calibration, space):
    """A policy that follows the linear rule by nine tenths, within its bounds, and wavers by one percent."""
    steady, controls, slope = calibration.state_steady(), calibration.control_steady(), calibration.rule.slope

    def decide(states):
        away = space.continuous(states) - steady
        wavering = 1 + 0.01 * np.sin(5 * away.sum(axis=1, keepdims=True))
        decided = (controls + 0.9 * away @ slope.T) * wavering
        return np.minimum(decided, states[:, -1:]) if "savings" in model.name else decided

    return decide


@pytest.mark.parametrize("name", NAMES)
def test_errors_are_those_of_the_oracle(name):
    model = load_zoo(name)
    calibration = calibrate(model)
    judge = judge_of(model, calibration)
    steady, rng = calibration.state_steady(), np.random.default_rng(0)
    reach = np.minimum(calibration.upper() - steady, steady - calibration.lower())
    continuous = steady + 0.4 * reach * rng.uniform(-1, 1, (150, len(steady)))
    states = judge.space.with_regimes(rng, continuous)
    decide = near_the_linear_rule(model, calibration, judge.space)
    expected = euler_errors(name, calibration.parameters, states, decide)
    assert expected.max() > 5e-5
    # With kinks the two rules for E[.] agree to the square of the distance of their nodes.
    atol = 1e-6 if problem_size(model).has_kinks else 1e-10
    np.testing.assert_allclose(judge.errors(decide, states).largest(), expected, rtol=3e-5, atol=atol)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 8.0])
@pytest.mark.parametrize("share", [0.05, 0.35, 0.95])
def test_absurd_policies_are_measured_as_well_as_good_ones(gamma, share):
    model, economy = load_zoo("rbc"), RBC(gamma=gamma)
    calibration = calibrate(model, {"gamma": gamma})
    states = np.random.default_rng(1).uniform(calibration.lower(), calibration.upper(), (100, 2))
    errors = judge_of(model, calibration).errors(lambda s: share * economy.output(*s.T)[:, None], states)
    expected = economy.euler_errors(*states.T, lambda a, k: share * economy.output(a, k))
    np.testing.assert_allclose(errors.largest(), expected, rtol=3e-5)


def test_a_condition_is_met_at_its_bound_only_where_the_equation_leans_against_it():
    """Consuming all is right below the kink, and wrong above it by what the Euler equation says."""
    model = load_zoo("consumption_savings")
    calibration = calibrate(model)
    w = np.linspace(0.2, 3, 57)
    errors = judge_of(model, calibration).errors(lambda states: states, w[:, None])
    # With everything consumed tomorrow that is income: (β r E exp(-2 y'))^(-1/2).
    implied = (0.9 * 1.04 * np.exp(2 * 0.1**2)) ** -0.5
    wants_to_borrow = implied > w
    assert 5 < wants_to_borrow.sum() < 50
    np.testing.assert_array_equal(errors.binds[:, 0], wants_to_borrow)
    np.testing.assert_array_equal(errors.largest()[wants_to_borrow], 0)
    expected = np.abs(implied / w - 1)[~wants_to_borrow]
    np.testing.assert_allclose(errors.largest()[~wants_to_borrow], expected, rtol=1e-4)


def test_room_to_the_bound_excuses_no_more_than_there_is():
    """Saving one percent where all should be consumed is an error of one percent, whatever the Euler equation says."""
    model = load_zoo("consumption_savings")
    w = np.linspace(0.2, 0.6, 9)[:, None]
    errors = judge_of(model, calibrate(model)).errors(lambda states: states / 1.01, w)
    np.testing.assert_allclose(errors.largest(), 0.01, rtol=1e-9)


def test_consuming_more_than_the_bound_is_an_error_of_the_excess():
    model = load_zoo("consumption_savings")
    w = np.linspace(0.2, 0.6, 9)[:, None]

    def decide(states):
        is_asked = np.isin(states, w)
        return np.where(is_asked, 1.02 * states, 0.9 * states)

    errors = judge_of(model, calibrate(model)).errors(decide, w)
    # In shares of what is consumed, 1.02 w.
    np.testing.assert_allclose(errors.largest(), 0.02 / 1.02, rtol=1e-9)
    assert not errors.binds.any() or np.all(errors.values[errors.binds] > 0)


TWO_SIDED = load_model("""
name: two_sided
symbols: {states: [k], controls: [i], exogenous: [], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1]
  arbitrage: i[t] - k[t]  ⟂ -1 <= i[t] <= 2
calibration: {k: 0, i: 0}
domain: {k: [-4, 4]}
""")


@pytest.mark.parametrize(
    "k, i, expected",
    [
        (1.5, 1.5, 0.0),
        (3.0, 2.0, 0.0),  # at the upper bound, with a residual below zero
        (-3.0, -1.0, 0.0),  # at the lower, with one above zero
        (1.0, 2.0, 1.0),  # at the upper bound, where the equation leans the other way
        (0.5, -1.0, 1.5),
        (1.0, 1.25, 0.25),  # between the bounds the equation counts
        (
            3.0,
            1.5,
            0.5 / 1.5,
        ),  # room of 0.5 is left, and the equation wants to use it; relative to the control
        (3.0, 2.5, 0.2),  # beyond the bound by 0.5 of 2.5
    ],
)
def test_two_sided_conditions_without_consumption_are_measured_in_the_control(k, i, expected):
    errors = judge_of(TWO_SIDED, calibrate(TWO_SIDED)).errors(
        lambda states: np.full_like(states, i), np.array([[k]])
    )
    np.testing.assert_allclose(errors.largest(), [expected], rtol=1e-12)
    assert errors.binds[0, 0] == (errors.values[0, 0] != abs(i - k))


def test_an_impossible_case_does_not_count():
    """A regime that cannot follow may be one without consumption."""
    model = load_model("""
name: ruin
symbols: {states: [k], controls: [i], exogenous: [z], parameters: []}
definitions: |
  c[t] = z[t]*k[t]^0.3 - i[t]
equations:
  transition: k[t] = i[t-1]
  arbitrage: 1 - 0.96*c[t]/c[t+1]*0.3*z[t+1]*k[t+1]^(-0.7)
calibration: {k: (0.96*0.3)^(1/0.7), i: k, z: 1}
exogenous: !MarkovChain {values: [[1], [0]], transitions: [[1, 0], [0.5, 0.5]]}
domain: {k: [0.5*k, 1.5*k]}
""")
    judge = judge_of(model, calibrate(model))

    def decide(states):
        return 0.96 * 0.3 * (states[:, 1] < 0.5)[:, None] * states[:, :1] ** 0.3

    k = np.linspace(0.1, 0.25, 5)
    fine = judge.errors(decide, np.column_stack([k, np.zeros(5)])).largest()
    np.testing.assert_allclose(fine, 0, atol=1e-13)
    # From the other regime ruin may follow, and is there today.
    assert np.isnan(judge.errors(decide, np.column_stack([k, np.ones(5)])).largest()).all()


def test_many_states_are_judged_in_parts_and_give_the_same():
    model = load_zoo("rbc")
    calibration = calibrate(model)
    judge, economy = judge_of(model, calibration), RBC()
    states = np.random.default_rng(2).uniform(calibration.lower(), calibration.upper(), (25_000, 2))

    def decide(s):
        return 0.3 * economy.output(*s.T)[:, None]

    # Ten nodes: twenty thousand states a part.
    together = judge.errors(decide, states)
    apart = [judge.errors(decide, part).values for part in np.split(states, 5)]
    np.testing.assert_allclose(together.values, np.concatenate(apart), rtol=1e-9)


def test_the_measure_follows_the_calibration_it_is_given():
    model = load_zoo("rbc")
    calibration = calibrate(model)
    parameters = calibration.parameters | {"beta": 0.9}
    other = judge_of(model, dataclasses.replace(calibration, parameters=parameters))
    states = np.array([[0.0, 4.0]])
    errors = other.errors(lambda s: 0.1 * s[:, 1:], states)
    expected = RBC(beta=0.9).euler_errors(*states.T, lambda a, k: 0.1 * k)
    np.testing.assert_allclose(errors.largest(), expected, rtol=1e-6)
