"""The differences whose zeros are the kinks of a model's functions."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.language.printer import to_text
from solver.model.kinked_functions import has_kinked_functions, kinks_of
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy

GROWTH = """\
name: kinked
symbols: {{states: [k], controls: [i], exogenous: [e], parameters: [beta, theta, delta]}}
definitions: |
  y[t] = k[t]^theta
  c[t] = {consumption}
equations:
  transition:
    - k[t] = {capital}
  arbitrage:
    - 1 - beta*c[t]/c[t+1]*(1 - delta + theta*y[t+1]/k[t+1]){residual}
calibration: {{i: delta*k, k: (theta/(1/beta - 1 + delta))^(1/(1-theta)), beta: 0.96, theta: 0.36, delta: 0.1, e: 0}}
exogenous: !Normal {{Sigma: [[0.0001]]}}
domain: {{k: [k/2, 2*k]}}
"""


def model(consumption="y[t] - i[t]", capital="(1 - delta)*k[t-1] + i[t-1]", residual=""):
    return load_model(GROWTH.format(consumption=consumption, capital=capital, residual=residual))


@pytest.mark.parametrize(
    ("changes", "kinks"),
    [
        ({}, []),
        ({"consumption": "y[t] - max(i[t], 0.1*y[t])"}, ["i[t] - 0.1*y[t]"]),
        ({"consumption": "y[t] - i[t] - 0.1*abs(i[t] - delta*k[t])"}, ["i[t] - delta*k[t]"]),
        ({"capital": "(1 - delta)*k[t-1] + min(i[t-1], k[t-1])"}, ["i[t] - k[t]"]),
        ({"capital": "(1 - delta)*k[t-1] + i[t-1] + max(e[t], 0)"}, []),
        ({"residual": " + 0*max(c[t+1], c[t])"}, []),
        ({"residual": " + 0*max(beta, theta)"}, []),
        (
            {"consumption": "min(y[t], k[t], 2) - i[t]", "residual": " + 0*min(y[t], k[t])"},
            ["min(y[t], k[t]) - 2", "y[t] - k[t]"],
        ),
    ],
)
def test_kinks_are_those_of_functions_of_today_each_once(changes, kinks):
    found = kinks_of(model(**changes))
    assert [to_text(difference) for difference in found] == kinks
    assert has_kinked_functions(model(**changes)) is bool(changes)


def test_the_kink_of_the_zero_bound_is_where_the_taylor_rule_meets_it():
    prices = load_zoo("new_keynesian_zlb")
    calibration = calibrate(prices)
    policy = Policy.of_linear_rule(prices, calibration)
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), (50, 8))
    definitions = policy.economy.definitions(calibration.parameter_vector(), policy.decide(states))
    (difference,) = policy.kinks(states).T
    np.testing.assert_allclose(difference, 1 - definitions["r_taylor"], rtol=0, atol=1e-14)
