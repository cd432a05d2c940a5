"""What bounds cost, as a judge tells it."""

import numpy as np

from solver.calibrate import calibrate
from solver.diagnostics.euler_errors import EulerJudge
from solver.expectation.ahead import build_expectation
from solver.model.zoo import load_zoo
from solver.settings import ExpectationSettings

SAVER = load_zoo("consumption_savings")


def judge_of(model):
    calibration = calibrate(model)
    settings = ExpectationSettings(rule="equidistant", nodes=201)
    return EulerJudge(model, calibration, build_expectation(calibration.process, settings))


def eat_up_to_one(states):
    """A rule of thumb: everything up to one, and half of what is more."""
    w = states[:, :1]
    return np.minimum(w, 0.5 + 0.5 * w)


def test_a_multiplier_is_what_the_equation_leans_against_its_bound():
    w = np.array([[0.3], [0.7], [0.95]])
    found = judge_of(SAVER).multipliers(eat_up_to_one, w)["multiplier_c"]
    # All is eaten today, so that cash on hand tomorrow is exp(0.1 ε). By Simpson's rule, apart from any quadrature of ours:
    shock = np.linspace(-8, 8, 20_001)
    density = np.exp(-(shock**2) / 2) / np.sqrt(2 * np.pi)
    eaten = eat_up_to_one(np.exp(0.1 * shock)[:, None])[:, 0]
    simpson = np.where(np.arange(20_001) % 2 == 1, 4.0, 2.0)
    simpson[[0, -1]] = 1.0
    marginal = (simpson * density * eaten**-2.0).sum() * (shock[1] - shock[0]) / 3
    np.testing.assert_allclose(found, np.log(0.9 * 1.04 * marginal * w[:, 0] ** 2), rtol=1e-4)
    assert np.all(found < 0)


def test_it_is_zero_where_no_bound_holds_the_control_and_where_the_equation_leans_the_other_way():
    judge = judge_of(SAVER)
    assert np.all(judge.multipliers(eat_up_to_one, np.array([[1.2], [3.0]]))["multiplier_c"] == 0)
    assert np.all(judge.multipliers(lambda states: states, np.array([[3.0]]))["multiplier_c"] == 0)


def test_a_model_whose_multiplier_is_a_control_has_it_there():
    model = load_zoo("irreversible_investment")
    assert judge_of(model).multipliers(lambda states: states[:, :2], np.array([[0.0, 15.0]])) == {}


def test_however_many_states_are_asked_about_each_is_answered_as_alone():
    """More of them than are looked at together, of which each has 201 cases of the next period."""
    judge, w = judge_of(SAVER), np.linspace(0.2, 1.2, 2_500)[:, None]
    found = judge.multipliers(eat_up_to_one, w)["multiplier_c"]
    alone = [
        judge.multipliers(eat_up_to_one, w[place : place + 1])["multiplier_c"][0]
        for place in (0, 1_500, 2_499)
    ]
    np.testing.assert_allclose(found[[0, 1_500, 2_499]], alone, rtol=1e-13, atol=0)
    assert found.shape == (2_500,)
