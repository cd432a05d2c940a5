"""A process that works on what is no longer its own is killed after a grace, and no other."""

import signal
import subprocess
import sys
import time

import pytest

from worker.errors import StoreUnavailableError
from worker.jobs import JobStore
from worker.overseer import Delivery, Overseer
from worker.presence import process_name
from worker.store import UNACKED_INDEX, connect, job_key

GRACE_S = 1.0


@pytest.fixture
def pool_process():
    """A process that does not listen, as one inside a long call of linear algebra."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def delivery(client, jobs, attempts, make_job, pool_process):
    """A job that the process is solving."""
    client.zadd(UNACKED_INDEX, {"tag": time.time()})
    job_id = jobs.create(make_job())[0].id
    attempts.begin(job_id, "tag")
    client.hset(job_key(job_id), "worker", process_name(pool_process.pid))
    return Delivery(job_id, "tag", pool_process.pid)


@pytest.fixture
def look(attempts, delivery):
    """Looks at a time in seconds, at the one delivery unless told otherwise."""
    overseer = Overseer(attempts, GRACE_S)
    return lambda now, current=lambda: {delivery}: overseer.look(current, now)


def end(jobs, attempts, client, delivery, how):
    if how == "taken back by the queue":
        client.zrem(UNACKED_INDEX, delivery.tag)
    elif how == "overtaken by another process":
        attempts.begin(delivery.job_id, delivery.tag)
    elif how == "handed back":
        attempts.release(delivery.job_id, delivery.tag)
    else:
        getattr(jobs, how)(delivery.job_id)


def test_a_process_that_solves_its_own_job_is_left_alone(look, pool_process):
    assert look(0.0) == look(100.0) == ()
    assert pool_process.poll() is None


@pytest.mark.parametrize(
    "how", ["cancel", "delete", "handed back", "overtaken by another process", "taken back by the queue"]
)
def test_one_that_goes_on_after_the_end_is_killed_after_its_grace(
    look, jobs, attempts, client, delivery, pool_process, how
):
    assert look(0.0) == ()
    end(jobs, attempts, client, delivery, how)
    assert look(10.0) == look(10.0 + GRACE_S) == ()
    assert pool_process.poll() is None
    assert look(10.01 + GRACE_S) == (delivery,)
    assert pool_process.wait(10) == -signal.SIGKILL


def test_one_that_has_finished_meanwhile_is_left_alone(look, jobs, delivery, pool_process):
    jobs.cancel(delivery.job_id)
    assert look(0.0) == ()
    answers = iter([{delivery}, set()])
    assert look(10.0, lambda: next(answers)) == ()
    assert pool_process.poll() is None


def test_one_that_is_gone_already_is_no_error(look, jobs, delivery, pool_process):
    jobs.cancel(delivery.job_id)
    pool_process.kill()
    pool_process.wait()
    assert look(0.0) == ()
    assert look(10.0) == (delivery,)
    assert look(10.5) == ()


def test_nobody_is_killed_while_nothing_is_known(private_store, attempts, make_job, pool_process):
    from worker.attempts import AttemptStore

    with connect(private_store.url) as client:
        job_id = JobStore(client).create(make_job())[0].id
        overseer = Overseer(AttemptStore(client, 10.0, 3), GRACE_S)
        delivery = Delivery(job_id, "tag", pool_process.pid)
        overseer.look(lambda: {delivery}, 0.0)
        private_store.kill()
        with pytest.raises(StoreUnavailableError):
            overseer.look(lambda: {delivery}, 10.0)
        assert pool_process.poll() is None
