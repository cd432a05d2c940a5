import dataclasses
import json

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.errors import ArtifactError
from solver.model.load import load_model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.policy.frame import Frame
from solver.policy.policy import Policy, numpy_rule
from solver.progress import Progress
from solver.settings import PolicySettings, SolveSettings
from solver.solution import Provenance, Solution
from solver.status import Status
from worker.artifacts import KEPT_REPORTS, Artifact


@pytest.fixture(scope="module")
def solution():
    model = load_zoo("neoclassical")
    calibration = calibrate(model)
    settings = PolicySettings(family="neural", hidden=(4,)).resolve(problem_size(model))
    rng = np.random.default_rng(0)
    weights = tuple(rng.normal(size=shape) for shape in numpy_rule(model, settings).family.shapes)
    affine = np.zeros(2), np.ones(2), np.array([[0.4]]), np.array([[0.1], [0.2]]), np.array([0.5])
    frame = Frame(*affine, np.full(2, -np.inf), np.full(2, np.inf))
    return Solution(
        status=Status.CONVERGED,
        calibration=calibration,
        settings=SolveSettings(),
        policy=Policy(model, calibration, settings, frame, weights),
        certificate=None,
        history=(Progress("gauss-newton", 1, float("nan"), None, 512, 0.1, None),),
        provenance=Provenance({}, "cpu", "float64", 0.1, 0.1),
    )


def unpacked(artifact, solution):
    return artifact.unpack(solution.policy.model, solution.calibration)


def test_a_policy_reads_back_and_decides_the_same(solution):
    artifact = Artifact.pack(solution, solution.policy)
    states = np.random.default_rng(1).uniform(-1, 1, (50, 2))
    again = unpacked(artifact, solution)
    np.testing.assert_array_equal(again.evaluate(states), solution.policy.evaluate(states))


def test_a_policy_of_another_model_is_refused(solution):
    other = load_model(
        "{name: other, symbols: {states: [k], controls: [i], exogenous: [], parameters: []}, equations: "
        "{transition: ['k[t] = i[t-1]'], arbitrage: ['i[t] = 0.5*k[t]']}, calibration: {k: 0, i: 0}, domain: {k: [-1, 1]}}"
    )
    with pytest.raises(ArtifactError, match="other"):
        Artifact.pack(solution, solution.policy).unpack(other, calibrate(other))


def test_the_manifest_says_what_was_solved(solution):
    manifest = Artifact.pack(solution, solution.policy).read_manifest()
    assert manifest["status"] == "converged"
    assert manifest["steady_state"] == pytest.approx(solution.calibration.steady_state)
    assert manifest["domain"].keys() == solution.calibration.domain.keys()
    assert manifest["history"][0]["loss"] is None
    assert manifest["history"][0]["states_visited"] == 512


def test_the_same_policy_packs_to_the_same_bytes(solution):
    assert Artifact.pack(solution, solution.policy) == Artifact.pack(solution, solution.policy)


def test_other_bytes_than_those_stored_are_refused(solution):
    artifact = Artifact.pack(solution, solution.policy)
    changed = bytearray(artifact.arrays)
    changed[len(changed) // 2] ^= 1
    with pytest.raises(ArtifactError, match="do not match"):
        unpacked(dataclasses.replace(artifact, arrays=bytes(changed)), solution)


def test_another_format_is_refused(solution):
    artifact = Artifact.pack(solution, solution.policy)
    manifest = json.dumps(artifact.read_manifest() | {"format": 99}).encode()
    with pytest.raises(ArtifactError, match="99"):
        unpacked(dataclasses.replace(artifact, manifest=manifest), solution)


def test_a_pickle_is_never_loaded(solution, tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, frame_center=np.array([{"an": "object"}], dtype=object))
    good = Artifact.pack(solution, solution.policy)
    import hashlib

    manifest = good.read_manifest() | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    with pytest.raises(ArtifactError, match="not a policy"):
        unpacked(Artifact(json.dumps(manifest).encode(), path.read_bytes()), solution)


@pytest.mark.parametrize("n_reports", [0, 1, KEPT_REPORTS, KEPT_REPORTS + 1, 20_000])
def test_what_is_kept_of_training_is_bounded_and_holds_its_ends_and_its_best(solution, n_reports):
    best = n_reports // 3 + 1 if n_reports > KEPT_REPORTS else None
    history = tuple(
        Progress("adam", step, 1.0, None if step == 7 else -9.0 if step == best else -3.0, step, step / 10)
        for step in range(n_reports)
    )
    long = dataclasses.replace(solution, history=history)
    steps = [one["step"] for one in Artifact.pack(long, long.policy).read_manifest()["history"]]
    assert steps == sorted(set(steps))
    if n_reports <= KEPT_REPORTS:
        assert steps == list(range(n_reports))
        return
    assert KEPT_REPORTS - 1 <= len(steps) <= KEPT_REPORTS
    assert (steps[0], steps[-1]) == (0, n_reports - 1)
    assert best in steps
    assert max(np.diff(steps)) <= n_reports / (KEPT_REPORTS - 2) + 1
