"""Whose a job is: solved once for all who ask, and nothing of it for those who do not."""

import pytest

from solver.progress import Progress
from worker.artifacts import Artifact
from worker.contract import JobStatus, Problem
from worker.errors import JobConflictError, JobGoneError, JobNotFoundError, WebhooksFullError
from worker.jobs import MAX_WEBHOOKS
from worker.outbox import Outbox
from worker.store import gone_key
from worker.tenant import NOBODY, Tenant

ADA, BOB, ADMIN = Tenant("ada", False), Tenant("bob", False), Tenant("root", True)
REPORT = Progress("gauss-newton", 3, 1e-15, -6.9, 1548, 0.05, 0.0)


@pytest.fixture
def ada(jobs):
    return jobs.seen_by(ADA)


@pytest.fixture
def bob(jobs):
    return jobs.seen_by(BOB)


@pytest.fixture
def admin(jobs):
    return jobs.seen_by(ADMIN)


def succeed(attempts, job_id):
    attempt = attempts.begin(job_id, "tag")
    assert attempts.succeed(attempt, REPORT, {"verdict": "pass"}, {}, Artifact(b"{}", b""))


def listed(view, **filters):
    return [record.id for record in view.page(**filters).records]


def test_a_job_is_there_for_its_owner_and_the_operator_alone(jobs, ada, bob, admin, make_job):
    record, is_new = ada.create(make_job())
    assert is_new
    for view in (ada, admin, jobs):
        assert view.record(record.id) == record
        assert view.job(record.id) == make_job()
        assert view.status(record.id) is JobStatus.QUEUED
        assert listed(view) == listed(view, model="toy", status=JobStatus.QUEUED) == [record.id]
    for view in (bob, jobs.seen_by(NOBODY)):
        assert view.status(record.id) is None
        assert listed(view) == listed(view, model="toy", status=JobStatus.QUEUED) == []
        for ask in (view.record, view.job, view.require, view.cancel, view.retry, view.delete):
            with pytest.raises(JobNotFoundError):
                ask(record.id)
    assert jobs.record(record.id) == record


def test_who_asks_for_a_job_that_is_there_owns_it_too(jobs, ada, bob, attempts, make_job):
    record, _ = ada.create(make_job())
    assert bob.create(make_job()) == (record, False)
    succeed(attempts, record.id)
    for view in (ada, bob):
        assert view.record(record.id).status is JobStatus.SUCCEEDED
        assert listed(view) == listed(view, status=JobStatus.SUCCEEDED) == [record.id]
        assert listed(view, status=JobStatus.QUEUED) == listed(view, status=JobStatus.RUNNING) == []


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_one_of_two_owners_only_gives_it_up(jobs, ada, bob, attempts, make_job, end):
    record, _ = ada.create(make_job())
    bob.create(make_job())
    attempt = attempts.begin(record.id, "tag")
    before = jobs.record(record.id)
    answer = getattr(ada, end)(record.id)
    if end == "cancel":
        assert answer.status is JobStatus.CANCELLED and answer.finished_at and answer.id == record.id
    with pytest.raises(JobNotFoundError):
        ada.record(record.id)
    assert listed(ada) == listed(ada, status=JobStatus.RUNNING, model="toy") == []
    assert bob.record(record.id) == before
    assert listed(bob, status=JobStatus.RUNNING, model="toy") == [record.id]
    assert attempts.write_progress(attempt, REPORT)
    bob.delete(record.id)
    with pytest.raises(JobNotFoundError):
        jobs.record(record.id)


def test_the_last_owner_ends_it(client, jobs, ada, make_job):
    record, _ = ada.create(make_job())
    assert ada.cancel(record.id).status is JobStatus.CANCELLED
    assert ada.record(record.id).status is JobStatus.CANCELLED
    assert ada.cancel(record.id).status is JobStatus.CANCELLED
    ada.delete(record.id)
    assert listed(jobs) == listed(ada) == []
    left = {name.decode() for name in client.scan_iter() if not name.startswith(b"saddlepath:tally")}
    assert left == {"saddlepath:sequence", "saddlepath:sizes", gone_key(record.id)}
    assert client.hgetall("saddlepath:sizes") == {b"*": b"0"}


def test_its_owners_alone_hear_that_it_was_deleted(jobs, ada, bob, admin, make_job):
    record, _ = ada.create(make_job())
    ada.delete(record.id)
    for view in (ada, admin, jobs):
        with pytest.raises(JobGoneError):
            view.record(record.id)
    with pytest.raises(JobNotFoundError) as caught:
        bob.record(record.id)
    assert not isinstance(caught.value, JobGoneError)


def test_who_gives_a_job_up_hears_no_more_of_it(client, jobs, ada, bob, attempts, make_job):
    outbox = Outbox(client)
    for view, name in ((ada, "ada"), (bob, "bob")):
        record, _ = view.create(make_job(), webhook=f"https://{name}.example/hook")
        assert view.has_webhook(record.id, f"https://{name}.example/hook")
    assert not bob.has_webhook(record.id, "https://ada.example/hook")
    ada.delete(record.id)
    assert outbox.count() == 0
    succeed(attempts, record.id)
    assert outbox.claim(60).url == "https://bob.example/hook"
    assert outbox.claim(60) is None


def test_who_cancels_a_job_that_goes_on_for_others_is_told_so(client, ada, bob, attempts, make_job):
    outbox = Outbox(client)
    for view, name in ((ada, "ada"), (bob, "bob")):
        record, _ = view.create(make_job(), webhook=f"https://{name}.example/hook")
    ada.cancel(record.id)
    message = outbox.claim(60)
    assert (message.url, message.status) == ("https://ada.example/hook", "cancelled")
    succeed(attempts, record.id)
    message = outbox.claim(60)
    assert (message.url, message.status) == ("https://bob.example/hook", "succeeded")
    assert outbox.claim(60) is None


def test_the_webhooks_of_one_owner_leave_room_for_those_of_another(client, ada, bob, attempts, make_job):
    for number in range(MAX_WEBHOOKS):
        record, _ = ada.create(make_job(), webhook=f"https://ada.example/{number}")
    with pytest.raises(WebhooksFullError):
        ada.create(make_job(), webhook="https://ada.example/hook")
    succeed(attempts, record.id)
    bob.create(make_job(), webhook="https://ada.example/0")
    assert bob.has_webhook(record.id, "https://ada.example/0")
    assert Outbox(client).count() == MAX_WEBHOOKS + 1


def test_a_webhook_of_one_that_was_cancelled_is_told_of_the_end_and_not_of_the_past(
    client, ada, bob, make_job
):
    record, _ = ada.create(make_job())
    ada.cancel(record.id)
    again, is_new = bob.create(make_job(), webhook="https://bob.example/hook")
    assert (again.id, again.status, is_new) == (record.id, JobStatus.QUEUED, True)
    assert client.zcard("saddlepath:outbox") == 0
    bob.cancel(record.id)
    ada.cancel(record.id)
    assert client.zcard("saddlepath:outbox") == 1


def test_the_operator_ends_it_for_everybody(jobs, ada, bob, admin, make_job):
    record, _ = ada.create(make_job())
    bob.create(make_job())
    admin.cancel(record.id)
    assert ada.record(record.id).status is bob.record(record.id).status is JobStatus.CANCELLED
    admin.delete(record.id)
    assert listed(ada) == listed(bob) == listed(jobs) == []


def test_what_an_admin_asked_for_is_not_ended_by_another(ada, admin, make_job):
    record, _ = admin.create(make_job())
    ada.create(make_job())
    ada.delete(record.id)
    assert admin.record(record.id).status is JobStatus.QUEUED


def test_what_another_has_cancelled_is_solved_after_all(ada, bob, make_job):
    record, _ = ada.create(make_job())
    ada.cancel(record.id)
    assert ada.create(make_job()) == (ada.record(record.id), False)  # its own: to be retried
    again, is_new = bob.create(make_job())
    assert is_new and again.status is JobStatus.QUEUED and again.attempts == 0
    assert listed(bob, status=JobStatus.QUEUED) == listed(ada, status=JobStatus.QUEUED) == [record.id]
    assert listed(ada, status=JobStatus.CANCELLED) == listed(bob, status=JobStatus.CANCELLED) == []


def test_a_failed_one_is_found_as_it_is(ada, bob, attempts, make_job):
    record, _ = ada.create(make_job())
    problem = Problem(type="/problems/x", title="X", detail="x", code="x")
    attempts.fail(attempts.begin(record.id, "tag"), problem)
    found, is_new = bob.create(make_job())
    assert (found.status, is_new) == (JobStatus.FAILED, False)
    assert bob.retry(record.id).status is JobStatus.QUEUED


def test_another_may_not_learn_a_status_by_a_conflict(ada, bob, attempts, make_job):
    record, _ = ada.create(make_job())
    succeed(attempts, record.id)
    with pytest.raises(JobConflictError):
        ada.retry(record.id)
    for ask in (bob.retry, bob.cancel):
        with pytest.raises(JobNotFoundError):
            ask(record.id)


def test_jobs_of_before_keys_are_the_operators(jobs, ada, bob, make_job):
    record, _ = jobs.create(make_job())
    assert listed(ada) == []
    assert ada.create(make_job()) == (record, False)
    assert listed(ada) == [record.id] and listed(bob) == []


def test_pages_go_on_among_the_owners_own(ada, bob, make_job):
    ids = []
    for seed in range(6):
        view = ada if seed % 2 else bob
        ids.append(view.create(make_job(seed=seed))[0].id)
    first = ada.page(limit=2)
    assert [record.id for record in first.records] == [ids[5], ids[3]]
    assert [record.id for record in ada.page(limit=2, cursor=first.next_cursor).records] == [ids[1]]
