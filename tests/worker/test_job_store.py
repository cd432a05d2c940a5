from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import redis

from worker.contract import JobStatus, Problem
from worker.errors import (
    CursorError,
    JobConflictError,
    JobNotFoundError,
    QueueFullError,
    StoreUnavailableError,
)
from worker.events import EVENTS_CHANNEL, decode_event
from worker.jobs import JobStore
from worker.store import connect, store_errors

PROBLEM = Problem(type="/problems/diverged", title="It diverged.", detail="Lower the rate.", code="diverged")


def test_a_new_job_is_queued(jobs, make_job):
    job = make_job()
    record, is_new = jobs.create(job)
    assert is_new
    assert record.id == job.id
    assert record.status is JobStatus.QUEUED
    assert record.model.name == "toy"
    assert record.calibration == {"beta": 0.96}
    assert record.attempts == 0
    assert record.started_at is record.finished_at is record.problem is record.certificate is None
    assert jobs.record(job.id) == record
    assert jobs.job(job.id) == job
    assert jobs.status(job.id) is JobStatus.QUEUED


def test_a_second_creation_finds_the_first(jobs, make_job):
    first, _ = jobs.create(make_job())
    assert jobs.create(make_job()) == (first, False)


def test_creations_at_once_make_one_job(store_url, make_job):
    n_threads = 16
    barrier = Barrier(n_threads)

    def create(_):
        with connect(store_url) as client:
            barrier.wait()
            return JobStore(client).create(make_job())

    with ThreadPoolExecutor(n_threads) as pool:
        created = list(pool.map(create, range(n_threads)))
    assert sum(is_new for _, is_new in created) == 1
    assert len({record.created_at for record, _ in created}) == 1


def test_an_unknown_job_is_not_found(jobs):
    for ask in (jobs.record, jobs.job, jobs.cancel, jobs.retry, jobs.delete):
        with pytest.raises(JobNotFoundError):
            ask("0" * 32)
    assert jobs.status("0" * 32) is None


def test_cancelling_a_queued_job_ends_it(jobs, make_job):
    job_id = jobs.create(make_job())[0].id
    assert jobs.cancel(job_id).status is JobStatus.CANCELLED
    assert jobs.cancel(job_id).finished_at is not None


def test_creation_does_not_revive_a_cancelled_job(jobs, make_job):
    jobs.cancel(jobs.create(make_job())[0].id)
    record, is_new = jobs.create(make_job())
    assert record.status is JobStatus.CANCELLED
    assert not is_new


def test_a_retry_starts_afresh(jobs, attempts, make_job):
    job_id = jobs.create(make_job())[0].id
    attempts.fail(attempts.begin(job_id, "tag"), PROBLEM)
    assert jobs.record(job_id).problem == PROBLEM
    record = jobs.retry(job_id)
    assert record.status is JobStatus.QUEUED
    assert record.attempts == 0
    assert record.problem is record.started_at is record.finished_at is None


def test_what_is_over_cannot_be_cancelled_and_what_is_not_cannot_be_retried(jobs, attempts, make_job):
    job_id = jobs.create(make_job())[0].id
    with pytest.raises(JobConflictError, match="queued and cannot be retried"):
        jobs.retry(job_id)
    attempt = attempts.begin(job_id, "tag")
    with pytest.raises(JobConflictError, match="running and cannot be retried"):
        jobs.retry(job_id)
    attempts.fail(attempt, PROBLEM)
    with pytest.raises(JobConflictError, match="failed and cannot be cancelled"):
        jobs.cancel(job_id)


def test_a_deleted_job_is_gone_and_can_be_made_anew(jobs, make_job):
    job_id = jobs.create(make_job())[0].id
    jobs.delete(job_id)
    with pytest.raises(JobNotFoundError):
        jobs.record(job_id)
    assert jobs.page().records == ()
    assert jobs.create(make_job())[1]


def test_pages_are_newest_first_and_complete(jobs, make_job):
    ids = [jobs.create(make_job(seed))[0].id for seed in range(7)]
    found, cursor, n_pages = [], None, 0
    while n_pages == 0 or cursor is not None:
        page = jobs.page(limit=3, cursor=cursor)
        found += [record.id for record in page.records]
        cursor, n_pages = page.next_cursor, n_pages + 1
    assert found == ids[::-1]
    assert n_pages == 3


def test_a_page_boundary_at_the_end_gives_no_cursor(jobs, make_job):
    for seed in range(3):
        jobs.create(make_job(seed))
    assert jobs.page(limit=3).next_cursor is None


def test_a_page_is_not_moved_by_newer_jobs(jobs, make_job):
    ids = [jobs.create(make_job(seed))[0].id for seed in range(4)]
    cursor = jobs.page(limit=2).next_cursor
    jobs.create(make_job(99))
    assert [record.id for record in jobs.page(cursor=cursor).records] == ids[1::-1]


def test_pages_filter_by_model_and_status(jobs, make_job):
    one, two = (jobs.create(make_job(seed, "one"))[0].id for seed in (0, 1))
    other = jobs.create(make_job(0, "other"))[0].id
    jobs.cancel(two)
    jobs.cancel(other)

    def ids(**filters):
        return [record.id for record in jobs.page(**filters).records]

    assert ids(model="one") == [two, one]
    assert ids(status=JobStatus.CANCELLED) == [other, two]
    assert ids(model="one", status=JobStatus.CANCELLED) == [two]
    assert ids(model="none") == []


def test_names_are_opaque(jobs, make_job):
    names = ["*", "**", "*:*", "a", "queued:*"]
    ids = [jobs.create(make_job(seed, name))[0].id for seed, name in enumerate(names)]
    for name, job_id in zip(names, ids, strict=True):
        assert [record.id for record in jobs.page(model=name).records] == [job_id]
    assert len(jobs.page().records) == len(names)
    jobs.delete(ids[0])
    assert jobs.page(model="*").records == ()
    assert len(jobs.page().records) == len(names) - 1


def test_no_more_jobs_wait_than_may(client, make_job):
    limit, n_threads = 5, 16
    jobs, barrier = JobStore(client, limit), Barrier(n_threads)

    def create(seed):
        barrier.wait()
        try:
            return jobs.create(make_job(seed))[0].id
        except QueueFullError:
            return None

    with ThreadPoolExecutor(n_threads) as pool:
        ids = [job_id for job_id in pool.map(create, range(n_threads)) if job_id]
    assert len(ids) == jobs.count(JobStatus.QUEUED) == limit
    assert [jobs.create(make_job(seed))[1] for seed in range(n_threads) if make_job(seed).id in ids] == [
        False
    ] * 5
    jobs.cancel(ids[0])
    jobs.create(make_job(99))
    with pytest.raises(QueueFullError, match="5 jobs are waiting"):
        jobs.retry(ids[0])
    assert jobs.status(ids[0]) is JobStatus.CANCELLED


@pytest.mark.parametrize("cursor", ["", "no cursor", "-1", "0x1", " 1", "1_0"])
def test_a_cursor_of_ones_own_making_is_refused(jobs, cursor):
    with pytest.raises(CursorError):
        jobs.page(cursor=cursor)


def test_counts_and_ids_follow_the_status(jobs, attempts, make_job):
    ids = [jobs.create(make_job(seed))[0].id for seed in range(3)]
    attempts.begin(ids[0], "tag")
    assert (jobs.count(JobStatus.QUEUED), jobs.count(JobStatus.RUNNING)) == (2, 1)
    assert jobs.ids(JobStatus.QUEUED) == ids[1:]


def test_every_change_is_published(client, jobs, attempts, make_job):
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(EVENTS_CHANNEL)
        subscription.get_message(timeout=5)
        job_id = jobs.create(make_job())[0].id
        attempts.begin(job_id, "tag")
        jobs.cancel(job_id)
        jobs.delete(job_id)
        events = []
        while not events or events[-1].status != "deleted":
            message = subscription.get_message(timeout=5)
            if message:
                events.append(decode_event(message["data"]))
    assert [event.status for event in events] == ["queued", "running", "cancelled", "deleted"]
    assert [event.is_final for event in events] == [False, False, True, True]
    assert {event.id for event in events} == {job_id}


def test_a_store_that_does_not_answer_is_said_to_be_so(private_store, make_job):
    with connect(private_store.url) as client:
        jobs = JobStore(client)
        job_id = jobs.create(make_job())[0].id
        private_store.kill()
        for ask in (lambda: jobs.record(job_id), lambda: jobs.create(make_job(1)), jobs.page, jobs.ping):
            with pytest.raises(StoreUnavailableError):
                ask()


def test_a_full_store_takes_no_jobs_and_keeps_those_it_has(private_store, make_job):
    with connect(private_store.url) as client:
        jobs = JobStore(client)
        record, _ = jobs.create(make_job())
        client.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailableError):
            jobs.create(make_job(1))
        assert jobs.record(record.id) == record
        assert jobs.page().records == (record,)


def test_what_was_acknowledged_survives_the_death_of_the_store(private_store, make_job):
    with connect(private_store.url) as client:
        jobs = JobStore(client)
        ids = [jobs.create(make_job(seed))[0].id for seed in range(20)]
        jobs.cancel(ids[0])
        private_store.kill()
        private_store.start()
        assert [record.id for record in jobs.page().records] == ids[::-1]
        assert jobs.status(ids[0]) is JobStatus.CANCELLED
        assert jobs.count(JobStatus.QUEUED) == 19


@pytest.mark.parametrize(
    "reply", ["MISCONF Errors writing to the AOF file", "NOREPLICAS Not enough good replicas"]
)
def test_a_store_that_cannot_write_is_told_as_one_that_is_away(client, reply):
    with pytest.raises(StoreUnavailableError, match="the store cannot write"), store_errors():
        client.eval("return redis.error_reply(ARGV[1])", 0, reply)


def test_a_store_that_lets_nobody_in_is_told_as_one_that_is_away(client):
    reply = "DENIED Redis is running in protected mode"
    with pytest.raises(StoreUnavailableError, match="the store lets nobody in: DENIED"), store_errors():
        client.eval("return redis.error_reply(ARGV[1])", 0, reply)


def test_another_error_of_the_store_is_none_of_these(client):
    with pytest.raises(redis.ResponseError, match="WRONG"), store_errors():
        client.eval("return redis.error_reply('WRONG')", 0)
