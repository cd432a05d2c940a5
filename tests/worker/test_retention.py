"""What is beyond an operator's limit of age or size goes, the least recently used first, and nothing else."""

import time

import pytest

from worker.artifacts import Artifact
from worker.contract import JobStatus
from worker.errors import JobGoneError
from worker.exports import ExportStore
from worker.retention import PAGE, Removal, Retention
from worker.store import SIZES, USED, artifact_key, job_key, log_key
from worker.usage import UsageStore

DAY_S = 86_400


@pytest.fixture
def make(client, jobs, attempts, make_job, make_report, make_problem):
    """Makes jobs in a status, last used so many days ago: ``make(seed, status, days)``."""

    def make(seed, status="succeeded", days=0.0, size=10_000, start=None):
        job_id = jobs.create(make_job(seed, start=start))[0].id
        if status == "cancelled":
            jobs.cancel(job_id)
        elif status != "queued":
            attempt = attempts.begin(job_id, f"tag {seed}")
            if status == "failed":
                attempts.fail(attempt, make_problem())
            elif status == "succeeded":
                artifact = Artifact(b"{}", b"a" * size)
                assert attempts.succeed(attempt, make_report(), {"verdict": "pass"}, {}, artifact)
        assert jobs.status(job_id) == status
        client.zadd(USED, {job_id: time.time() - days * DAY_S})
        return job_id

    return make


@pytest.fixture
def sweep(client):
    def sweep(days=None, size=None):
        return list(Retention(client, days, size).sweep())

    return sweep


def held(client):
    return int(client.hget(SIZES, "*") or 0)


def test_nothing_goes_without_a_limit(make, sweep, jobs):
    job_id = make(0, days=10_000)
    assert sweep() == []
    assert jobs.status(job_id) is JobStatus.SUCCEEDED


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_what_is_over_goes_when_it_was_not_used_for_so_long(make, sweep, jobs, status):
    old, young = make(0, status, days=3.1), make(1, status, days=2.9)
    assert sweep(days=3) == [Removal(old, "age")]
    with pytest.raises(JobGoneError, match="SADDLEPATH_KEEP_DAYS"):
        jobs.record(old)
    assert jobs.status(young) == status
    assert sweep(days=3) == []


@pytest.mark.parametrize("status", ["queued", "running"])
def test_what_is_not_over_stays_however_old_and_large(make, sweep, jobs, status):
    job_id, done = make(0, status, days=1000), make(1, days=1)
    assert sweep(days=0.5, size=0) == [Removal(done, "age")]
    assert jobs.status(job_id) == status


@pytest.mark.parametrize("status", ["queued", "running"])
def test_what_a_job_starts_from_stays_until_that_is_over(make, sweep, jobs, client, status):
    start = make(0, days=1000)
    job_id = make(1, status, start=start)
    client.zadd(USED, {start: 1.0})
    assert sweep(days=1, size=0) == []
    jobs.cancel(job_id)
    assert sweep(days=1) == [Removal(start, "age")]


def test_a_start_is_used_by_the_creation_and_the_retry_of_a_job(make, jobs, client):
    start = make(0, days=5)
    before_s = time.time() - 1
    job_id = make(1, "failed", start=start)
    assert client.zscore(USED, start) > before_s
    client.zadd(USED, {start: 1.0})
    jobs.retry(job_id)
    assert client.zscore(USED, start) > before_s
    client.zadd(USED, {start: 1.0})
    jobs.cancel(job_id)
    assert client.zscore(USED, start) == 1.0


def test_a_start_that_is_gone_is_not_made_to_be_used(make, jobs, client):
    make(1, "queued", start="0" * 32)
    assert client.zscore(USED, "0" * 32) is None


def test_the_least_recently_used_make_room(make, sweep, jobs, client):
    ids = [make(seed, days=days) for seed, days in enumerate((2, 4, 1, 3))]
    waiting = make(9, "queued", days=9)
    one = int(client.hget(SIZES, ids[0]))
    assert sweep(size=held(client)) == []
    # Room for two and a half: two have to go.
    assert sweep(size=int(2.5 * one)) == [Removal(ids[1], "size"), Removal(ids[3], "size")]
    with pytest.raises(JobGoneError, match="SADDLEPATH_KEEP_BYTES"):
        jobs.record(ids[1])
    assert jobs.status(ids[0]) is jobs.status(ids[2]) is JobStatus.SUCCEEDED
    assert jobs.status(waiting) is JobStatus.QUEUED
    assert held(client) <= 2.5 * one


def test_both_limits_hold(make, sweep):
    old, large, last = make(0, days=10), make(1, days=2, size=50_000), make(2, days=1)
    assert sweep(days=5, size=40_000) == [Removal(old, "age"), Removal(large, "size")]
    assert sweep(days=5, size=0) == [Removal(last, "size")]


def test_a_reader_keeps_what_it_uses(make, sweep, client):
    read, unread = make(0, days=10), make(1, days=9)
    UsageStore(client).note({read})
    assert sweep(days=5) == [Removal(unread, "age")]
    UsageStore(client).note({unread, "0" * 32})
    assert {member.decode() for member in client.zrange(USED, 0, -1)} == {read}


def test_a_use_is_never_set_back(make, client):
    job_id = make(0, days=-1)  # by a clock that goes ahead
    before = client.zscore(USED, job_id)
    UsageStore(client).note({job_id})
    assert client.zscore(USED, job_id) == before


def test_what_is_used_while_the_sweep_goes_on_stays(make, client):
    first, second = make(0, days=10), make(1, days=9)
    sweep = Retention(client, keep_days=5, keep_bytes=None).sweep()
    assert next(sweep) == Removal(first, "age")
    UsageStore(client).note({second})
    assert list(sweep) == []


def test_what_is_named_as_a_start_while_the_sweep_goes_on_stays(make, client):
    first, second = make(0, days=10), make(1, days=9)
    sweep = Retention(client, keep_days=5, keep_bytes=None).sweep()
    assert next(sweep) == Removal(first, "age")
    make(2, "queued", start=second)
    assert list(sweep) == []


def test_two_sweeps_at_once_make_no_more_room_than_one(make, client):
    ids = [make(seed, days=10 - seed) for seed in range(6)]
    room = int(3.5 * int(client.hget(SIZES, ids[0])))
    one, other = (Retention(client, None, room).sweep() for _ in range(2))
    assert next(one) == Removal(ids[0], "size")
    removed = [*other, *one]
    assert removed == [Removal(job_id, "size") for job_id in ids[1:3]]


def test_sweeps_go_on_beyond_what_they_read_at_once(make, sweep, client):
    stays = [make(seed, "queued", days=20) for seed in range(3)]
    client.zadd(USED, {f"{number:032d}": 1.0 for number in range(PAGE)})  # of no job: passed over
    last = make(9, days=10)
    assert sweep(days=5) == [Removal(last, "age")]
    assert client.zcard(USED) == PAGE + len(stays)


def test_what_a_solution_takes_is_weighed_at_its_end_and_with_its_export(make, client):
    small, large = make(0, size=1000), make(1, size=101_000)
    sizes = [int(client.hget(SIZES, job_id)) for job_id in (small, large)]
    assert 95_000 <= sizes[1] - sizes[0] < 130_000
    assert held(client) == sum(sizes)
    keys = [key(small) for key in (job_key, artifact_key, log_key)]
    assert sizes[0] == sum(client.memory_usage(key, 0) for key in keys)
    assert ExportStore(client).keep(small, b"s" * 200_000)
    grown = int(client.hget(SIZES, small))
    assert 195_000 <= grown - sizes[0] < 260_000
    assert held(client) == grown + sizes[1]


def test_a_failed_one_is_weighed_once_however_often_it_is_retried(make, client, jobs, attempts, make_problem):
    job_id = make(0, "failed")
    for number in range(3):
        jobs.retry(job_id)
        attempts.fail(attempts.begin(job_id, f"again {number}"), make_problem())
    assert held(client) == int(client.hget(SIZES, job_id)) < 10_000
    jobs.delete(job_id)
    assert held(client) == 0
    assert client.hget(SIZES, job_id) is None


def test_jobs_of_an_older_release_count_as_used_when_they_are_first_seen(make, sweep, client, jobs):
    done, waiting = make(0), make(1, "queued")
    client.delete(USED, SIZES)
    assert sweep(days=5) == []
    assert client.zcard(USED) == 2
    assert held(client) == int(client.hget(SIZES, done)) > 10_000
    assert client.hget(SIZES, waiting) is None
    client.zadd(USED, {done: time.time() - 6 * DAY_S})
    assert sweep(days=5) == [Removal(done, "age")]
