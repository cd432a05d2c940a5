"""A deleted job leaves nothing but word of its deletion, for a day."""

import re

import pytest

from worker.artifacts import Artifact, ArtifactStore
from worker.contract import JobStatus
from worker.errors import JobGoneError, JobNotFoundError
from worker.exports import ExportStore
from worker.gone import GONE_S
from worker.store import PREFIX, SIZES, TALLY, USED, gone_key

COUNTERS = {f"{PREFIX}sequence", f"{PREFIX}token", TALLY, SIZES}
"""What counts over all jobs, and so outlives each."""


def keys(client):
    return {key.decode() for key in client.scan_iter()} - COUNTERS


@pytest.fixture
def solved(client, jobs, attempts, make_job, make_report):
    """A job that has everything that a job can have."""
    job_id = jobs.create(make_job())[0].id
    attempt = attempts.begin(job_id, "tag")
    attempts.write_progress(attempt, make_report())
    assert attempts.succeed(attempt, make_report(), {"verdict": "pass"}, {}, Artifact(b"{}", b"arrays"))
    exports = ExportStore(client)
    assert exports.ask(job_id)
    assert exports.keep(job_id, b"model")
    return job_id


def test_all_that_a_job_has_goes_with_it(client, jobs, solved):
    jobs.delete(solved)
    assert keys(client) == {gone_key(solved)}
    assert client.hgetall(SIZES) == {b"*": b"0"}


@pytest.mark.parametrize(
    "status", [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELLED]
)
def test_nothing_is_left_of_a_job_in_any_other_status(client, jobs, attempts, make_job, make_problem, status):
    job_id = jobs.create(make_job(start="0" * 32))[0].id
    if status in (JobStatus.RUNNING, JobStatus.FAILED):
        attempt = attempts.begin(job_id, "tag")
        if status is JobStatus.FAILED:
            attempts.fail(attempt, make_problem())
    elif status is JobStatus.CANCELLED:
        jobs.cancel(job_id)
    assert jobs.status(job_id) is status
    jobs.delete(job_id)
    assert keys(client) == {gone_key(job_id)}


def test_every_question_about_it_is_told_when_and_why_it_went(client, jobs, solved):
    jobs.delete(solved)
    exports = ExportStore(client)
    for ask in (
        jobs.record,
        jobs.job,
        jobs.cancel,
        jobs.retry,
        jobs.delete,
        ArtifactStore(client).load,
        exports.ask,
    ):
        with pytest.raises(JobGoneError, match="on request; post its request again") as caught:
            ask(solved)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z", caught.value.deleted_at)
        assert caught.value.reason == "request"


def test_the_word_of_it_is_kept_for_a_day(client, jobs, solved):
    jobs.delete(solved)
    assert GONE_S - 60 < client.ttl(gone_key(solved)) <= GONE_S == 86_400
    client.delete(gone_key(solved))  # as the store does by itself
    with pytest.raises(JobNotFoundError) as caught:
        jobs.record(solved)
    assert not isinstance(caught.value, JobGoneError)


def test_the_same_job_made_again_is_not_gone(client, jobs, make_job, solved):
    jobs.delete(solved)
    record, is_new = jobs.create(make_job())
    assert (record.id, is_new) == (solved, True)
    assert not client.exists(gone_key(solved))
    assert client.zscore(USED, solved) is not None


def test_a_job_that_never_was_is_not_gone(jobs):
    with pytest.raises(JobNotFoundError) as caught:
        jobs.record("0" * 32)
    assert not isinstance(caught.value, JobGoneError)
