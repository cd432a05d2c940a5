import threading
import time

import pytest

from worker.attempts import AttemptStore
from worker.lease import Lease
from worker.store import UNACKED_INDEX, connect

TIMEOUT_S = 10.0
STALL_S = 120.0


@pytest.fixture
def attempt(client, jobs, attempts, make_job):
    client.zadd(UNACKED_INDEX, {"tag": time.time()})
    return attempts.begin(jobs.create(make_job())[0].id, "tag")


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT_S
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def test_a_lease_is_renewed_while_it_is_held(client, attempts, attempt):
    long_ago = time.time() - 5
    client.zadd(UNACKED_INDEX, {"tag": long_ago})
    with Lease(attempts, attempt, STALL_S) as lease:
        wait_until(lambda: client.zscore(UNACKED_INDEX, "tag") > long_ago + 4)
        assert not lease.is_over()


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_the_attempt_hears_of_its_end_within_two_seconds(jobs, attempts, attempt, end):
    with Lease(attempts, attempt, STALL_S) as lease:
        getattr(jobs, end)(attempt.job_id)
        ended_s = time.monotonic()
        wait_until(lease.is_over)
        assert time.monotonic() - ended_s < 2


def test_the_attempt_hears_that_its_message_was_taken_back(client, attempts, attempt):
    with Lease(attempts, attempt, STALL_S) as lease:
        client.zrem(UNACKED_INDEX, "tag")
        wait_until(lease.is_over)


def test_a_solve_without_progress_is_ended(attempts, attempt):
    is_killed = threading.Event()
    with Lease(attempts, attempt, 0.3, on_hang=is_killed.set) as lease:
        assert is_killed.wait(TIMEOUT_S)
        assert not lease.is_over()


def test_progress_keeps_a_solve_alive(attempts, attempt):
    is_killed = threading.Event()
    with Lease(attempts, attempt, 0.8, on_hang=is_killed.set) as lease:
        started_s = time.monotonic()
        while time.monotonic() - started_s < 1.6:
            lease.note_progress()
            assert not is_killed.wait(0.05)


def test_a_store_that_is_away_does_not_end_the_attempt(private_store, make_job):
    from worker.jobs import JobStore

    with connect(private_store.url) as client:
        own = AttemptStore(client, 10.0, 3)
        client.zadd(UNACKED_INDEX, {"tag": time.time()})
        attempt = own.begin(JobStore(client).create(make_job())[0].id, "tag")
        with Lease(own, attempt, STALL_S) as lease:
            private_store.kill()
            assert not own_is_over_within(lease, 0.8)
            private_store.start()
            JobStore(client).cancel(attempt.job_id)
            wait_until(lease.is_over)


def own_is_over_within(lease, seconds):
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline and not lease.is_over():
        pause.wait(0.05)
    return lease.is_over()
