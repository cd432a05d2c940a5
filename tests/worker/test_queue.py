"""The queue as kombu lays it out in the store: leases and reconciliation read these keys, so a new layout must show."""

import json
import time

import pytest

from worker.celery_app import create_app
from worker.contract import QUEUE, SOLVE_TASK, JobStatus
from worker.errors import AttemptRefusedError
from worker.reconciler import Reconciler
from worker.settings import WorkerSettings
from worker.simulations import SimulationStore
from worker.store import UNACKED, UNACKED_INDEX
from worker.submission import Submission


@pytest.fixture
def app(store_url):
    with create_app(WorkerSettings(redis_url=store_url)) as app:
        yield app


@pytest.fixture
def submission(client, jobs, app):
    return Submission(jobs, SimulationStore(client), app)


@pytest.fixture
def channel(app):
    with app.connection() as connection, connection.channel() as channel:
        yield channel


@pytest.fixture
def reconcile(client, submission):
    return Reconciler(client, submission, interval_s=60).reconcile


def deliver(channel):
    """Takes the next message, as a worker does."""
    return channel.basic_get(QUEUE)


def test_a_submitted_job_waits_in_the_queue_by_its_id_alone(client, submission, make_job):
    record, is_new = submission.submit(make_job())
    assert is_new
    (message,) = client.lrange(QUEUE, 0, -1)
    assert json.loads(message)["headers"]["id"] == record.id
    assert json.loads(message)["headers"]["task"] == SOLVE_TASK
    assert b"pickle" not in message


def test_the_same_job_twice_is_one_message(client, submission, make_job):
    submission.submit(make_job())
    assert not submission.submit(make_job())[1]
    assert client.llen(QUEUE) == 1


def test_a_retried_job_gets_a_message_again(client, jobs, submission, make_job):
    job_id = submission.submit(make_job())[0].id
    jobs.cancel(job_id)
    submission.retry(job_id)
    assert client.llen(QUEUE) == 2


def test_a_delivered_message_is_leased_by_its_tag(client, channel, attempts, submission, make_job):
    job_id = submission.submit(make_job())[0].id
    message = deliver(channel)
    tag = message.properties["delivery_tag"]
    assert time.time() - client.zscore(UNACKED_INDEX, tag) < 5
    raw, exchange, routing_key = json.loads(client.hget(UNACKED, tag))
    assert raw["headers"]["id"] == job_id
    assert (exchange, routing_key) == ("", QUEUE)
    assert attempts.keep(attempts.begin(job_id, tag))
    message.ack()
    assert client.zscore(UNACKED_INDEX, tag) is None
    assert client.hlen(UNACKED) == 0


def test_a_lease_that_runs_out_is_delivered_again(client, channel, attempts, submission, make_job):
    job_id = submission.submit(make_job())[0].id
    tag = deliver(channel).properties["delivery_tag"]
    zombie = attempts.begin(job_id, tag)
    client.zadd(UNACKED_INDEX, {tag: time.time() - 11})
    channel.qos.restore_visible(interval=1)
    assert not attempts.keep(zombie)
    again = deliver(channel)
    attempt = attempts.begin(job_id, again.properties["delivery_tag"])
    assert attempts.keep(attempt)
    assert not attempts.keep(zombie)


def test_a_lease_that_is_kept_is_not_delivered_again(client, channel, attempts, submission, make_job):
    job_id = submission.submit(make_job())[0].id
    tag = deliver(channel).properties["delivery_tag"]
    attempt = attempts.begin(job_id, tag)
    client.zadd(UNACKED_INDEX, {tag: time.time() - 9})
    attempts.keep(attempt)
    channel.qos.restore_visible(interval=1)
    assert client.llen(QUEUE) == 0


def test_a_rejected_message_goes_back_to_the_queue(client, channel, submission, make_job):
    submission.submit(make_job())
    deliver(channel).reject(requeue=True)
    assert client.llen(QUEUE) == 1
    assert client.zcard(UNACKED_INDEX) == 0


def test_a_queued_job_without_a_message_is_enqueued(client, jobs, reconcile, make_job):
    job_id = jobs.create(make_job())[0].id
    assert reconcile() == (job_id,)
    assert client.llen(QUEUE) == 1


def test_a_running_job_without_a_message_is_enqueued(jobs, attempts, channel, reconcile, make_job):
    job_id = jobs.create(make_job())[0].id
    attempts.begin(job_id, "tag of a message that is gone")
    assert reconcile() == (job_id,)
    tag = deliver(channel).properties["delivery_tag"]
    assert attempts.begin(job_id, tag)


def test_jobs_with_a_message_are_left_alone(channel, attempts, submission, reconcile, make_job):
    for seed in range(3):
        submission.submit(make_job(seed))
    message = deliver(channel)
    attempts.begin(message.headers["id"], message.properties["delivery_tag"])
    assert reconcile() == ()


def test_finished_jobs_are_left_alone(jobs, reconcile, make_job):
    jobs.cancel(jobs.create(make_job())[0].id)
    assert reconcile() == ()


def test_one_worker_reconciles_in_an_interval(jobs, reconcile, make_job):
    assert reconcile() == ()
    jobs.create(make_job())
    assert reconcile() == ()


def test_a_message_too_many_is_refused(client, jobs, attempts, channel, submission, make_job):
    job_id = submission.submit(make_job())[0].id
    submission.enqueue(job_id)
    first, second = deliver(channel), deliver(channel)
    attempts.begin(job_id, first.properties["delivery_tag"])
    with pytest.raises(AttemptRefusedError):
        attempts.begin(job_id, second.properties["delivery_tag"])
    assert jobs.record(job_id).attempts == 1
    assert jobs.status(job_id) is JobStatus.RUNNING
