"""Policies: stored, read back and evaluated."""

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.calibrate import calibrate
from solver.errors import ArtifactError
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.family import ACTIVATIONS
from solver.policy.frame import Frame
from solver.policy.policy import Policy, numpy_rule
from solver.settings import PolicySettings

FAMILIES = st.one_of(
    st.builds(PolicySettings, family=st.just("polynomial"), degree=st.integers(1, 6)),
    st.builds(
        PolicySettings,
        family=st.just("neural"),
        hidden=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple),
        activation=st.sampled_from(sorted(ACTIVATIONS)),
    ),
)


#: Two regimes, an autocorrelated shock and a bound: every part that a policy can have.
REGIMES = load_model("""
name: regimes
symbols: {states: [k], controls: [i, n], exogenous: [z, w], parameters: [delta]}
equations:
  transition: k[t] = (1 - delta)*k[t-1] + i[t-1]
  arbitrage: |
    i[t] - delta*k[t] - w[t] - 0.1*z[t]  ⟂ 0 <= i[t] <= k[t]
    n[t] = k[t] + w[t+1]
calibration: {delta: 0.1, k: 2, i: delta*k, n: k, z: 0, w: 0}
exogenous:
  z: !AR1 {rho: 0.8, sigma: 0.1}
  w: !MarkovChain {values: [[-0.1], [0.1]], transitions: [[0.7, 0.3], [0.3, 0.7]]}
domain: {k: [1, 3], z: [-0.5, 0.5]}
""")
MODELS = {model.name: model for model in (load_zoo("neoclassical"), REGIMES)}
CALIBRATIONS = {name: calibrate(model) for name, model in MODELS.items()}


def random_policy(family, name="neoclassical", seed=0):
    rng = np.random.default_rng(seed)
    model = MODELS[name]
    rule = numpy_rule(model, family)
    n_continuous, n_regimes = rule.space.n_continuous, rule.space.n_regimes
    n_notional = rule.outputs.n_notional
    frame = Frame(
        center=rng.normal(size=n_continuous),
        half_width=rng.uniform(0.1, 3, n_continuous),
        base=rng.normal(size=(n_regimes, n_notional)),
        slope=rng.normal(size=(n_continuous, n_notional)),
        scale=rng.uniform(0.1, 3, n_notional),
        lowest=rng.uniform(-2, -1, n_continuous),
        highest=rng.uniform(1, 2, n_continuous),
    )
    weights = tuple(rng.normal(size=shape) for shape in rule.family.shapes)
    return Policy(model, CALIBRATIONS[name], family, frame, weights)


def random_states(policy, seed, count):
    rng = np.random.default_rng(seed)
    return policy.space.with_regimes(rng, rng.normal(size=(count, policy.space.n_continuous)))


def read_back(policy, metadata=None, arrays=None):
    return Policy.from_arrays(
        policy.model,
        policy.calibration,
        policy.metadata() if metadata is None else metadata,
        policy.to_arrays() if arrays is None else arrays,
    )


@pytest.fixture
def policy():
    return random_policy(PolicySettings(hidden=(4,), activation="tanh"))


@given(family=FAMILIES, name=st.sampled_from(sorted(MODELS)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_policy_read_back_gives_the_same_bytes(family, name, seed):
    policy = random_policy(family, name, seed)
    stored = io.BytesIO()
    np.savez(stored, **policy.to_arrays())
    stored.seek(0)
    with np.load(stored, allow_pickle=False) as arrays:
        again = read_back(policy, json.loads(json.dumps(policy.metadata())), dict(arrays))
    states = random_states(policy, seed, 10)
    with np.errstate(over="ignore"):  # scales of multipliers under random weights
        assert again.evaluate(states).tobytes() == policy.evaluate(states).tobytes()
    assert again.metadata() == policy.metadata()
    assert again.settings == policy.settings


def test_controls_are_the_linear_rule_and_the_scaled_correction(policy):
    states = np.random.default_rng(1).normal(size=(10, 2))
    frame, (inner, output) = policy.frame, policy.weights
    u = (states - frame.center) / frame.half_width
    held = np.clip(u, frame.lowest, frame.highest)
    correction = np.tanh(held @ inner[:-1] + inner[-1]) @ output[:-1] + output[-1]
    expected = frame.base[0] + u @ frame.slope + frame.scale * correction
    np.testing.assert_allclose(policy.evaluate(states), expected, rtol=1e-12)


def test_every_regime_has_its_own_controls_within_the_bounds():
    policy = random_policy(PolicySettings(hidden=(4,), activation="tanh"), "regimes")
    assert policy.metadata()["state_names"] == ["z", "k", "regime"]
    states = random_states(policy, seed=1, count=60)
    frame, (inner, output) = policy.frame, policy.weights
    u = (states[:, :2] - frame.center) / frame.half_width
    hidden = np.tanh(np.clip(u, frame.lowest, frame.highest) @ inner[:-1] + inner[-1])
    wanted = np.empty((60, 3))  # the last for the scale of a multiplier
    for row, regime in enumerate(states[:, 2].astype(int)):
        columns = slice(3 * regime, 3 * regime + 3)
        correction = hidden[row] @ output[:-1, columns] + output[-1, columns]
        wanted[row] = frame.base[regime] + u[row] @ frame.slope + frame.scale * correction
    # The bounds are 0 and k; where k is negative, the upper one holds.
    expected = np.column_stack([np.minimum(np.maximum(wanted[:, 0], 0.0), states[:, 1]), wanted[:, 1]])
    np.testing.assert_allclose(policy.evaluate(states), expected, rtol=1e-12, atol=1e-13)
    today = policy.decide(states)
    np.testing.assert_array_equal(today.exogenous, np.stack([states[:, 0], 0.2 * states[:, 2] - 0.1], -1))
    np.testing.assert_array_equal(today.states, states[:, 1:2])


@pytest.mark.parametrize("name", MODELS)
def test_a_state_has_the_same_controls_alone_and_among_others(name):
    policy = random_policy(PolicySettings(hidden=(4,), activation="tanh"), name)
    states = random_states(policy, seed=1, count=100)
    alone = np.concatenate([policy.evaluate(state[None]) for state in states])
    np.testing.assert_allclose(alone, policy.evaluate(states), rtol=1e-12)


def test_many_states_have_the_controls_of_their_parts():
    policy = random_policy(PolicySettings(hidden=(300, 4), activation="tanh"))
    states = random_states(policy, seed=1, count=3000)  # more than are evaluated at once
    parts = np.concatenate([policy.evaluate(part) for part in np.array_split(states, 17)])
    np.testing.assert_allclose(policy.evaluate(states), parts, rtol=1e-12)


def test_a_linear_policy_is_the_frame_alone():
    policy = random_policy(PolicySettings(family="linear"))
    states = random_states(policy, seed=1, count=10)
    frame = policy.frame
    expected = frame.base[0] + (states - frame.center) / frame.half_width @ frame.slope
    np.testing.assert_allclose(policy.evaluate(states), expected, rtol=1e-13)
    np.testing.assert_array_equal(read_back(policy).evaluate(states), policy.evaluate(states))


def test_a_policy_of_another_model_is_an_artifact_error(policy):
    other = load_model(
        "{name: other, symbols: {states: [k], controls: [i], exogenous: [], parameters: []}, equations: "
        "{transition: ['k[t] = i[t-1]'], arbitrage: ['i[t] = 0.5*k[t]']}, calibration: {k: 0, i: 0}, domain: {k: [-1, 1]}}"
    )
    with pytest.raises(ArtifactError, match="other"):
        Policy.from_arrays(other, calibrate(other), policy.metadata(), policy.to_arrays())


@pytest.mark.parametrize("name", ["frame_center", "frame_scale", "weights_0", "weights_1"])
def test_a_lost_array_is_an_artifact_error(policy, name):
    arrays = policy.to_arrays()
    del arrays[name]
    with pytest.raises(ArtifactError, match=name):
        read_back(policy, arrays=arrays)


@pytest.mark.parametrize("name", ["frame_center", "frame_base", "frame_slope", "weights_0", "weights_1"])
def test_an_array_of_another_shape_is_an_artifact_error(policy, name):
    arrays = policy.to_arrays()
    arrays[name] = np.ones((7, *arrays[name].shape))
    with pytest.raises(ArtifactError, match=name):
        read_back(policy, arrays=arrays)


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"family": "splines"}},
        {"settings": {"family": "neural"}},
        {"settings": None},
        {"state_names": None},
        {"control_names": 3},
    ],
    ids=str,
)
def test_broken_metadata_is_an_artifact_error(policy, change):
    with pytest.raises(ArtifactError):
        read_back(policy, policy.metadata() | change)


@pytest.mark.parametrize("name", ["settings", "state_names", "control_names"])
def test_lost_metadata_is_an_artifact_error(policy, name):
    metadata = policy.metadata()
    del metadata[name]
    with pytest.raises(ArtifactError):
        read_back(policy, metadata)
