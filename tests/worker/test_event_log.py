"""The log of a job's changes."""

import json

import pytest

from solver.progress import Progress
from worker.attempts import AttemptStore
from worker.contract import JobStatus
from worker.errors import StoreUnavailableError
from worker.events import EventLog
from worker.life_cycle import KEPT_ENTRIES
from worker.store import connect


@pytest.fixture
def log(client):
    return EventLog(client)


@pytest.fixture
def attempts(client):
    return AttemptStore(client, 10.0, 3)


def report(step):
    return Progress("gauss-newton", step, float("nan"), -3.5, 100, 0.05, None)


def kinds(changes):
    return [(change.kind, json.loads(change.data).get("status")) for change in changes]


def test_every_change_is_in_the_log_once_and_in_order(jobs, log, attempts, make_job):
    job, _ = jobs.create(make_job())
    jobs.create(make_job())  # the same again: no change
    attempt = attempts.begin(job.id, "tag")
    attempts.write_progress(attempt, report(1))
    jobs.cancel(job.id)
    jobs.cancel(job.id)
    attempts.write_progress(attempt, report(2))  # of an attempt that is over
    jobs.retry(job.id)
    status, changes = log.after(job.id, None)
    assert status is JobStatus.QUEUED
    assert kinds(changes) == [
        ("status", "queued"),
        ("status", "running"),
        ("progress", None),
        ("status", "cancelled"),
        ("status", "queued"),
    ]
    assert [json.loads(change.data).get("attempts") for change in changes] == [0, 1, None, 1, 0]
    assert json.loads(changes[2].data)["loss"] is None  # what is not finite is told as null


def test_it_is_read_from_any_place_on(jobs, log, attempts, make_job):
    job, _ = jobs.create(make_job())
    attempt = attempts.begin(job.id, "tag")
    for step in range(150):
        attempts.write_progress(attempt, report(step))
    _, first = log.after(job.id, None)
    _, second = log.after(job.id, first[-1].place)
    _, none = log.after(job.id, second[-1].place)
    steps = [json.loads(change.data)["step"] for change in (*first, *second) if change.kind == "progress"]
    assert steps == list(range(150)) and none == ()


def test_a_log_is_bounded(jobs, log, client, attempts, make_job):
    job, _ = jobs.create(make_job())
    attempt = attempts.begin(job.id, "tag")
    for step in range(KEPT_ENTRIES + 300):
        attempts.write_progress(attempt, report(step))
    length = client.xlen(f"saddlepath:log:{job.id}")
    assert KEPT_ENTRIES <= length < KEPT_ENTRIES + 200  # trimmed by whole nodes of 100 entries
    _, oldest = log.after(job.id, "0-1")
    assert json.loads(oldest[0].data)["step"] == KEPT_ENTRIES + 300 - length


def test_a_deleted_job_leaves_no_log(jobs, log, client, make_job):
    job, _ = jobs.create(make_job())
    jobs.delete(job.id)
    assert log.after(job.id, None) == (None, ())
    assert client.keys("saddlepath:log:*") == []


def test_a_store_that_is_away_is_said(unused_tcp_port=1):
    with pytest.raises(StoreUnavailableError):
        EventLog(connect(f"redis://127.0.0.1:{unused_tcp_port}/0")).after("0" * 32, None)
