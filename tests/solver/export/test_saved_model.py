"""SavedModels, loaded by TensorFlow without the solver's help."""

import io
import zipfile

import numpy as np
import pytest
import tensorflow as tf

from solver.export.saved_model import to_saved_model
from tests.solver.export.page import program, run
from tests.solver.export.policies import (
    EVERYTHING,
    MODELS,
    answers,
    assert_same,
    random_policy,
    states_around,
)


def loaded(policy, directory):
    with zipfile.ZipFile(io.BytesIO(to_saved_model(policy, {}))) as archive:
        archive.extractall(directory)
    return tf.saved_model.load(directory).signatures["serving_default"]


@pytest.mark.parametrize("family", ["polynomial", "arctan"])
@pytest.mark.parametrize("model", MODELS)
def test_tensorflow_gives_what_the_service_gives(model, family, tmp_path):
    policy = random_policy(MODELS[model], family)
    states = states_around(policy)
    answer = loaded(policy, tmp_path)(states=tf.constant(states))
    found = [answer[name] for name in ("controls", "definitions") if name in answer]
    assert_same(np.column_stack(found), answers(policy, states))


def test_it_is_differentiable_by_the_states(tmp_path):
    policy = random_policy(MODELS["neoclassical"], "tanh")
    evaluate, states = loaded(policy, tmp_path), tf.constant(policy.frame.center[None])
    with tf.GradientTape() as tape:
        tape.watch(states)
        controls = evaluate(states=states)["controls"]
    step = np.array([[0.0, 1e-6]])
    rise = policy.evaluate(states.numpy() + step) - policy.evaluate(states.numpy() - step)
    assert tape.gradient(controls, states).numpy()[0, 1] == pytest.approx(rise.item() / 2e-6, rel=1e-6)


def test_the_pages_program_runs(tmp_path, monkeypatch):
    policy = random_policy(EVERYTHING, "relu")
    (tmp_path / "policy.savedmodel.zip").write_bytes(to_saved_model(policy, {"solution": "5f0c"}))
    monkeypatch.chdir(tmp_path)
    namespace = run(program("policy.savedmodel.zip"))
    assert namespace["policy"]["origin"] == {"solution": "5f0c"}
    found = np.column_stack([namespace["controls"], namespace["definitions"]])
    assert_same(found, answers(policy, namespace["states"].numpy()))
