"""The checker on histories that are made up: it finds nothing in a good one, and each broken promise in a bad one."""

from dataclasses import replace

import pytest

from tests.integration.fire.checker import check
from tests.integration.fire.history import Operation, Seen
from tests.integration.fire.ledger import Change

ONE, TWO, POISON = "one", "two", "poison"
HASH = "h" * 64
SUCCEEDED = Seen("succeeded", "12:00:01", 1, None, HASH)
CANCELLED = Seen("cancelled", "12:00:02", 1)
FAILED = Seen("failed", "12:00:03", 3, "worker-lost")


def op(kind, solution_id, at, status=200, seen=None, asked=None, digest=None):
    return Operation(kind, solution_id, at, at + 0.5, status, seen, asked, digest)


def change(solution_id, status, token=None, attempts=1):
    return Change(solution_id, "status", status, token, attempts)


OPERATIONS = (
    op("submit", ONE, 0, 202, Seen("queued")),
    op("submit", TWO, 0, 202, Seen("queued")),
    op("submit", POISON, 0, 202, Seen("queued")),
    op("poll", ONE, 1, None),
    op("evaluate", ONE, 2, 409),
    op("cancel", TWO, 3, 202, CANCELLED),
    op("evaluate", ONE, 4, 200, asked="a=0", digest="x"),
    op("evaluate", ONE, 5, 200, asked="a=1", digest="y"),
    op("evaluate", ONE, 6, 200, asked="a=0", digest="x"),
    op("poll", ONE, 7, 200, SUCCEEDED),
    op("poll", TWO, 7, 200, CANCELLED),
    op("poll", POISON, 7, 200, FAILED),
)
CHANGES = (
    change(ONE, "queued", None, 0),
    change(TWO, "queued", None, 0),
    change(POISON, "queued", None, 0),
    change(POISON, "running", "1", 1),
    change(ONE, "running", "2"),
    Change(ONE, "progress", "running", "2", 1),
    change(TWO, "running", "3"),
    change(POISON, "running", "4", 2),
    Change(ONE, "policy", told=HASH, found=HASH),
    change(ONE, "succeeded"),
    change(TWO, "cancelled"),
    change(POISON, "running", "5", 3),
    change(POISON, "failed", None, 3),
)
ENDINGS = ((ONE, "2"),)


def broken(operations=OPERATIONS, changes=CHANGES, endings=ENDINGS):
    """The promises that are broken, each with its solution."""
    found = check(operations, changes, endings, poisonous=POISON, max_attempts=3)
    return {(one.promise, one.solution_id) for one in found}


def without(entries, *gone):
    return tuple(entry for entry in entries if entry not in gone)


def test_a_good_history_breaks_nothing():
    assert broken() == set()


def test_what_is_unknown_is_not_held_against_the_service():
    unknown = (
        op("submit", None, 8, None),
        op("delete", ONE, 8, None),
        op("poll", ONE, 9, 404),
        op("poll", ONE, 10, 429),
    )
    gone = (*CHANGES, Change(ONE, "deleted"))
    assert broken((*OPERATIONS, *unknown), gone) == set()


def test_a_deleted_solution_is_not_missed():
    deletion = (op("delete", ONE, 8, 204), op("poll", ONE, 9, 404))
    assert broken((*OPERATIONS, *deletion), (*CHANGES, Change(ONE, "deleted"))) == set()


BAD_OPERATIONS = {
    "a defect": (op("poll", ONE, 8, 500), "no defect", ONE),
    "a refusal that nobody asked for": (op("poll", ONE, 8, 422), "no defect", ONE),
    "another end": (
        op("poll", ONE, 8, 200, replace(SUCCEEDED, status="failed")),
        "a terminal status never changes",
        ONE,
    ),
    "another time of the end": (
        op("poll", ONE, 8, 200, replace(SUCCEEDED, finished_at="13:00")),
        "a terminal status never changes",
        ONE,
    ),
    "running after its end": (
        op("poll", ONE, 8, 200, Seen("running")),
        "a terminal status never changes",
        ONE,
    ),
    "lost": (op("poll", ONE, 8, 404), "nothing acknowledged is lost", ONE),
    "another answer": (
        op("evaluate", ONE, 8, 200, asked="a=0", digest="z"),
        "a policy evaluates the same",
        ONE,
    ),
    "succeeded after it was cancelled": (
        op("poll", TWO, 8, 200, SUCCEEDED),
        "a terminal status never changes",
        TWO,
    ),
}


@pytest.mark.parametrize("case", BAD_OPERATIONS)
def test_a_bad_operation_is_found(case):
    operation, promise, solution_id = BAD_OPERATIONS[case]
    assert (promise, solution_id) in broken((*OPERATIONS, operation))


def test_an_acknowledged_solution_that_does_not_end_is_found():
    operations = without(OPERATIONS, op("poll", ONE, 7, 200, SUCCEEDED))
    assert ("exactly one terminal status", ONE) in broken(operations)
    assert ("exactly one terminal status", "three") in broken((*OPERATIONS, op("submit", "three", 8, 202)))


def test_a_solution_that_comes_back_after_its_deletion_is_found():
    back = (op("delete", ONE, 8, 204), op("poll", ONE, 9, 200, SUCCEEDED))
    assert broken((*OPERATIONS, *back)) == {("deleted is gone", ONE)}
    unknown = op("submit", ONE, 0, None)
    assert broken((*OPERATIONS, unknown, *back)) == set()


BAD_CHANGES = {
    "succeeded after cancelled": (
        change(TWO, "succeeded"),
        "cancelled is never followed by succeeded",
        TWO,
    ),
    "failed after succeeded": (change(ONE, "failed"), "a terminal status never changes", ONE),
    "queued after cancelled": (change(TWO, "queued"), "a terminal status never changes", TWO),
    "two ends": (change(ONE, "succeeded"), "exactly one terminal status", ONE),
    "too many attempts": (change(POISON, "running", "6", 4), "attempts within the limit", POISON),
    "another hash": (Change(ONE, "policy", told=HASH, found="g"), "a policy's bytes match its hash", ONE),
    "a token twice": (change(TWO, "running", "2"), "one token an attempt", None),
    "progress of nobody": (Change(ONE, "progress", "running", None, 1), "no writing without a token", ONE),
    "progress after its end": (Change(ONE, "progress", "failed", "2", 1), "no writing without a token", ONE),
}


@pytest.mark.parametrize("case", BAD_CHANGES)
def test_a_bad_change_is_found(case):
    entry, promise, solution_id = BAD_CHANGES[case]
    assert (promise, solution_id) in broken(changes=(*CHANGES, entry))


def test_a_policy_that_nobody_stored_is_found():
    stored = Change(ONE, "policy", told=HASH, found=HASH)
    assert ("a policy's bytes match its hash", ONE) in broken(changes=without(CHANGES, stored))


def test_an_end_that_the_store_does_not_have_is_found():
    assert broken(changes=without(CHANGES, change(TWO, "cancelled"))) == {
        ("exactly one terminal status", TWO)
    }


def test_outcomes_that_were_written_twice_are_found():
    assert ("one token an attempt", None) in broken(endings=(*ENDINGS, (TWO, "2")))
    assert ("one outcome a job", ONE) in broken(endings=(*ENDINGS, (ONE, "9")))


def test_an_outcome_of_an_attempt_that_was_overtaken_is_found():
    assert broken(endings=((ONE, "9"),)) == {("no writing without a token", ONE)}


@pytest.mark.parametrize(
    "seen", [SUCCEEDED, replace(FAILED, problem="internal"), replace(FAILED, attempts=2), Seen("running")]
)
def test_a_poisonous_job_that_ends_otherwise_is_found(seen):
    operations = [replace(one, seen=seen) if one.seen == FAILED else one for one in OPERATIONS]
    assert ("a poisonous job fails", POISON) in broken(operations)


def test_a_poisonous_job_that_holds_up_all_others_is_found():
    changes = (
        change(ONE, "running", "2"),
        Change(ONE, "policy", told=HASH, found=HASH),
        change(ONE, "succeeded"),
    )
    later = without(CHANGES, *changes)
    first = (*later[:3], *changes, *later[3:])
    assert ("a poisonous job holds up no other", POISON) in broken(changes=first)


RETRY = op("retry", TWO, 8, 202, Seen("queued"))
AGAIN = (change(TWO, "queued", None, 0), change(TWO, "running", "6"), change(TWO, "failed"))
FAILED_LATER = op("poll", TWO, 10, 200, Seen("failed", "12:00:09", 1, "diverged"))


def test_what_was_retried_may_end_again_and_once():
    operations, changes = (*OPERATIONS, RETRY, FAILED_LATER), (*CHANGES, *AGAIN)
    assert broken(operations, changes, (*ENDINGS, (TWO, "6"))) == set()
    unknown = replace(RETRY, status=None, seen=None)
    assert broken((*OPERATIONS, unknown, FAILED_LATER), changes, (*ENDINGS, (TWO, "6"))) == set()
    twice = (*changes, change(TWO, "queued", None, 0), change(TWO, "running", "7"), change(TWO, "failed"))
    assert ("a terminal status never changes", TWO) in broken(operations, twice)
    assert ("one outcome a job", TWO) in broken(operations, changes, ((TWO, "3"), (TWO, "6"), (TWO, "6")))
    before = op("poll", TWO, 3.6, 200, Seen("queued"))
    assert ("a terminal status never changes", TWO) in broken((*operations, before), changes)


def stream(*told):
    """A stream of :data:`ONE` that was followed to its end."""
    places = [f"1000-{number}" for number, _ in enumerate(told)]
    return replace(op("follow", ONE, 1), told=tuple(zip(places, told, strict=True)))


def test_a_stream_that_told_all_breaks_nothing():
    assert broken((*OPERATIONS, stream("queued", "running", "succeeded"))) == set()


@pytest.mark.parametrize(
    ("told", "promise"),
    [
        (("queued", "succeeded"), "a stream tells every change"),
        (("queued", "running", "running", "succeeded"), "a stream tells every change"),
        (("queued", "running", "failed"), "a stream tells every change"),
        (("queued", "running"), "a stream ends with its job"),
        ((), "a stream ends with its job"),
    ],
)
def test_a_stream_that_told_otherwise_is_found(told, promise):
    assert (promise, ONE) in broken((*OPERATIONS, stream(*told)))


def test_a_stream_that_told_something_twice_is_found():
    (queued, running, succeeded) = stream("queued", "running", "succeeded").told
    twice = replace(op("follow", ONE, 1), told=(queued, queued, running, succeeded))
    assert ("a stream tells in order, and nothing twice", ONE) in broken((*OPERATIONS, twice))


def test_a_page_that_nobody_s_attempt_wrote_is_found():
    for entry in (Change(ONE, "page", "cancelled"), Change(ONE, "page", "running", None, 1)):
        assert ("no writing without a token", ONE) in broken(changes=(*CHANGES, entry))
    assert broken(changes=(*CHANGES[:7], Change(ONE, "page", "running", "2", 1), *CHANGES[7:])) == set()
