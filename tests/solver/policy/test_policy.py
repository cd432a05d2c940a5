"""Policies: stored, read back and evaluated."""

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import ArtifactError
from solver.policy.family import ACTIVATIONS, build_family
from solver.policy.frame import Frame
from solver.policy.policy import Policy
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


def random_policy(family, n_states, n_controls, seed):
    rng = np.random.default_rng(seed)
    frame = Frame(
        center=rng.normal(size=n_states),
        half_width=rng.uniform(0.1, 3, n_states),
        base=rng.normal(size=n_controls),
        slope=rng.normal(size=(n_states, n_controls)),
        scale=rng.uniform(0.1, 3, n_controls),
    )
    weights = tuple(rng.normal(size=shape) for shape in build_family(family, n_states, n_controls).shapes)
    states, controls = (tuple(f"x{j}" for j in range(n)) for n in (n_states, n_controls))
    return Policy(states, controls, family, frame, weights)


@pytest.fixture
def policy():
    return random_policy(PolicySettings(hidden=(4,), activation="tanh"), 2, 1, seed=0)


@given(
    family=FAMILIES, n_states=st.integers(1, 3), n_controls=st.integers(1, 2), seed=st.integers(0, 2**32 - 1)
)
@settings(max_examples=50, deadline=None)
def test_a_policy_read_back_gives_the_same_bytes(family, n_states, n_controls, seed):
    policy = random_policy(family, n_states, n_controls, seed)
    stored = io.BytesIO()
    np.savez(stored, **policy.to_arrays())
    stored.seek(0)
    with np.load(stored, allow_pickle=False) as arrays:
        again = Policy.from_arrays(json.loads(json.dumps(policy.metadata())), dict(arrays))
    states = np.random.default_rng(seed).normal(size=(10, n_states))
    assert again.evaluate(states).tobytes() == policy.evaluate(states).tobytes()
    assert (again.state_names, again.control_names) == (policy.state_names, policy.control_names)
    assert again.settings == policy.settings


def test_controls_are_the_linear_rule_and_the_scaled_correction(policy):
    states = np.random.default_rng(1).normal(size=(10, 2))
    frame, (inner, output) = policy.frame, policy.weights
    u = (states - frame.center) / frame.half_width
    correction = np.tanh(u @ inner[:-1] + inner[-1]) @ output[:-1] + output[-1]
    expected = frame.base + u @ frame.slope + frame.scale * correction
    np.testing.assert_allclose(policy.evaluate(states), expected, rtol=1e-12)


def test_a_state_has_the_same_controls_alone_and_among_others(policy):
    states = np.random.default_rng(1).normal(size=(100, 2))
    alone = np.concatenate([policy.evaluate(state[None]) for state in states])
    np.testing.assert_allclose(alone, policy.evaluate(states), rtol=1e-12)


@pytest.mark.parametrize("name", ["frame_center", "frame_scale", "weights_0", "weights_1"])
def test_a_lost_array_is_an_artifact_error(policy, name):
    arrays = policy.to_arrays()
    del arrays[name]
    with pytest.raises(ArtifactError, match=name):
        Policy.from_arrays(policy.metadata(), arrays)


@pytest.mark.parametrize("name", ["frame_center", "frame_base", "frame_slope", "weights_0", "weights_1"])
def test_an_array_of_another_shape_is_an_artifact_error(policy, name):
    arrays = policy.to_arrays()
    arrays[name] = np.ones((7, *arrays[name].shape))
    with pytest.raises(ArtifactError, match=name):
        Policy.from_arrays(policy.metadata(), arrays)


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
        Policy.from_arrays(policy.metadata() | change, policy.to_arrays())


@pytest.mark.parametrize("name", ["settings", "state_names", "control_names"])
def test_lost_metadata_is_an_artifact_error(policy, name):
    metadata = policy.metadata()
    del metadata[name]
    with pytest.raises(ArtifactError):
        Policy.from_arrays(metadata, policy.to_arrays())
