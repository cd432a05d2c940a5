"""Records of solutions: read back, solved again, and held against what was found."""

import json

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.diagnostics.certificate import Certificate
from solver.model.load import model_from_document
from solver.model.zoo import load_zoo
from solver.settings import Method, PolicySettings, SolveSettings
from worker.agreement import AGAIN, compare
from worker.artifacts import Artifact
from worker.contract import Job
from worker.errors import RecordError
from worker.execution import execute
from worker.record import Record, Solved, StoredPolicy, read_record
from worker.reproduce import reproduce
from worker.stored import Stored

FAST = Method(policy=PolicySettings(family="polynomial", degree=8))


def job_of(start=None, target=1e-4, seed=0, **calibration):
    model = load_zoo("brock_mirman")
    settings = SolveSettings(method=FAST, target=target, seed=seed)
    return Job.describe("brock_mirman", model, calibrate(model, calibration), settings, start)


def solve(job, start=None):
    stored = None if start is None else Stored(start.job, start.policy.artifact)
    return execute(job, lambda _: None, lambda: False, stored)


def record_of(job, outcome, start=None):
    return Record(
        id=job.id,
        job=job,
        policy=StoredPolicy.of(outcome.artifact),
        start=start,
        certificate=Certificate.model_validate(outcome.certificate),
        provenance=outcome.provenance,
    )


@pytest.fixture(scope="module")
def outcome():
    return solve(job_of())


@pytest.fixture(scope="module")
def record(outcome):
    return record_of(job_of(), outcome)


@pytest.fixture(scope="module")
def warm(record):
    """The record of a solution that started from the other one."""
    start, job = Solved(job=record.job, policy=record.policy), job_of(start=record.id, beta=0.95)
    return record_of(job, solve(job, start), start)


def changed(record, **changes):
    """The record with some members of its document replaced: ``changed(record, job={"seed": 1})``."""
    document = json.loads(record.model_dump_json())
    for name, change in changes.items():
        document[name] = {**document[name], **change} if isinstance(change, dict) else change
    return read_record(json.dumps(document).encode())


def against(record, outcome, **certificate):
    """The comparison of a record with an outcome whose certificate is changed."""
    found = Certificate.model_validate(outcome.certificate).model_copy(update=certificate)
    return compare(record, found, outcome.provenance, outcome.artifact)


def names_that_differ(lines):
    return {line.name for line in lines if not line.is_same}


def test_a_record_reads_back_equal(record, warm):
    for one in (record, warm):
        assert read_record(one.model_dump_json().encode()) == one
    assert warm.start.job == record.job


def test_a_record_tells_what_produced_it(record):
    provenance = record.provenance
    assert provenance["hashes"] == {
        "job": record.id,
        "model": record.job.model_hash,
        "policy": record.policy.sha256,
    }
    assert provenance["threads"].keys() == {"blas", "intra_op", "inter_op"}
    assert provenance["cpu"] and provenance["versions"]["tensorflow"]


def test_a_record_alone_is_solved_to_the_same_bytes(record, warm):
    for one in (record, warm):
        found = reproduce(read_record(one.model_dump_json().encode()))
        assert found.outcome == "identical"
        assert not names_that_differ([*found.contents, *found.conditions, *found.certificate, found.policy])
        assert found.differences == {"i": 0.0}
    assert warm.provenance["start"] == "taken"
    assert warm.provenance["hashes"]["start"] == record.policy.sha256


def test_a_record_of_an_older_release_is_solved_again_all_the_same(record):
    told = {"versions": {"tensorflow": "1.0"}, "device": "cpu", "dtype": "float64"}
    document = json.loads(record.model_dump_json()) | {"provenance": told}
    old = read_record(json.dumps(document).encode())
    assert old.threads == {} and old.hashes == {}
    found = reproduce(old)
    assert found.outcome == "identical"
    assert {"cpu", "threads", "versions: tensorflow"} <= names_that_differ(found.conditions)


def test_another_seed_is_another_solution_than_the_record_says(record):
    found = reproduce(changed(record, job={"seed": 1}))
    assert found.outcome == "different"
    assert names_that_differ(found.contents) == {"job", f"{AGAIN}job"}


@pytest.mark.parametrize(
    "change, names",
    [
        ({"id": "0" * 32}, {"job"}),
        ({"job": {"model_hash": "0" * 64}}, {"model"}),
        ({"policy": {"arrays": "UEsDBA=="}}, {"policy", f"{AGAIN}policy"}),
        ({"provenance": {"hashes": {"policy": "0" * 64}}}, {f"{AGAIN}policy"}),
    ],
    ids=["id", "model's hash", "policy", "provenance"],
)
def test_a_hash_that_is_not_that_of_the_content_is_told(record, outcome, change, names):
    found = against(changed(record, **change), outcome)
    assert found.outcome == "different"
    assert names_that_differ(found.contents) == names
    assert (found.differences is None) == ("policy" in change)


def test_another_start_is_told_and_not_started_from(warm):
    start = {"policy": {"manifest": warm.start.policy.manifest, "arrays": "UEsDBA=="}}
    found = reproduce(changed(warm, start=start))
    assert found.outcome == "different"
    assert names_that_differ(found.contents) == {"start", f"{AGAIN}start"}
    assert "the artifact's arrays do not match" in found.problem


def test_a_policy_that_cannot_be_read_is_told(record):
    bytes_ = b"no arrays"
    manifest = {**record.policy.manifest, "sha256": Artifact(b"{}", bytes_).sha256}
    policy = StoredPolicy(manifest=manifest, arrays=bytes_)
    found = reproduce(record.model_copy(update={"policy": policy}))
    assert found.outcome == "different"
    assert "cannot be read" in found.problem


def test_a_job_that_cannot_be_solved_is_told(record):
    found = reproduce(changed(record, job={"calibration": {**record.job.calibration, "beta": 2.0}}))
    assert found.outcome == "different"
    assert "beta" in found.problem and found.policy is None


def test_controls_may_differ_by_the_target(record):
    """Another seed's polynomial, of states that differ, is another policy by less than the one and more than the other."""
    other = solve(job_of(seed=1))
    model = model_from_document(record.job.document)
    calibration = calibrate(model)
    policies = [one.unpack(model, calibration) for one in (record.policy.artifact, other.artifact)]
    states = np.random.default_rng(1).uniform(calibration.lower(), calibration.upper(), (2000, 2))
    before, now = (policy.evaluate(states)[:, 0] for policy in policies)
    expected = np.abs(now - before).max() / np.abs(before).mean()
    found = against(record, other)
    # Both are the largest of thousands of random states, and neither has the corners, where polynomials differ most.
    assert expected / 2 <= found.differences["i"] <= 2 * expected
    assert 0 < found.differences["i"] <= found.tolerance == 1e-4
    assert found.outcome == "within_tolerance"
    strict = record.job.model_copy(update={"target": found.differences["i"] / 2})
    strict = record.model_copy(update={"job": strict, "id": strict.id, "provenance": {}})
    assert against(strict, other).outcome == "different"


def test_certificates_must_come_to_the_same(record, outcome):
    assert against(record, outcome, verdict="fail").outcome == "different"
    errors = record.certificate.euler_errors
    for largest, expected in ((-3.5, "different"), (None, "different"), (-4.1, "within_tolerance")):
        box = errors.box.model_copy(update={"max_log10": largest})
        found = against(record, outcome, euler_errors=errors.model_copy(update={"box": box}))
        assert found.outcome == expected


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda d: d.pop("id"), "id: Field required"),
        (lambda d: d["job"].update(seed="x"), "job.seed"),
        (lambda d: d.update(format=2), "format: Input should be 1"),
        (lambda d: d["policy"].update(arrays="?"), "policy.arrays"),
        (lambda d: d["job"].update(start="0" * 32), "start is that solution: give both or neither"),
        (lambda d: d.update(certificate={}), "and 1 more"),
        (lambda d: d.update(unheard_of=1), "unheard_of: Extra inputs"),
    ],
)
def test_what_is_no_record_is_refused_with_its_faults(record, change, told):
    document = json.loads(record.model_dump_json())
    change(document)
    with pytest.raises(RecordError, match="this is no record of a solution") as caught:
        read_record(json.dumps(document).encode())
    assert told in str(caught.value) and "GET /v1/solutions/ID/record" in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b"null"])
def test_what_is_no_document_is_refused(text):
    with pytest.raises(RecordError, match="this is no record of a solution"):
        read_record(text)
