"""What must hold whatever was done to the stack: a pure function of what clients saw, the store did and workers said.

An operation of which nothing is known may have happened or not, at any time after it was asked: only what was
acknowledged is held against the service.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

AFTER = {
    None: {"queued"},
    "queued": {"running", "failed", "cancelled"},
    "running": {"queued", "running", "succeeded", "failed", "cancelled"},
}
"""What may follow each status; others are followed by queued alone, for each time that a client asked for a retry."""
RETRIABLE = {"failed", "cancelled"}
REFUSALS = {404, 409, 410, 429}
SUBMISSIONS = {"submit", "simulate"}


@dataclass(frozen=True)
class Violation:
    """One promise that was broken.

    Attributes:
        promise: which.
        solution_id: of which solution.
        what: what was found.
    """

    promise: str
    solution_id: str | None
    what: str


def check(operations, changes, endings, *, poisonous, max_attempts):
    """Every violation.

    Args:
        operations: of all clients, with a last look at every solution (see :mod:`.history`).
        changes: of all jobs (see :mod:`.ledger`).
        endings: a (solution id, token) for each time that a worker was told that its outcome is written.
        poisonous: the id of the job that kills its worker at every attempt; None where there was none.
        max_attempts: the most that a job may have.
    """
    by_id = defaultdict(list)
    for operation in operations:
        by_id[operation.solution_id].append(operation)
    found = [*_bad_answers(operations), *_bad_tokens(changes, endings, by_id)]
    lives = _lives(changes)
    for solution_id in dict.fromkeys([*lives, *(key for key in by_id if key is not None)]):
        own, life = by_id[solution_id], lives.get(solution_id, [])
        broken = [*_bad_life(life, max_attempts, len(_retries(own))), *_bad_views(own, life)]
        found += [Violation(promise, solution_id, what) for promise, what in broken]
    if poisonous is not None:
        found += _bad_poison(poisonous, by_id[poisonous], changes, max_attempts)
    return found


def _bad_answers(operations):
    for operation in operations:
        if operation.status is not None and operation.status >= 300 and operation.status not in REFUSALS:
            yield Violation("no defect", operation.solution_id, f"{operation.kind}: {operation.status}")


def _retries(own):
    """The retries that may have taken place."""
    return [one for one in own if one.kind == "retry" and (one.is_done or one.status is None)]


def _bad_tokens(changes, endings, by_id):
    """Of one token two attempts, or two outcomes."""
    begun = Counter(
        change.token for change in changes if change.kind == "status" and change.status == "running"
    )
    for token, times in begun.items():
        if times > 1 or token is None:
            yield Violation("one token an attempt", None, f"{times} attempts began with token {token}")
    for token, times in Counter(token for _, token in endings).items():
        if times > 1:
            yield Violation("one token an attempt", None, f"{times} outcomes were written with token {token}")
    holders = _holders_at_the_end(changes)
    for solution_id, token in endings:
        if token not in holders[solution_id]:
            held = " and ".join(sorted(holders[solution_id]))
            what = f"token {token} wrote its outcome, and {held or 'none'} held it"
            yield Violation("no writing without a token", solution_id, what)
    for solution_id, times in Counter(solution_id for solution_id, _ in endings).items():
        if times > 1 + len(_retries(by_id[solution_id])):
            yield Violation(
                "one outcome a job", solution_id, f"{times} attempts were told that they wrote it"
            )


def _holders_at_the_end(changes):
    """The tokens that jobs carried when they ended otherwise than from outside."""
    held, ended = {}, defaultdict(set)
    for change in changes:
        if change.kind == "status" and change.status == "running":
            held[change.solution_id] = change.token
        elif change.kind == "status" and change.status in ("succeeded", "failed"):
            ended[change.solution_id].add(held.get(change.solution_id))
    return ended


def _lives(changes):
    """The changes of each job."""
    lives = defaultdict(list)
    for change in changes:
        lives[change.solution_id].append(change)
    return lives


def _bad_life(life, max_attempts, n_retries):
    """What is wrong in a job's own changes."""
    yield from _bad_statuses(life, n_retries)
    for change in life:
        if change.attempts > max_attempts:
            yield "attempts within the limit", f"{change.attempts} of {max_attempts}"
        if change.kind == "policy" and change.told != change.found:
            yield "a policy's bytes match its hash", f"{change.found} is stored as {change.told}"
        # The last report of a success is written with its outcome, when the token is still there.
        if change.kind in ("progress", "page") and (change.status != "running" or change.token is None):
            yield "no writing without a token", f"{change.kind} was written while {change.status}"


def _bad_statuses(life, n_retries):
    status, ends, n_again = None, [], 0
    for change in life:
        if change.kind == "deleted":
            status, ends = None, []
        elif change.kind == "status":
            if status in RETRIABLE and change.status == "queued":
                status, ends, n_again = "queued", [], n_again + 1
                continue
            if status == "cancelled" and change.status == "succeeded":
                yield "cancelled is never followed by succeeded", "it was"
            elif change.status not in AFTER.get(status, set()):
                yield "a terminal status never changes", f"{status} became {change.status}"
            status = change.status
            ends += [status] if status not in ("queued", "running") else []
    if len(ends) > 1:
        yield "exactly one terminal status", " and ".join(ends)
    if n_again > n_retries:
        yield "a terminal status never changes", f"queued again {n_again} times, for {n_retries} retries"


def _bad_views(own, life):
    """What is wrong in what clients saw of one solution."""
    yield from _bad_endings(own, life)
    yield from _bad_streams(own, life)
    yield from _lost_and_found(own)
    answers = defaultdict(set)
    for operation in own:
        if operation.digest is not None:
            answers[operation.asked].add(operation.digest)
    for asked, digests in answers.items():
        if len(digests) > 1:
            yield "a policy evaluates the same", f"{len(digests)} different answers to {asked}"


def _bad_endings(own, life):
    told = [operation for operation in own if operation.seen is not None]
    over = [operation for operation in told if operation.seen.is_over]
    retries = _retries(own)
    if len({operation.seen for operation in over}) > 1 + len(retries):
        statuses = sorted({operation.seen.status for operation in over})
        yield "a terminal status never changes", f"it was told to be {' and '.join(statuses)}"
    if over:
        first = min(operation.ended_s for operation in over)
        again_s = min((retry.began_s for retry in retries), default=float("inf"))
        after = [one for one in told if first < one.began_s and one.ended_s < again_s]
        if not all(operation.seen.is_over for operation in after):
            yield "a terminal status never changes", "it was unfinished again"
    is_acknowledged = any(operation.kind in SUBMISSIONS and operation.is_done for operation in own)
    is_deleted = any(operation.kind == "delete" for operation in own)
    if is_acknowledged and not is_deleted:
        if not over:
            yield "exactly one terminal status", "it was acknowledged and has none"
        last = [change for change in life if change.kind == "status"][-1:]
        if not last:
            yield "exactly one terminal status", "it was acknowledged and the store never had it"
        elif over and last[0].status != over[-1].seen.status:
            yield "exactly one terminal status", f"told {over[-1].seen.status}, stored {last[0].status}"
    policies = {change.found for change in life if change.kind == "policy"}
    for operation in over:
        told_policy = operation.seen.policy
        if operation.seen.status == "succeeded" and told_policy not in (policies or {None}):
            yield "a policy's bytes match its hash", f"told {told_policy}, which nobody stored"


def _bad_streams(own, life):
    """What is wrong in streams that were followed to their ends."""
    statuses = [change.status for change in life if change.kind == "status"]
    for stream in (operation for operation in own if operation.kind == "follow"):
        places = [tuple(map(int, place.split("-"))) for place, _ in stream.told]
        told = [status for _, status in stream.told]
        if places != sorted(set(places)):
            yield "a stream tells in order, and nothing twice", " ".join(place for place, _ in stream.told)
        if told != statuses[: len(told)]:
            yield "a stream tells every change", f"{' '.join(told)}, of {' '.join(statuses)}"
        if not told or told[-1] in ("queued", "running"):
            yield "a stream ends with its job", " ".join(told) or "nothing"


def _lost_and_found(own):
    submitted = [operation for operation in own if operation.kind in SUBMISSIONS]
    deleted = [operation for operation in own if operation.kind == "delete"]
    acknowledged_s = min((operation.ended_s for operation in submitted if operation.is_done), default=None)
    deletion_s = min((operation.began_s for operation in deleted), default=float("inf"))
    if acknowledged_s is not None:
        for operation in own:
            if (
                operation.status == 404
                and acknowledged_s < operation.began_s
                and operation.ended_s < deletion_s
            ):
                yield "nothing acknowledged is lost", f"{operation.kind} did not find it"
    if all(operation.is_done for operation in submitted):  # none is still under way, to bring it back
        gone_s = min((operation.ended_s for operation in deleted if operation.is_done), default=float("inf"))
        for operation in own:
            if operation.began_s > gone_s and operation.is_done:
                yield "deleted is gone", f"{operation.kind} found it"


def _bad_poison(poisonous, own, changes, max_attempts):
    over = [operation.seen for operation in own if operation.seen is not None and operation.seen.is_over]
    if not over or (over[-1].status, over[-1].problem) != ("failed", "worker-lost"):
        yield Violation("a poisonous job fails", poisonous, f"it is {over[-1:]}")
    elif over[-1].attempts != max_attempts:
        yield Violation("a poisonous job fails", poisonous, f"after {over[-1].attempts} attempts")
    statuses = [change for change in changes if change.kind == "status"]
    begun = [
        number
        for number, one in enumerate(statuses)
        if (one.solution_id, one.status) == (poisonous, "running")
    ]
    since = statuses[begun[0] :] if begun else []
    if not any(change.status == "succeeded" for change in since):
        yield Violation("a poisonous job holds up no other", poisonous, "none succeeded since it began")
