"""Policies of every model and every family, with random weights: what is exported has nothing to do with how good it is."""

import numpy as np

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo, zoo_names
from solver.policy.family import ACTIVATIONS
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy, numpy_rule
from solver.settings import PolicySettings

#: Every function of the language, two regimes, a shock that is a state, bounds with and without a control for their
#: multiplier, and each kind of natural domain.
EVERYTHING = load_model("""
name: everything
symbols: {states: [k], controls: [i, n, mu, p, q, s], exogenous: [z, w], parameters: [delta, gamma]}
definitions: |
  c[t] = k[t]^delta + exp(z[t])
  u[t] = crra(c[t], gamma) + crra(c[t], 1) + crra(1, delta)
  logs[t] = log(c[t]) + log10(c[t]) + sqrt(c[t])
  circle[t] = sin(k[t]) + cos(z[t]) + tan(0.1*k[t]) + abs(z[t])
  hyper[t] = sinh(0.01*z[t]) + sinh(k[t]) + cosh(k[t]) + tanh(z[t]) - w[t]
  ends[t] = min(k[t], 2) + max(z[t], 0, -0.1)/k[t]
  fixed[t] = delta^2
equations:
  transition: k[t] = (1 - delta)*k[t-1] + i[t-1]
  arbitrage: |
    i[t] - delta*k[t] - w[t] - 0.1*z[t]  ⟂ 0 <= i[t] <= k[t]
    mu[t]  ⟂ -inf <= n[t] <= 0.9*c[t]
    n[t] = k[t] + w[t+1] + mu[t]
    p[t] = 0.5
    q[t] = 2
    s[t] = -1
calibration: {delta: 0.1, gamma: 2, k: 2, i: delta*k, n: k, mu: 0, p: 0.5, q: 2, s: -1, z: 0, w: 0}
exogenous:
  z: !AR1 {rho: 0.8, sigma: 0.1}
  w: !MarkovChain {values: [[-0.1], [0.1]], transitions: [[0.7, 0.3], [0.3, 0.7]]}
domain: {k: [1, 3], z: [-0.5, 0.5]}
variables: {p: {bounds: [0, 1]}, q: {bounds: [1, inf]}, s: {bounds: [-inf, 0]}}
""")
MODELS = {model.name: model for model in (*map(load_zoo, zoo_names()), EVERYTHING)}
FAMILIES = {
    "linear": PolicySettings(family="linear"),
    "polynomial": PolicySettings(family="polynomial", degree=3),
    "hinged": PolicySettings(family="hinged", degree=2),
    **{
        activation: PolicySettings(family="neural", hidden=(7, 5), activation=activation)
        for activation in ACTIVATIONS
    },
}


def random_policy(model, family):
    """A policy of that model with small random weights around its linear rule, over a trained box beyond its domain."""
    calibration, settings = calibrate(model), FAMILIES[family]
    rule = numpy_rule(model, settings)
    rng = np.random.default_rng(0)
    d = rule.space.n_continuous
    frame = build_frame(calibration, output_map(model))
    frame = frame._replace(lowest=np.full(d, -1.2), highest=rng.uniform(1.0, 1.2, d))
    weights = tuple(0.1 * rng.normal(size=shape) for shape in rule.family.shapes)
    return Policy(model, calibration, settings, frame, weights)


def states_around(policy, count=300):
    """States of the domain and up to a third beyond it, in every regime."""
    rng, frame = np.random.default_rng(1), policy.frame
    u = rng.uniform(-1.3, 1.3, (count, len(frame.center)))
    return policy.space.with_regimes(rng, frame.center + frame.half_width * u)


def answers(policy, states):
    """Controls and definitions (n, n_controls + n_definitions) as the service evaluates them."""
    with np.errstate(all="ignore"):
        today = policy.decide(states)
    definitions = policy.economy.definitions(policy.calibration.parameter_vector(), today)
    return np.column_stack([today.controls, *definitions.values()])


def assert_same(found, truth):
    """To 1e-12 of each number, or, where it is a difference of larger ones, of the column's largest; NaN where NaN is."""
    assert found.shape == truth.shape
    largest = np.nanmax(np.abs(truth), axis=0, initial=0.0)
    for column, unit in enumerate(largest):
        np.testing.assert_allclose(found[:, column], truth[:, column], rtol=1e-12, atol=1e-12 * unit)
