"""The section ``value`` taken apart, and what it must be for a lifetime to follow from it."""

import numpy as np
import pytest

from solver.language.numpy_backend import NUMPY
from solver.model.economy import Date, Economy
from solver.model.lifetime import lifetime_of
from solver.model.load import load_model, model_from_document
from solver.model.zoo import load_zoo

MODEL = """
name: growth
symbols: {states: [k], controls: [i], rewards: [u, r], values: [V], parameters: [beta, theta]}
definitions: c[t] = k[t]^theta - i[t]
equations:
  transition: k[t] = i[t-1]
  arbitrage: 1 - beta*theta*c[t]/c[t+1]*k[t+1]^(theta - 1)
  felicity: u[t] = log(c[t])
  value: V[t] = u[t] + beta*V[t+1]
calibration: {beta: 0.9, theta: 0.3, k: (beta*theta)^(1/(1 - theta)), i: k}
domain: {k: [0.5*k, 1.5*k]}
"""
VALUE = "V[t] = u[t] + beta*V[t+1]"
CAPITAL, INVESTMENT = 0.2, 0.05
C = CAPITAL**0.3 - INVESTMENT


def with_value(equation):
    return load_model(MODEL.replace(VALUE, equation))


@pytest.mark.parametrize(
    "equation, reward, discount",
    [
        (VALUE, np.log(C), 0.9),
        ("V = log(c) + beta*V(1)", np.log(C), 0.9),
        ("V[t] = (1 - beta)*u[t] + V[t+1]*beta", 0.1 * np.log(C), 0.9),
        ("V[t] = V[t+1]/(1 + theta) - (2*i[t] - u[t])", np.log(C) - 2 * INVESTMENT, 1 / 1.3),
        ("V[t] = -(c[t] - 2*(beta*(u[t] + V[t+1])/2)) + 1", 1 - C + 0.9 * np.log(C), 0.9),
        ("V[t] = u[t] + beta*(V[t+1] + V[t+1])/3 - k[t]", np.log(C) - CAPITAL, 0.6),
    ],
)
def test_reward_and_discount_are_those_of_the_equation(equation, reward, discount):
    model = with_value(equation)
    economy = Economy(model, NUMPY)
    today = Date(np.zeros((3, 0)), np.full((3, 1), CAPITAL), np.full((3, 1), INVESTMENT))
    found = economy.lifetime(np.array([0.9, 0.3]), today)
    np.testing.assert_allclose(found, [[reward] * 3, [discount] * 3], rtol=1e-14)


@pytest.mark.parametrize(
    "equation",
    [
        "V[t] = u[t] + beta*V[t+1]^2",
        "V[t] = u[t] + beta*V[t+1]*V[t+1]",
        "V[t] = u[t] + beta/V[t+1]",
        "V[t] = u[t] + beta*exp(V[t+1])",
        "V[t] = u[t] + beta*k[t]*V[t+1]",  # a discount that is not of parameters
        "V[t] = u[t] + beta*(V[t+1] + k[t+1])",  # a reward of tomorrow
        "V[t] = u[t] + beta*V[t]",
        "V[t] = r[t] + beta*V[t+1]",  # a reward that nothing defines
        "V[t] = beta*V[t+1]",
        "V[t] = u[t]",
    ],
)
def test_an_equation_of_another_form_gives_no_lifetime(equation):
    assert lifetime_of(with_value(equation)) is None


def test_a_model_that_does_not_say_what_is_maximised_has_no_lifetime():
    assert lifetime_of(load_model(MODEL.replace(f"  value: {VALUE}\n", ""))) is None
    assert lifetime_of(load_zoo("new_keynesian_zlb")) is None


def test_a_model_whose_multiplier_is_a_control_has_no_lifetime():
    document = dict(load_zoo("irreversible_investment").document)
    document["symbols"] = document["symbols"] | {"values": ["V"]}
    document["equations"] = document["equations"] | {"value": ["V[t] = crra(c[t], gamma) + beta*V[t+1]"]}
    assert lifetime_of(model_from_document(document)) is None
