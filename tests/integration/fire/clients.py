"""Clients that submit, simulate, poll, cancel, retry, delete, evaluate and download, and keep what they saw."""

import hashlib
import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from tests.integration.fire.history import UNKNOWN, Operation, Seen

TIMEOUT_S = 8.0
NOTHING_KNOWN = {503, 507}
PAUSE_S = 0.1
"""Between two operations of one client: it shares two cores with what it asks."""
WAIT_S = 5
MOST_UNFINISHED = 12
WEIGHTS = {
    **{"submit": 60, "simulate": 3, "poll": 48, "evaluate": 72, "download": 12},
    **{"cancel": 1, "retry": 2, "delete": 1},
}
LARGE = {"periods": 60, "paths": 40}
"""More rows than one request of the stack may have."""
STATES = ("a=0&k=0.2", "a=0.05&k=0.15", "a=-0.1&k=0.3")
SHORT = {"policy": {"family": "polynomial", "degree": 4}}
LONG = {"policy": {"hidden": [8]}, "training": {"algorithm": "adam", "steps": 1_000_000, "seconds": 2.0}}
POISONOUS = {**LONG, "training": {**LONG["training"], "seconds": 120.0}}


class Board:
    """What the clients know of each other's solutions."""

    def __init__(self):
        self._lock = threading.Lock()
        self._open, self._deletable, self._succeeded, self._over = set(), set(), set(), set()
        self._cancelled, self._starts = set(), {}

    def add(self, solution_id, *, is_deletable, start=None):
        """Takes up what was acknowledged. One of which a request may be under way yet is not to be deleted.

        Args:
            solution_id: of a solution, or of a simulation.
            is_deletable: whether clients may delete it.
            start: of a simulation, the solution whose policy is simulated.
        """
        with self._lock:
            self._open.add(solution_id)
            if is_deletable:
                self._deletable.add(solution_id)
            if start is not None:
                self._starts[solution_id] = start

    def path(self, solution_id):
        """Where it is."""
        start = self._starts.get(solution_id)
        return f"/v1/solutions/{solution_id if start is None else f'{start}/simulations/{solution_id}'}"

    def keep(self, solution_id):
        """From now on a solution is not to be deleted: its simulations would go with it."""
        with self._lock:
            self._deletable.discard(solution_id)

    def note(self, solution_id, seen):
        """Hears what was told of a solution."""
        with self._lock:
            (self._over.add if seen.is_over else self._over.discard)(solution_id)
            is_cancelled = seen.status == "cancelled" and solution_id in self._open
            (self._cancelled.add if is_cancelled else self._cancelled.discard)(solution_id)
            if seen.status == "succeeded" and solution_id in self._open:
                self._succeeded.add(solution_id)

    def drop(self, solution_id):
        """Forgets a solution, which somebody is about to delete."""
        with self._lock:
            for ids in (self._open, self._deletable, self._succeeded, self._over, self._cancelled):
                ids.discard(solution_id)

    def n_unfinished(self):
        """How many have not been seen to be over."""
        with self._lock:
            return len(self._open - self._over)

    def choose(self, kind, rng):
        """A solution to do something of a kind to, None where there is none."""
        with self._lock:
            solved = self._succeeded - self._starts.keys()
            those = {
                "cancel": self._open - self._over,
                "follow": self._open - self._over - self._starts.keys(),
                "retry": self._cancelled,
                "delete": self._deletable,
                "simulate": solved,
                "evaluate": solved,
                "download": self._succeeded,
            }
            ids = sorted(those.get(kind, self._open))
        return rng.choice(ids) if ids else None

    def ids(self):
        """All that nobody has begun to delete."""
        with self._lock:
            return sorted(self._open)


class Caller:
    """One client's requests, each kept in the history."""

    def __init__(self, url, history, board):
        address = urlsplit(url)
        self._host, self._port = address.hostname, address.port
        self._history, self._board = history, board

    def submit(self, seed, method, target):
        """Asks for a solution; its id, None where the answer is not known."""
        request = {"model": "brock_mirman", "method": method, "target": target, "seed": seed}
        return self._do("submit", None, "POST", "/v1/solutions", request)

    def simulate(self, solution_id, seed):
        """Asks for a large simulation; its id, None where the answer is not known."""
        path = f"/v1/solutions/{solution_id}/simulate"
        return self._do("simulate", None, "POST", path, {**LARGE, "initial": {"k": 0.1 + 1e-8 * seed}})

    def do(self, kind, solution_id, state=STATES[0]):
        """Does something to a solution, or to a simulation."""
        whole = "/artifact?format=npz" if "-" not in solution_id else "/result?page=0"
        method, path = {
            "poll": ("GET", ""),
            "await": ("GET", f"?wait={WAIT_S}"),
            "cancel": ("POST", "/cancel"),
            "retry": ("POST", "/retry"),
            "delete": ("DELETE", ""),
            "evaluate": ("GET", f"/policy?{state}"),
            "download": ("GET", whole),
        }[kind]
        self._do(kind, solution_id, method, self._board.path(solution_id) + path)

    def _do(self, kind, solution_id, method, path, request=None):
        began_s = time.monotonic()
        status, content = self._ask(method, path, request)
        seen = asked = digest = None
        if status is not UNKNOWN and status < 300:
            if kind in ("submit", "simulate", "poll", "await", "cancel", "retry"):
                record = json.loads(content)
                solution_id, seen = record["id"], Seen.of(record)
                self._board.note(solution_id, seen)
            elif kind != "delete":
                asked, digest = path.partition("?")[2], hashlib.sha256(content).hexdigest()
        self._history.add(
            Operation(kind, solution_id, began_s, time.monotonic(), status, seen, asked, digest)
        )
        return solution_id

    def _ask(self, method, path, request):
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        try:
            body = None if request is None else json.dumps(request)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return UNKNOWN, b""
        finally:
            connection.close()
        return (UNKNOWN if answer.status in NOTHING_KNOWN else answer.status), content


class Client(threading.Thread):
    """Does one thing after another, drawn by weight, until it is told to stop."""

    def __init__(self, number, caller, board, rng):
        super().__init__(name=f"client-{number}", daemon=True)
        self._seeds = iter(range(1_000_000 * number, 1_000_000 * (number + 1)))
        self._caller, self._board, self._rng = caller, board, rng
        self._is_stopped = threading.Event()
        self.failure = None

    def stop(self):
        """Ends it after the operation that it is at."""
        self._is_stopped.set()

    def run(self):
        """Goes on until stopped."""
        try:
            while not self._is_stopped.wait(PAUSE_S):
                self._step()
        except Exception as error:  # noqa: BLE001 - told by whoever joins this thread
            self.failure = error

    def _step(self):
        (kind,) = self._rng.choices(list(WEIGHTS), WEIGHTS.values())
        if kind in ("submit", "simulate") and self._board.n_unfinished() >= MOST_UNFINISHED:
            kind = "poll"
        if kind == "submit":
            self._submit()
            return
        solution_id = self._board.choose(kind, self._rng)
        if solution_id is None:
            return
        if kind == "simulate":
            self._simulate(solution_id)
            return
        if kind == "delete":
            self._board.drop(solution_id)
        self._caller.do(kind, solution_id, self._rng.choice(STATES))

    def _submit(self):
        """Asks again until it is answered: the same request is the same solution."""
        seed, is_short = next(self._seeds), self._rng.random() < 0.7
        method, target = (SHORT, 1e-2) if is_short else (LONG, 1e-12)
        solution_id, n_tries = self._insist(lambda: self._caller.submit(seed, method, target))
        if solution_id is not None:
            self._board.add(solution_id, is_deletable=n_tries == 1)

    def _simulate(self, solution_id):
        self._board.keep(solution_id)
        seed = next(self._seeds)
        simulation_id, n_tries = self._insist(lambda: self._caller.simulate(solution_id, seed))
        if simulation_id is not None:
            self._board.add(simulation_id, is_deletable=n_tries == 1, start=solution_id)

    def _insist(self, ask):
        """The id that was acknowledged, None where this client was stopped before that; and how often it was asked."""
        n_tries = 1
        while (job_id := ask()) is None:
            if self._is_stopped.wait(PAUSE_S):
                return None, n_tries
            n_tries += 1
        return job_id, n_tries
