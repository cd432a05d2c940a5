"""A stack under fire: clients and a nemesis at once, then a last look at everything, for the checker."""

import itertools
import json
import random
import re
import time
from contextlib import suppress
from dataclasses import dataclass

from tests.integration.fire.checker import check
from tests.integration.fire.clients import POISONOUS, STATES, Board, Caller, Client
from tests.integration.fire.followers import Follower
from tests.integration.fire.history import UNKNOWN, History
from tests.integration.fire.ledger import read_ledger
from tests.integration.fire.nemesis import FAULTS, Nemesis, Poisoner
from worker.store import connect

LEASE_S = 5.0
MAX_ATTEMPTS = 3
ENVIRONMENT = {
    "SADDLEPATH_LEASE_S": str(LEASE_S),
    "SADDLEPATH_MAX_ATTEMPTS": str(MAX_ATTEMPTS),
    "SADDLEPATH_WARM_UP_MODEL": "",
    "SADDLEPATH_MAX_BATCH_STATES": "1000",
}
ARGUMENTS = ("--workers", "2")
N_CLIENTS, N_FOLLOWERS = 4, 2
BETWEEN = 20
"""Answered operations between two faults."""
AGAIN_S = 240.0
WHOLE_S = 240.0
POISON_SEED = 999_999_999


@dataclass(frozen=True)
class Outcome:
    """What a run under fire came to.

    Attributes:
        operations: of all clients.
        changes: of all jobs.
        struck: how many faults there were of each kind.
        poison_kills: how often the poisonous job took its worker down.
        violations: of what must hold.
        elapsed_s: seconds under fire.
    """

    operations: tuple
    changes: tuple
    struck: dict
    poison_kills: int
    violations: list
    elapsed_s: float


def run_fire(running, seed, seconds=0.0):
    """Everything, on a stack that was started with :data:`ARGUMENTS` and :data:`ENVIRONMENT` on an empty directory.

    Args:
        running: the stack.
        seed: of what clients and nemesis draw.
        seconds: how long it burns at least; every kind of fault comes at least once.
    """
    (worker, *_) = running.children("worker")
    store_url = worker.environ()["SADDLEPATH_REDIS_URL"]
    keep_every_change(store_url)
    history, board, rng = History(), Board(), random.Random(seed)
    caller = Caller(running.url, history, board)
    clients = [
        Client(number, Caller(running.url, history, board), board, random.Random(rng.random()))
        for number in range(N_CLIENTS)
    ]
    clients += [
        Follower(number, running.url, history, board, random.Random(rng.random()))
        for number in range(N_FOLLOWERS)
    ]
    poisonous = caller.submit(POISON_SEED, POISONOUS, 1e-12)
    poisoner = Poisoner(store_url, poisonous)
    nemesis = Nemesis(running, store_url, 2 * LEASE_S, rng)
    began_s = time.monotonic()
    for thread in (poisoner, *clients):
        thread.start()
    try:
        for fault in faults(rng, began_s + seconds):
            _await_recovery(running, history)
            nemesis.strike(fault)
        _await_recovery(running, history)
    finally:
        for client in clients:
            client.stop()
        for client in clients:
            client.join()
    elapsed_s = time.monotonic() - began_s
    assert [client.failure for client in clients] == [None] * len(clients)
    _look_at_all(running, caller, history, [poisonous, *board.ids()])
    poisoner.stop()
    poisoner.join()
    operations, changes = history.operations(), read_ledger(running.data / "store")
    endings = read_endings(running.data / "logs")
    violations = check(operations, changes, endings, poisonous=poisonous, max_attempts=MAX_ATTEMPTS)
    return Outcome(operations, changes, dict(nemesis.struck), poisoner.kills, violations, elapsed_s)


def faults(rng, until_s):
    """Every kind of fault in an order that is drawn, again and again until a time has come."""
    for number in itertools.count():
        if number and time.monotonic() > until_s:
            return
        for fault in rng.sample(FAULTS, len(FAULTS)):
            if number and time.monotonic() > until_s:
                return
            yield fault


def keep_every_change(store_url):
    """Keeps the store from ever writing its append-only file afresh, without what has been overwritten since."""
    with connect(store_url) as client:
        client.config_set("auto-aof-rewrite-percentage", 0)
        client.config_rewrite()


def read_endings(logs):
    """A (solution id, token) for each line in the workers' logs that says that an outcome is written."""
    lines = itertools.chain.from_iterable(
        path.read_text(errors="replace").splitlines() for path in logs.glob("worker-*.log")
    )
    told = [json.loads(line) for line in lines if re.match(r'\{.*"event": "finished".*\}$', line)]
    return [(line["job"], str(line["token"])) for line in told if line["is_written"]]


def _await_recovery(running, history):
    """Waits until the stack serves and solves again: more operations were answered, and one that nobody knew was solved."""
    before = history.operations()

    def is_whole():
        operations = history.operations()
        n_answered = sum(one.status is not UNKNOWN for one in operations[len(before) :])
        return n_answered >= BETWEEN and solved(operations) - solved(before)

    running.wait_for(is_whole, AGAIN_S)


def solved(operations):
    """The ids of the solutions that were seen to have succeeded."""
    return {one.solution_id for one in operations if one.seen is not None and one.seen.status == "succeeded"}


def _look_at_all(running, caller, history, ids):
    """Waits until everything that was acknowledged is over, and looks at it for the last time."""
    begun, waiting = len(history), set(ids)

    def seen():
        return {one.solution_id: one.seen for one in history.operations()[begun:] if one.seen is not None}

    def are_over():
        for solution_id in sorted(waiting):
            caller.do("await", solution_id)
        waiting.difference_update([solution_id for solution_id, one in seen().items() if one.is_over])
        return not waiting

    with suppress(AssertionError):  # the checker tells what is not over
        running.wait_for(are_over, WHOLE_S)
    for solution_id in sorted(solved(history.operations()[begun:])):
        for state in STATES if "-" not in solution_id else ():
            caller.do("evaluate", solution_id, state)
        caller.do("download", solution_id)
