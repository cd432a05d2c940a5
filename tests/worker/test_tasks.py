import time

import pytest

from solver.progress import Progress
from worker.events import EVENTS_CHANNEL
from worker.lease import Lease
from worker.settings import WorkerSettings
from worker.store import UNACKED_INDEX
from worker.tasks import PROGRESS_S, Reporter

REPORT = Progress("adam", 1, 1e-3, -2.0, 128, 0.1, 1.0)


@pytest.fixture
def attempt(client, jobs, attempts, make_job):
    client.zadd(UNACKED_INDEX, {"tag": time.time()})
    return attempts.begin(jobs.create(make_job())[0].id, "tag")


def test_progress_is_written_a_few_times_a_second(client, jobs, attempts, attempt):
    with client.pubsub() as subscription:
        subscription.subscribe(EVENTS_CHANNEL)
        assert subscription.get_message(timeout=5)
        report = Reporter(attempts, attempt, Lease(attempts, attempt, WorkerSettings()))
        started_s, n_reports = time.monotonic(), 0
        while time.monotonic() - started_s < 3 * PROGRESS_S:
            report(REPORT)
            n_reports += 1
        elapsed_s = time.monotonic() - started_s
        n_written = 0
        while subscription.get_message(timeout=0.2):
            n_written += 1
    assert n_reports > 100
    assert 1 <= n_written <= elapsed_s / PROGRESS_S
    assert jobs.record(attempt.job_id).progress["step"] == 1


def test_a_short_solve_is_spared_the_writing(jobs, attempts, attempt):
    report = Reporter(attempts, attempt, Lease(attempts, attempt, WorkerSettings()))
    report(REPORT)
    assert jobs.record(attempt.job_id).progress is None
