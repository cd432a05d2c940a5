"""An autoregression in the place of which a file asks for a Markov chain."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.errors import ModelError
from solver.model.load import load_model, model_from_document
from solver.model.state_space import state_space
from solver.settings import SolveSettings
from solver.solve import solve

# Brock-Mirman with autocorrelated productivity: c = (1 - βθ) exp(z) k^θ whatever the law of z.
BROCK_MIRMAN = """
name: brock mirman by regimes
symbols: {{states: [k], controls: [i], exogenous: [z], parameters: [beta, theta, rho, sigma]}}
definitions: |
  y[t] = exp(z[t])*k[t]^theta
  c[t] = y[t] - i[t]
equations:
  transition: k[t] = i[t-1]
  arbitrage: 1 - beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]
calibration: {{beta: 0.95, theta: 0.3, rho: 0.8, sigma: 0.02, z: 0, k: (beta*theta)^(1/(1-theta)), i: k}}
exogenous: !AR1 {{rho: rho, sigma: sigma, {entry}}}
domain: {{k: [0.7*k, 1.3*k]}}
"""


def model_with(entry):
    return load_model(BROCK_MIRMAN.format(entry=entry))


@pytest.mark.parametrize("method", ["rouwenhorst", "tauchen"])
def test_the_policy_is_a_function_for_each_regime_and_the_closed_form_in_each(method):
    model = model_with(f"discretize: {{method: {method}, n: 5}}")
    assert state_space(model).names == ("k", "regime")
    calibration = calibrate(model)
    solution = solve(model, calibration, SolveSettings(target=1e-8)).raise_for_status()
    assert solution.certificate.verdict == "pass"
    z = calibration.process.values[:, 0]
    assert len(z) == 5 and np.all(np.diff(z) > 0)
    k = np.linspace(*calibration.domain["k"], 9)
    for regime, level in enumerate(z):
        states = np.column_stack([k, np.full(9, regime)])
        wanted = 0.95 * 0.3 * np.exp(level) * k**0.3
        np.testing.assert_allclose(solution.policy.evaluate(states)[:, 0], wanted, rtol=1e-7)


def test_rouwenhorst_keeps_the_moments_of_the_autoregression():
    process = calibrate(model_with("discretize: {method: rouwenhorst, n: 7}")).process
    share, z = process.stationary_regimes(), process.values[:, 0]
    variance = 0.02**2 / (1 - 0.8**2)
    assert share @ z == pytest.approx(0, abs=1e-15)
    assert share @ z**2 == pytest.approx(variance, rel=1e-12)
    assert share @ (z * (process.transitions @ z)) == pytest.approx(0.8 * variance, rel=1e-12)


def test_the_document_reads_back_to_the_same_model():
    model = model_with("discretise: {method: tauchen, n: 3}")
    assert model_from_document(model.document) == model


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("discretize: {method: rouwenhurst, n: 5}", "rouwenhurst"),
        ("discretize: {method: tauchen, n: 1}", "2 to 64"),
        ("discretize: {method: tauchen, n: 2.5}", "2 to 64"),
        ("discretize: 5", "mapping"),
        ("discretize: {method: tauchen, n: 3, width: 2}", "width"),
    ],
)
def test_what_is_no_discretisation_is_refused(entry, message):
    with pytest.raises(ModelError, match=message):
        model_with(entry)
