import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from solver.progress import Progress
from solver.status import Status
from worker.artifacts import Artifact, ArtifactStore
from worker.attempts import POISONOUS, AttemptStore
from worker.contract import JobStatus, Problem
from worker.errors import AttemptRefusedError, JobNotFoundError
from worker.store import UNACKED_INDEX, connect

PROBLEM = Problem(type="/problems/diverged", title="It diverged.", detail="Lower the rate.", code="diverged")
ARTIFACT = Artifact(b"{}", b"\x00\xff arrays")
REPORT = Progress("adam", 100, 1e-3, -2.0, 12_800, 0.5, 9.5, Status.OUT_OF_STEPS)


@pytest.fixture
def job_id(jobs, make_job):
    return jobs.create(make_job())[0].id


def lease(client, tag, age_s=0.0):
    """What the queue does when it delivers a message."""
    client.zadd(UNACKED_INDEX, {tag: time.time() - age_s})


def succeed(attempts, attempt, artifact=ARTIFACT):
    return attempts.succeed(attempt, REPORT, {"verdict": "pass"}, {"device": "cpu"}, artifact)


def test_an_attempt_makes_the_job_running(jobs, attempts, job_id):
    attempts.begin(job_id, "tag")
    record = jobs.record(job_id)
    assert record.status is JobStatus.RUNNING
    assert record.attempts == 1
    assert record.started_at is not None


def test_progress_is_told_in_the_record(jobs, attempts, job_id):
    assert attempts.write_progress(attempts.begin(job_id, "tag"), REPORT)
    assert jobs.record(job_id).progress == {
        "phase": "adam",
        "step": 100,
        "states_visited": 12800,
        "loss": 1e-3,
        "euler_error_max_log10": -2.0,
        "elapsed_s": 0.5,
        "eta_s": 9.5,
        "forecast": "out_of_steps",
    }


def test_success_and_artifact_come_together(client, jobs, attempts, job_id):
    artifacts = ArtifactStore(client)
    attempt = attempts.begin(job_id, "tag")
    with pytest.raises(JobNotFoundError):
        artifacts.load(job_id)
    assert succeed(attempts, attempt)
    record = jobs.record(job_id)
    assert record.status is JobStatus.SUCCEEDED
    assert record.certificate == {"verdict": "pass"}
    assert record.provenance == {"device": "cpu"}
    assert record.finished_at is not None
    assert artifacts.load(job_id) == ARTIFACT


def test_a_newer_attempt_shuts_out_the_older(client, jobs, attempts, job_id):
    zombie = attempts.begin(job_id, "first")
    lease(client, "second")
    current = attempts.begin(job_id, "second")
    other = Artifact(b"{}", b"of the zombie")
    assert not attempts.write_progress(zombie, REPORT)
    assert not attempts.keep(zombie)
    assert not attempts.fail(zombie, PROBLEM)
    assert not succeed(attempts, zombie, other)
    assert attempts.keep(current)
    assert succeed(attempts, current)
    assert not succeed(attempts, zombie, other)
    assert jobs.record(job_id).attempts == 2
    assert ArtifactStore(client).load(job_id) == ARTIFACT


def test_a_zombie_is_shut_out_of_a_deleted_and_remade_job(jobs, attempts, make_job, job_id):
    zombie = attempts.begin(job_id, "first")
    jobs.delete(job_id)
    jobs.create(make_job())
    current = attempts.begin(job_id, "second")
    assert not succeed(attempts, zombie)
    assert succeed(attempts, current)


def test_outcomes_at_once_are_one_outcome(store_url, attempts, jobs, job_id):
    n_threads = 8
    attempt = attempts.begin(job_id, "tag")
    barrier = Barrier(n_threads)

    def finish(number):
        with connect(store_url) as client:
            own = AttemptStore(client, 10.0, 3)
            barrier.wait()
            return own.fail(attempt, PROBLEM) if number % 2 else succeed(own, attempt)

    with ThreadPoolExecutor(n_threads) as pool:
        assert sum(pool.map(finish, range(n_threads))) == 1
    assert jobs.status(job_id).is_terminal


def test_beginnings_at_once_leave_one_that_can_finish(store_url, jobs, job_id):
    n_threads = 8
    barrier = Barrier(n_threads)

    def run(number):
        with connect(store_url) as client:
            own = AttemptStore(client, 10.0, n_threads)
            lease(client, f"tag {number}")
            barrier.wait()
            try:
                attempt = own.begin(job_id, f"tag {number}")
            except AttemptRefusedError:
                return False
            return succeed(own, attempt)

    with ThreadPoolExecutor(n_threads) as pool:
        assert sum(pool.map(run, range(n_threads))) == 1
    assert jobs.record(job_id).attempts == 1


def test_a_live_lease_keeps_other_deliveries_out(client, attempts, job_id):
    lease(client, "first")
    attempts.begin(job_id, "first")
    with pytest.raises(AttemptRefusedError, match="elsewhere"):
        attempts.begin(job_id, "second")


def test_a_stale_lease_lets_another_delivery_in(client, attempts, job_id):
    lease(client, "first", age_s=11)
    attempts.begin(job_id, "first")
    attempts.begin(job_id, "second")


def test_the_same_delivery_again_takes_its_job_over(client, attempts, job_id):
    lease(client, "tag")
    first = attempts.begin(job_id, "tag")
    second = attempts.begin(job_id, "tag")
    assert not attempts.keep(first)
    assert attempts.keep(second)


def test_keeping_renews_a_lease_that_is_a_quarter_gone(client, attempts, job_id):
    lease(client, "tag", age_s=5)
    attempt = attempts.begin(job_id, "tag")
    assert attempts.keep(attempt)
    assert time.time() - client.zscore(UNACKED_INDEX, "tag") < 2


def test_a_lease_that_was_taken_back_is_not_renewed(client, attempts, job_id):
    lease(client, "tag")
    attempt = attempts.begin(job_id, "tag")
    client.zrem(UNACKED_INDEX, "tag")
    assert not attempts.keep(attempt)
    assert client.zscore(UNACKED_INDEX, "tag") is None


def test_a_cancelled_job_is_over_for_its_attempt(client, jobs, attempts, job_id):
    lease(client, "tag")
    attempt = attempts.begin(job_id, "tag")
    assert jobs.cancel(job_id).status is JobStatus.CANCELLED
    assert not attempts.keep(attempt)
    assert not succeed(attempts, attempt)
    assert jobs.status(job_id) is JobStatus.CANCELLED


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_what_is_over_is_not_begun(jobs, attempts, job_id, end):
    getattr(jobs, end)(job_id)
    with pytest.raises(AttemptRefusedError):
        attempts.begin(job_id, "tag")


def test_a_solved_job_is_not_solved_again(jobs, attempts, job_id):
    succeed(attempts, attempts.begin(job_id, "tag"))
    before = jobs.record(job_id)
    with pytest.raises(AttemptRefusedError, match="succeeded"):
        attempts.begin(job_id, "tag")
    assert jobs.record(job_id) == before


def test_a_job_that_takes_its_workers_down_fails(jobs, attempts, job_id):
    for number in range(3):
        attempts.begin(job_id, f"tag {number}")
    with pytest.raises(AttemptRefusedError, match="used up"):
        attempts.begin(job_id, "tag 3")
    record = jobs.record(job_id)
    assert record.status is JobStatus.FAILED
    assert record.problem == POISONOUS
    assert record.attempts == 3


def test_a_released_attempt_does_not_count(client, jobs, attempts, job_id):
    lease(client, "tag")
    attempt = attempts.begin(job_id, "tag")
    assert not attempts.release(job_id, "another tag")
    assert attempts.release(job_id, "tag")
    assert not attempts.keep(attempt)
    record = jobs.record(job_id)
    assert record.status is JobStatus.QUEUED
    assert record.attempts == 0
    assert record.started_at is None


def test_nothing_is_released_twice(jobs, attempts, job_id):
    succeed(attempts, attempts.begin(job_id, "tag"))
    assert not attempts.release(job_id, "tag")
    assert jobs.status(job_id) is JobStatus.SUCCEEDED


def test_deletion_takes_the_artifact_along(client, jobs, attempts, job_id):
    succeed(attempts, attempts.begin(job_id, "tag"))
    jobs.delete(job_id)
    with pytest.raises(JobNotFoundError):
        ArtifactStore(client).load(job_id)


def test_a_succeeded_job_tells_its_last_report(jobs, attempts, job_id):
    assert succeed(attempts, attempts.begin(job_id, "tag"))
    progress = jobs.record(job_id).progress
    assert (progress["phase"], progress["step"], progress["euler_error_max_log10"]) == ("adam", 100, -2.0)
