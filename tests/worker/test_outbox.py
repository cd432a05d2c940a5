"""Messages to webhooks: written with the end of their job, handed out to one courier at a time, kept until delivered."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from worker.artifacts import Artifact
from worker.contract import JobStatus
from worker.errors import StoreFullError, WebhooksFullError
from worker.jobs import MAX_WEBHOOKS, JobStore
from worker.outbox import Outbox
from worker.store import OUTBOX, PREFIX, connect, message_key, webhooks_key
from worker.tally import read_tally

URL = "https://hooks.example.org/a?token=secret"


@pytest.fixture
def outbox(client):
    return Outbox(client)


@pytest.fixture
def end(jobs, attempts, make_report, make_problem):
    """Ends a job as a status."""

    def end(job_id, status):
        if status == "cancelled":
            return jobs.cancel(job_id)
        attempt = attempts.begin(job_id, "tag")
        if status == "failed":
            return attempts.fail(attempt, make_problem())
        return attempts.succeed(attempt, make_report(), {"verdict": "pass"}, {}, Artifact(b"{}", b"arrays"))

    return end


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_the_end_of_a_job_writes_a_message_to_each_webhook(jobs, outbox, end, make_job, status):
    for url in (URL, "https://other.example.org/", URL):
        job_id = jobs.create(make_job(), webhook=url)[0].id
    assert outbox.claim(60) is None
    assert end(job_id, status)
    messages = [outbox.claim(60), outbox.claim(60)]
    assert outbox.claim(60) is None
    assert {message.url for message in messages} == {URL, "https://other.example.org/"}
    for message in messages:
        assert (message.job_id, message.status, message.attempts) == (job_id, status, 1)
        assert message.at == jobs.record(job_id).finished_at
    assert len({message.id for message in messages}) == 2


def test_a_job_without_a_webhook_writes_none(jobs, outbox, end, make_job):
    end(jobs.create(make_job())[0].id, "succeeded")
    assert outbox.claim(60) is None and outbox.count() == 0


def test_who_comes_when_it_is_over_is_told_at_once_and_once(jobs, outbox, end, make_job):
    end(jobs.create(make_job())[0].id, "succeeded")
    for _ in range(3):
        assert not jobs.create(make_job(), webhook=URL)[1]
    assert outbox.claim(60).status == "succeeded"
    assert outbox.claim(60) is None


def test_a_job_that_is_solved_again_ends_again(jobs, outbox, end, make_job):
    job_id = jobs.create(make_job(), webhook=URL)[0].id
    end(job_id, "failed")
    jobs.retry(job_id)
    end(job_id, "succeeded")
    messages = [outbox.claim(60), outbox.claim(60)]
    assert [message.status for message in messages] == ["failed", "succeeded"]
    assert messages[0].id != messages[1].id


def test_no_more_webhooks_than_may_be(jobs, make_job):
    for number in range(MAX_WEBHOOKS):
        jobs.create(make_job(), webhook=f"{URL}{number}")
    with pytest.raises(WebhooksFullError, match=f"{MAX_WEBHOOKS} webhooks"):
        jobs.create(make_job(), webhook=URL)
    jobs.create(make_job(), webhook=f"{URL}0")
    assert not jobs.has_webhook(make_job().id, URL)


def test_a_webhook_is_no_part_of_a_job_and_goes_with_it(client, jobs, outbox, make_job):
    record = jobs.create(make_job(), webhook=URL)[0]
    assert record.id == make_job().id
    assert "secret" not in record.model_dump_json() + jobs.job(record.id).model_dump_json()
    jobs.delete(record.id)
    assert not client.exists(webhooks_key(record.id))
    assert outbox.count() == 0


def test_a_message_outlives_its_job(jobs, outbox, end, make_job):
    job_id = jobs.create(make_job(), webhook=URL)[0].id
    end(job_id, "succeeded")
    jobs.delete(job_id)
    assert outbox.claim(60).job_id == job_id


def test_a_claimed_message_is_nobody_elses_until_its_time_is_over(client, jobs, outbox, end, make_job):
    end(jobs.create(make_job(), webhook=URL)[0].id, "succeeded")
    first = outbox.claim(60)
    assert outbox.claim(60) is None
    client.zadd(OUTBOX, {first.id: 1.0})  # a minute later: its courier was killed
    again = outbox.claim(60)
    assert (again.id, again.attempts) == (first.id, 2)


def test_claims_at_once_get_different_messages(store_url, jobs, end, make_job):
    n_messages, n_threads = 8, 8
    for number in range(n_messages):
        jobs.create(make_job(), webhook=f"{URL}{number}")
    end(make_job().id, "cancelled")
    barrier = threading.Barrier(n_threads)

    def claim(_):
        with connect(store_url) as client:
            barrier.wait()
            return Outbox(client).claim(60).id

    with ThreadPoolExecutor(n_threads) as pool:
        assert len(set(pool.map(claim, range(n_threads)))) == n_messages


def test_what_comes_of_a_message_is_counted_and_nothing_is_left_of_it(client, jobs, outbox, end, make_job):
    for number in range(2):
        jobs.create(make_job(), webhook=f"{URL}{number}")
    end(make_job().id, "succeeded")
    one, other = outbox.claim(60), outbox.claim(60)
    outbox.put_off(one, 0)
    one = outbox.claim(60)
    assert one.attempts == 2
    outbox.deliver(one)
    outbox.give_up(other)
    outbox.deliver(one)  # by a courier that was late
    outbox.put_off(other, 0)
    assert outbox.count() == 0
    assert not client.exists(message_key(one.id), message_key(other.id))
    assert read_tally(client).webhooks == {"failed": 1, "delivered": 1, "given_up": 1}


def test_a_full_store_refuses_new_webhooks_and_empties_its_outbox(private_store, make_job):
    with connect(private_store.url) as client:
        jobs, outbox = JobStore(client), Outbox(client)
        job_id = jobs.create(make_job(), webhook=URL)[0].id
        client.config_set("maxmemory", 1)
        with pytest.raises(StoreFullError):
            jobs.create(make_job(), webhook=f"{URL}2")
        assert jobs.cancel(job_id).status is JobStatus.CANCELLED
        message = outbox.claim(60)
        outbox.put_off(message, 0)
        outbox.deliver(outbox.claim(60))
        assert outbox.count() == 0
        assert not list(client.scan_iter(f"{PREFIX}message:*"))
