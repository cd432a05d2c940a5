import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from solver.progress import Progress
from worker.attempts import AttemptStore
from worker.contract import JobStatus, Problem
from worker.errors import StoreUnavailableError
from worker.events import EVENTS_CHANNEL
from worker.jobs import JobStore
from worker.lease import Lease
from worker.store import UNACKED_INDEX, connect
from worker.tasks import PROGRESS_S, Reporter, insist

STALL_S = 120.0
REPORT = Progress("adam", 1, 1e-3, -2.0, 128, 0.1, 1.0)


@pytest.fixture
def attempt(client, jobs, attempts, make_job):
    client.zadd(UNACKED_INDEX, {"tag": time.time()})
    return attempts.begin(jobs.create(make_job())[0].id, "tag")


def test_progress_is_written_a_few_times_a_second(client, jobs, attempts, attempt):
    with client.pubsub() as subscription:
        subscription.subscribe(EVENTS_CHANNEL)
        assert subscription.get_message(timeout=5)
        report = Reporter(attempts, attempt, Lease(attempts, attempt, STALL_S))
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


def test_what_comes_a_little_late_does_not_put_off_what_follows(attempts, attempt, monkeypatch):
    now_s, written = [100.0], []
    monkeypatch.setattr("worker.tasks.time", SimpleNamespace(monotonic=lambda: now_s[0]))
    monkeypatch.setattr(attempts, "write_progress", lambda *_: written.append(now_s[0]))
    report = Reporter(attempts, attempt, Lease(attempts, attempt, STALL_S))
    for number in range(1, 201):
        now_s[0] = 100.0 + 0.1 * number
        report(REPORT)
    assert len(written) == pytest.approx(20 / PROGRESS_S, abs=1)
    now_s[0] += 60.0
    for _ in range(5):
        report(REPORT)
    assert len(written) <= 20 / PROGRESS_S + 3  # a pause is not made up for


def test_a_short_solve_is_spared_the_writing(jobs, attempts, attempt):
    report = Reporter(attempts, attempt, Lease(attempts, attempt, STALL_S))
    report(REPORT)
    assert jobs.record(attempt.job_id).progress is None


def test_an_outcome_waits_for_a_store_that_is_away(private_store, make_job):
    problem = Problem(type="/problems/diverged", title="It diverged.", detail="Try again.", code="diverged")
    with connect(private_store.url) as client, ThreadPoolExecutor(1) as pool:
        jobs, attempts = JobStore(client), AttemptStore(client, 10.0, 3)
        attempt = attempts.begin(jobs.create(make_job())[0].id, "tag")
        private_store.kill()
        with pytest.raises(StoreUnavailableError):
            attempts.fail(attempt, problem)
        lease = Lease(attempts, attempt, STALL_S)
        written = pool.submit(insist, lambda: attempts.fail(attempt, problem), lease)
        private_store.start()
        assert written.result(timeout=10)
        assert jobs.status(attempt.job_id) is JobStatus.FAILED
