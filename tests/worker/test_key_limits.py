"""What a tenant may have waiting, and have solved in a day."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from solver.progress import Progress
from worker.artifacts import Artifact
from worker.contract import JobStatus, Problem, utc_now
from worker.errors import SecondsLimitError, WaitingLimitError
from worker.job_lives import DAY_S
from worker.store import UNACKED_INDEX, job_key, spent_key
from worker.tenant import Tenant

ADA, BOB = Tenant("ada", False, 2, 100), Tenant("bob", False, 2, 100)
PROBLEM = Problem(type="/problems/x", title="X", detail="x", code="x")
REPORT = Progress("gauss-newton", 3, 1e-15, -6.9, 1548, 0.05, 0.0)


@pytest.fixture
def ada(jobs):
    return jobs.seen_by(ADA)


@pytest.fixture
def bob(jobs):
    return jobs.seen_by(BOB)


@pytest.fixture
def spent(client):
    """The seconds that a tenant was charged today."""
    return lambda name: float(client.get(spent_key(name, utc_now())) or 0)


@pytest.fixture
def began_before(client):
    """Dates the beginning of a running attempt back."""

    def shift(job_id, seconds):
        client.hset(job_key(job_id), "began", float(client.hget(job_key(job_id), "began")) - seconds)

    return shift


def succeed(attempts, attempt):
    return attempts.succeed(attempt, REPORT, {"verdict": "pass"}, {}, Artifact(b"{}", b""))


def test_so_many_may_wait_and_no_more(jobs, ada, bob, attempts, make_job):
    ids = [ada.create(make_job(seed))[0].id for seed in range(2)]
    with pytest.raises(WaitingLimitError, match="2 jobs of this key"):
        ada.create(make_job(2))
    assert ada.create(make_job(0))[1] is False  # its own, found again
    assert bob.create(make_job(2))[1] is True
    with pytest.raises(WaitingLimitError):
        ada.create(make_job(2))  # another's that waits would be its own, too
    assert len(ada.page().records) == 2
    attempts.begin(ids[0], "tag")
    assert ada.create(make_job(3))[1] is True


def test_many_at_once_do_not_pass_the_limit_together(jobs, make_job):
    view = jobs.seen_by(Tenant("ada", False, 5, 100))

    def create(seed):
        try:
            view.create(make_job(seed))
        except WaitingLimitError:
            return 0
        return 1

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(create, range(40))) == 5
    assert len(jobs.ids(JobStatus.QUEUED)) == 5


def test_a_retry_waits_as_well(ada, make_job):
    record, _ = ada.create(make_job())
    ada.cancel(record.id)
    for seed in (1, 2):
        ada.create(make_job(seed))
    with pytest.raises(WaitingLimitError):
        ada.retry(record.id)
    assert ada.record(record.id).status is JobStatus.CANCELLED


@pytest.mark.parametrize("end", ["succeed", "fail"])
def test_an_attempt_is_charged_once_when_it_ends(ada, attempts, make_job, spent, began_before, end):
    record, _ = ada.create(make_job())
    attempt = attempts.begin(record.id, "tag")
    began_before(record.id, 30)
    assert spent("ada") == 0

    def finish():
        return succeed(attempts, attempt) if end == "succeed" else attempts.fail(attempt, PROBLEM)

    assert finish()
    charged = spent("ada")
    assert 30 <= charged < 40
    assert not finish()
    assert spent("ada") == charged


def test_an_attempt_that_was_overtaken_charges_nothing(ada, attempts, make_job, spent, began_before):
    record, _ = ada.create(make_job())
    zombie = attempts.begin(record.id, "tag")
    began_before(record.id, 50)
    attempt = attempts.begin(record.id, "tag")
    assert not succeed(attempts, zombie)
    assert spent("ada") == 0  # lost with its worker
    assert succeed(attempts, attempt)
    assert spent("ada") < 10


def test_an_attempt_that_is_handed_back_charges_nothing(ada, attempts, make_job, spent, began_before):
    record, _ = ada.create(make_job())
    attempts.begin(record.id, "tag")
    began_before(record.id, 50)
    assert attempts.release(record.id, "tag")
    assert spent("ada") == 0


@pytest.mark.parametrize("end", ["cancel", "delete"])
@pytest.mark.parametrize(("unseen_s", "least", "most"), [(0, 30, 40), (28, 11, 15)])
def test_what_is_ended_from_outside_is_charged_to_its_last_sign_of_life(
    client, ada, attempts, make_job, spent, began_before, end, unseen_s, least, most
):
    record, _ = ada.create(make_job())
    attempts.begin(record.id, "tag")
    began_before(record.id, 30)
    client.zadd(UNACKED_INDEX, {"tag": time.time() - unseen_s})
    getattr(ada, end)(record.id)
    assert least <= spent("ada") < most


def test_what_only_waited_is_free(ada, make_job, spent):
    record, _ = ada.create(make_job())
    ada.cancel(record.id)
    assert spent("ada") == 0


def test_who_has_asked_pays_and_who_takes_over(ada, bob, attempts, make_job, spent, began_before):
    for seed, gives_up in ((0, False), (1, True)):
        record, _ = ada.create(make_job(seed))
        bob.create(make_job(seed))
        if gives_up:
            ada.cancel(record.id)
        attempt = attempts.begin(record.id, "tag")
        began_before(record.id, 20)
        assert succeed(attempts, attempt)
        assert 20 <= spent("bob" if gives_up else "ada") < 25
        assert spent("ada") >= 20 and (spent("bob") > 0) is gives_up


def test_a_spent_day_refuses_what_is_to_be_solved_and_finds_what_is(
    client, ada, bob, attempts, make_job, spent, began_before
):
    record, _ = ada.create(make_job())
    attempt = attempts.begin(record.id, "tag")
    began_before(record.id, 100)
    succeed(attempts, attempt)
    solved, _ = bob.create(make_job(1))
    succeed(attempts, attempts.begin(solved.id, "tag"))
    waiting, _ = bob.create(make_job(2))
    for seed in (2, 3):
        with pytest.raises(SecondsLimitError, match="100 seconds") as refused:
            ada.create(make_job(seed))
        assert 0 < refused.value.retry_after_s <= DAY_S
    assert ada.create(make_job(1))[0].status is JobStatus.SUCCEEDED
    client.delete(spent_key("ada", utc_now()))  # the day turns
    assert ada.create(make_job(2)) == (waiting, False)


def test_the_charges_of_a_day_go_with_time(client, ada, attempts, make_job):
    record, _ = ada.create(make_job())
    succeed(attempts, attempts.begin(record.id, "tag"))
    assert DAY_S < client.ttl(spent_key("ada", utc_now())) <= 2 * DAY_S
