"""A store whose memory is full takes nothing new, loses nothing, and can be emptied."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from worker.artifacts import Artifact
from worker.attempts import AttemptStore
from worker.celery_app import create_app
from worker.contract import JobStatus
from worker.errors import JobGoneError, StoreFullError
from worker.exports import ExportStore
from worker.jobs import JobStore
from worker.lease import Lease
from worker.models import ModelStore
from worker.presence import PresenceStore
from worker.retention import Removal, Retention
from worker.settings import WorkerSettings
from worker.simulations import SimulationStore
from worker.store import SIZES, UNACKED_INDEX, USED, connect
from worker.submission import Submission
from worker.tasks import insist

LEASE_S = 10.0
ARTIFACT = Artifact(b"{}", b"a" * 100_000)


class Full:
    """A store of its own, and what is in it."""

    def __init__(self, client, make_job, make_report):
        self.client = client
        self.jobs, self.attempts = JobStore(client), AttemptStore(client, LEASE_S, 3)
        self._make_job, self._make_report = make_job, make_report

    def begin(self, seed=0):
        client, job_id = self.client, self.jobs.create(self._make_job(seed))[0].id
        client.zadd(UNACKED_INDEX, {f"tag {seed}": time.time()})
        return self.attempts.begin(job_id, f"tag {seed}")

    def succeed(self, attempt):
        return self.attempts.succeed(attempt, self._make_report(), {"verdict": "pass"}, {}, ARTIFACT)

    def fill(self):
        self.client.config_set("maxmemory", 1)

    def empty(self):
        self.client.config_set("maxmemory", 0)


@pytest.fixture
def store(private_store, make_job, make_report):
    with connect(private_store.url) as client:
        yield Full(client, make_job, make_report)


def everything(client):
    """All that is in a store, by key."""
    return {key: client.dump(key) for key in client.scan_iter()}


def test_what_takes_memory_is_refused_and_changes_nothing(store, make_job, make_report):
    attempt, other, failed = store.begin(), store.begin(1), store.begin(2)
    store.succeed(other)
    store.jobs.cancel(failed.job_id)
    waiting = store.jobs.create(make_job(3))[0].id
    before = everything(store.client)
    store.fill()
    exports, models = ExportStore(store.client), ModelStore(store.client, 10)
    with create_app(
        WorkerSettings(redis_url=f"unix://{store.client.config_get('unixsocket')['unixsocket']}")
    ) as app:
        submission = Submission(store.jobs, SimulationStore(store.client), app)
        for change in (
            lambda: store.jobs.create(make_job(9)),
            lambda: store.jobs.retry(failed.job_id),
            lambda: submission.enqueue(waiting),
            lambda: store.attempts.begin(waiting, "tag"),
            lambda: store.attempts.write_progress(attempt, make_report()),
            lambda: store.succeed(attempt),
            lambda: exports.ask(other.job_id),
            lambda: exports.keep(other.job_id, b"model"),
            lambda: models.register("toy", {"name": "toy"}),
        ):
            with pytest.raises(StoreFullError, match="maxmemory"):
                change()
    assert everything(store.client) == before


def test_what_leads_out_of_it_is_done(store, make_job, make_problem):
    running, cancelled, failed, released = (store.begin(seed) for seed in range(4))
    store.succeed(done := store.begin(4))
    store.fill()
    assert store.attempts.keep(running)
    assert store.jobs.cancel(cancelled.job_id).status is JobStatus.CANCELLED
    assert store.attempts.fail(failed, make_problem())
    assert store.attempts.release(released.job_id, released.delivery_tag)
    assert store.jobs.record(done.job_id).status is JobStatus.SUCCEEDED
    before = store.client.info("memory")["used_memory"]
    store.jobs.delete(done.job_id)
    assert store.client.info("memory")["used_memory"] < before - 50_000
    with pytest.raises(JobGoneError):
        store.jobs.record(done.job_id)


def test_workers_go_on_saying_that_they_are_there(store):
    store.fill()
    PresenceStore(store.client).announce("one")
    assert PresenceStore(store.client).count() == 1


def test_a_sweep_makes_room_in_it(store):
    store.succeed(done := store.begin())
    store.fill()
    assert list(Retention(store.client, None, 0).sweep()) == [Removal(done.job_id, "size")]


def test_what_an_older_release_left_makes_room_in_it_too(store):
    store.succeed(done := store.begin())
    store.client.delete(USED, SIZES)
    store.fill()
    assert list(Retention(store.client, None, 0).sweep()) == [Removal(done.job_id, "size")]


def test_a_lease_is_renewed_in_it(store):
    attempt = store.begin()
    store.client.zadd(UNACKED_INDEX, {attempt.delivery_tag: time.time() - LEASE_S / 2})
    store.fill()
    assert store.attempts.keep(attempt)
    assert store.client.zscore(UNACKED_INDEX, attempt.delivery_tag) > time.time() - LEASE_S / 4


def test_a_result_waits_for_memory_and_is_then_written_by_the_same_attempt(store):
    attempt = store.begin()
    store.fill()
    with pytest.raises(StoreFullError):
        store.succeed(attempt)
    with Lease(store.attempts, attempt, 120.0) as lease, ThreadPoolExecutor(1) as pool:
        written = pool.submit(insist, lambda: store.succeed(attempt), lease)
        assert store.jobs.status(attempt.job_id) is JobStatus.RUNNING
        assert not written.done()
        store.empty()
        assert written.result(timeout=10)
    record = store.jobs.record(attempt.job_id)
    assert (record.status, record.attempts) == (JobStatus.SUCCEEDED, 1)


def test_a_result_that_waits_is_dropped_when_its_job_is_cancelled(store):
    attempt = store.begin()
    store.fill()
    with Lease(store.attempts, attempt, 120.0) as lease, ThreadPoolExecutor(1) as pool:
        written = pool.submit(insist, lambda: store.succeed(attempt), lease)
        store.jobs.cancel(attempt.job_id)
        assert written.result(timeout=10) is False
    assert store.jobs.status(attempt.job_id) is JobStatus.CANCELLED
