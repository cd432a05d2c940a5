import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import ArtifactError
from solver.policy.family import build_family
from solver.policy.frame import build_frame
from solver.policy.policy import Policy
from solver.settings import PolicySettings


def random_policy(seed, chosen):
    rng = np.random.default_rng(seed)
    resolved = chosen.resolve()
    family = build_family(resolved, 2, 1)
    frame = build_frame(
        lower=np.array([-0.2, 2.0]),
        upper=np.array([0.2, 6.0]),
        states=np.array([0.0, 4.1]),
        controls=np.array([0.4]),
        rule=rng.normal(size=(1, 2)),
    )
    weights = tuple(rng.normal(size=shape) for shape in family.shapes)
    return Policy(("a", "k"), ("i",), resolved, frame, weights)


CHOICES = [
    PolicySettings(hidden=(7,)),
    PolicySettings(hidden=(4, 3)),
    PolicySettings(family="polynomial", degree=5),
]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), chosen=st.sampled_from(CHOICES))
def test_saved_and_loaded_it_gives_the_same_bits(seed, chosen):
    policy = random_policy(seed, chosen)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **policy.to_arrays())
    metadata = json.loads(json.dumps(policy.metadata()))
    with np.load(io.BytesIO(buffer.getvalue()), allow_pickle=False) as arrays:
        loaded = Policy.from_arrays(metadata, dict(arrays))
    states = np.random.default_rng(seed).uniform([-0.3, 1.0], [0.3, 7.0], size=(9, 2))
    assert loaded.evaluate(states).tobytes() == policy.evaluate(states).tobytes()


def test_without_weights_it_is_the_linear_rule():
    rule = np.array([[0.3, -0.05]])
    frame = build_frame(
        np.array([-0.2, 2.0]), np.array([0.2, 6.0]), np.array([0.0, 4.1]), np.array([0.4]), rule
    )
    chosen = PolicySettings(hidden=(3,)).resolve()
    weights = tuple(np.zeros(shape) for shape in build_family(chosen, 2, 1).shapes)
    policy = Policy(("a", "k"), ("i",), chosen, frame, weights)
    states = np.array([[0.1, 5.0], [-0.2, 2.0], [0.0, 4.1]])
    expected = 0.4 + (states - [0.0, 4.1]) @ rule.T
    np.testing.assert_allclose(policy.evaluate(states), expected, rtol=1e-14)
    np.testing.assert_allclose(frame.linear_rule(states), expected, rtol=1e-14)


def test_a_frame_without_slope_and_level_has_a_scale():
    frame = build_frame(np.zeros(1), np.ones(1), np.full(1, 0.5), np.zeros(1), np.zeros((1, 1)))
    assert frame.scale.tolist() == [1.0]


def test_rows_do_not_depend_on_their_batch():
    policy = random_policy(0, CHOICES[0])
    states = np.random.default_rng(2).uniform([-0.2, 2.0], [0.2, 6.0], size=(50, 2))
    alone = np.concatenate([policy.evaluate(state[None]) for state in states])
    # Matrix products of other shapes may round otherwise in the last digits.
    np.testing.assert_allclose(policy.evaluate(states), alone, rtol=1e-13)


@pytest.mark.parametrize("missing", ["weights_0", "frame_center"])
def test_a_missing_array_is_a_broken_artifact(missing):
    policy = random_policy(0, CHOICES[0])
    arrays = policy.to_arrays()
    del arrays[missing]
    with pytest.raises(ArtifactError, match=missing):
        Policy.from_arrays(policy.metadata(), arrays)


def test_an_array_of_another_shape_is_a_broken_artifact():
    policy = random_policy(0, CHOICES[0])
    with pytest.raises(ArtifactError, match="weights_1 has shape"):
        Policy.from_arrays(policy.metadata(), policy.to_arrays() | {"weights_1": np.zeros((2, 2))})
