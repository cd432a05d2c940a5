import dataclasses
import json

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.errors import ArtifactError
from solver.model.zoo import load_zoo
from solver.policy.family import build_family
from solver.policy.frame import Frame
from solver.policy.policy import Policy
from solver.progress import Progress
from solver.settings import PolicySettings, SolveSettings
from solver.solution import Provenance, Solution
from solver.status import Status
from worker.artifacts import Artifact


@pytest.fixture(scope="module")
def solution():
    settings = PolicySettings(family="neural", hidden=(4,)).resolve()
    rng = np.random.default_rng(0)
    weights = tuple(rng.normal(size=shape) for shape in build_family(settings, 2, 1).shapes)
    frame = Frame(np.zeros(2), np.ones(2), np.array([0.4]), np.array([[0.1], [0.2]]), np.array([0.5]))
    return Solution(
        status=Status.CONVERGED,
        calibration=calibrate(load_zoo("neoclassical")),
        settings=SolveSettings(),
        policy=Policy(("a", "k"), ("i",), settings, frame, weights),
        certificate=None,
        history=(Progress("gauss-newton", 1, float("nan"), None, 512, 0.1, None),),
        provenance=Provenance({}, "cpu", "float64", 0.1, 0.1),
    )


def test_a_policy_reads_back_and_decides_the_same(solution):
    artifact = Artifact.pack(solution, solution.policy)
    states = np.random.default_rng(1).uniform(-1, 1, (50, 2))
    np.testing.assert_array_equal(artifact.unpack().evaluate(states), solution.policy.evaluate(states))


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
        dataclasses.replace(artifact, arrays=bytes(changed)).unpack()


def test_another_format_is_refused(solution):
    artifact = Artifact.pack(solution, solution.policy)
    manifest = json.dumps(artifact.read_manifest() | {"format": 99}).encode()
    with pytest.raises(ArtifactError, match="99"):
        dataclasses.replace(artifact, manifest=manifest).unpack()


def test_a_pickle_is_never_loaded(solution, tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, frame_center=np.array([{"an": "object"}], dtype=object))
    good = Artifact.pack(solution, solution.policy)
    import hashlib

    manifest = good.read_manifest() | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    with pytest.raises(ArtifactError, match="not a policy"):
        Artifact(json.dumps(manifest).encode(), path.read_bytes()).unpack()
