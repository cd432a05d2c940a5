import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import model_from_document
from solver.model.zoo import load_zoo
from solver.settings import Method, PolicySettings, SolveSettings
from worker.artifacts import Artifact
from worker.contract import Job, Problem
from worker.execution import Success, execute
from worker.stored import Stored


@pytest.fixture(scope="module")
def job():
    model = load_zoo("brock_mirman")
    method = Method(policy=PolicySettings(family="polynomial", degree=4))
    return Job.describe("brock_mirman", model, calibrate(model), SolveSettings(method=method))


def run(job, reports=None, is_over=False):
    return execute(job, (reports if reports is not None else []).append, lambda: is_over)


def test_a_job_becomes_a_policy(job):
    reports = []
    outcome = run(job, reports)
    assert isinstance(outcome, Success)
    assert outcome.certificate["verdict"] in ("pass", "warn")
    assert outcome.provenance["dtype"] == "float64"
    assert outcome.provenance["solve_s"] > 0
    assert reports
    # Brock and Mirman (1972): i = βθ exp(a) k^θ, exactly.
    beta, theta = job.calibration["beta"], job.calibration["theta"]
    domain = outcome.artifact.read_manifest()["domain"]
    states = np.array([[sum(domain[name]) / 2 for name in ("a", "k")]])
    exact = beta * theta * np.exp(states[0, 0]) * states[0, 1] ** theta
    model = model_from_document(job.document)
    policy = outcome.artifact.unpack(model, calibrate(model, job.calibration))
    assert policy.evaluate(states)[0, 0] == pytest.approx(exact, rel=1e-4)


def test_the_same_job_becomes_the_same_bytes(job):
    assert run(job).artifact.arrays == run(job).artifact.arrays


@pytest.fixture(scope="module")
def solved(job):
    """The job with what it was solved to."""
    return Stored(job, run(job).artifact)


def from_start(job, start):
    return execute(job, [].append, lambda: False, start)


def test_a_job_with_a_start_becomes_the_same_bytes_and_says_what_became_of_it(job, solved):
    changes = {
        "method": {**job.method.model_dump(), "policy": {"family": "polynomial", "degree": 8}},
        "target": 1e-5,
    }
    calibration = {**job.calibration, "beta": 0.955}
    warm = Job.model_validate({**job.model_dump(), **changes, "calibration": calibration, "start": job.id})
    once, twice = from_start(warm, solved), from_start(warm, solved)
    assert once.provenance["start"] == "taken"
    assert run(job).provenance["start"] is None
    assert once.artifact.arrays == twice.artifact.arrays
    assert once.certificate == twice.certificate
    assert once.progress.step < run(warm).progress.step


def test_a_start_that_cannot_be_read_fails_the_job_with_a_remedy(job, solved):
    spoilt = Stored(job, Artifact(solved.artifact.manifest, solved.artifact.arrays[:-1]))
    outcome = from_start(job.model_copy(update={"start": job.id}), spoilt)
    assert isinstance(outcome, Problem)
    assert outcome.code == "start-lost"
    assert job.id in outcome.detail and "retry" in outcome.detail


def test_a_start_that_does_not_fit_fails_the_job(job, solved):
    model = load_zoo("rbc_labour")
    other = Job.describe("rbc_labour", model, calibrate(model), SolveSettings(), job.id)
    outcome = from_start(other, solved)
    assert isinstance(outcome, Problem)
    assert outcome.code == "unsolvable" and "controls" in outcome.detail


def test_a_solve_that_is_told_to_stop_has_no_outcome(job):
    assert run(job, is_over=True) is None


@pytest.mark.parametrize(
    "change",
    [
        {"document": {"name": "nothing"}},
        {"calibration": {"beta": 2.0}},
    ],
    ids=["no model", "a calibration without a steady state"],
)
def test_an_input_that_cannot_be_solved_fails_with_its_faults(job, change):
    outcome = run(job.model_copy(update=change))
    assert isinstance(outcome, Problem)
    assert outcome.code == "unsolvable"
    assert outcome.detail


def test_an_unforeseen_fault_is_told_without_its_details(job, capsys):
    too_large = Method(policy=PolicySettings(family="neural", hidden=(2000, 2000)))
    outcome = run(job.model_copy(update={"method": too_large}))
    assert isinstance(outcome, Problem)
    assert outcome.code == "internal"
    assert "weights" not in outcome.detail
    assert "solve raised" in capsys.readouterr().out
