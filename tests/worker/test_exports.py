"""SavedModels in the store: asked for once, kept with their job, gone with it."""

import json
import time

import pytest

from solver.progress import Progress
from worker.artifacts import Artifact
from worker.celery_app import create_app
from worker.contract import EXPORT_TASK, QUEUE
from worker.errors import ExportFailedError, JobNotFoundError
from worker.exports import ASKED_AGAIN_S, ExportStore
from worker.reconciler import Reconciler
from worker.settings import WorkerSettings
from worker.simulations import SimulationStore
from worker.store import UNACKED_INDEX, artifact_key
from worker.submission import Submission

REPORT = Progress("adam", 1, 1e-3, -2.0, 128, 0.1, 1.0)


@pytest.fixture
def exports(client):
    return ExportStore(client)


@pytest.fixture
def job_id(client, jobs, attempts, make_job):
    """A succeeded job."""
    client.zadd(UNACKED_INDEX, {"tag": time.time()})
    attempt = attempts.begin(jobs.create(make_job())[0].id, "tag")
    assert attempts.succeed(attempt, REPORT, {"verdict": "pass"}, {}, Artifact(b"{}", b"arrays"))
    return attempt.job_id


def test_the_first_question_is_to_be_sent_and_the_others_wait_for_it(exports, job_id):
    assert [exports.ask(job_id) for _ in range(3)] == [True, False, False]
    assert exports.load(job_id) is None


def test_what_is_kept_is_not_asked_for(exports, job_id):
    exports.ask(job_id)
    assert exports.keep(job_id, b"zip")
    assert exports.load(job_id) == b"zip"
    assert not exports.ask(job_id)


def test_a_question_whose_message_was_lost_is_sent_again(client, exports, job_id):
    exports.ask(job_id)
    client.hset(artifact_key(job_id), "export_asked_at", time.time() - ASKED_AGAIN_S - 1)
    assert exports.ask(job_id)


def test_a_failure_is_told_for_a_minute_and_then_tried_again(client, exports, job_id):
    exports.ask(job_id)
    exports.fail(job_id)
    with pytest.raises(ExportFailedError, match=job_id):
        exports.ask(job_id)
    client.hset(artifact_key(job_id), "export_asked_at", time.time() - ASKED_AGAIN_S - 1)
    assert exports.ask(job_id)
    assert not exports.ask(job_id)


def test_nothing_is_kept_of_a_job_that_is_gone(client, jobs, exports, job_id):
    exports.keep(job_id, b"zip")
    jobs.delete(job_id)
    assert exports.load(job_id) is None
    assert not exports.keep(job_id, b"zip")
    exports.fail(job_id)
    with pytest.raises(JobNotFoundError):
        exports.ask(job_id)
    assert not client.exists(artifact_key(job_id))


def test_a_job_that_is_not_solved_has_no_export(jobs, exports, make_job):
    queued = jobs.create(make_job(seed=1))[0].id
    with pytest.raises(JobNotFoundError):
        exports.ask(queued)
    assert not exports.keep(queued, b"zip")


def test_its_message_is_not_taken_for_the_jobs_own(client, jobs, store_url, make_job):
    queued = jobs.create(make_job(seed=1))[0].id
    with create_app(WorkerSettings(redis_url=store_url)) as app:
        submission = Submission(jobs, SimulationStore(client), app)
        submission.export(queued)
        (message,) = client.lrange(QUEUE, 0, -1)
        assert json.loads(message)["headers"]["task"] == EXPORT_TASK
        assert Reconciler(client, submission, interval_s=60).reconcile() == (queued,)
