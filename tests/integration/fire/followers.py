"""Clients that follow streams of events to their ends: they come again when one breaks, and at times leave one."""

import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from tests.integration.fire.history import UNKNOWN, Operation

TIMEOUT_S = 20.0
"""Longer than the pause between two signs of life of a stream."""
PAUSE_S = 0.2
LET_GO = 0.1
"""How often a stream is left after an event, to be taken up again behind it."""
GONE = {404, 410}


class Follower(threading.Thread):
    """Follows one solution after the other until it is told to stop."""

    def __init__(self, number, url, history, board, rng):
        super().__init__(name=f"follower-{number}", daemon=True)
        address = urlsplit(url)
        self._host, self._port = address.hostname, address.port
        self._history, self._board, self._rng = history, board, rng
        self._is_stopped = threading.Event()
        self.failure = None

    def stop(self):
        """Ends it with the solution that it follows."""
        self._is_stopped.set()

    def run(self):
        """Goes on until stopped."""
        try:
            while not self._is_stopped.wait(PAUSE_S):
                solution_id = self._board.choose("follow", self._rng)
                if solution_id is not None:
                    self._follow(solution_id)
        except Exception as error:  # noqa: BLE001 - told by whoever joins this thread
            self.failure = error

    def _follow(self, solution_id):
        began_s, told, place, is_whole = time.monotonic(), [], None, False
        path = f"{self._board.path(solution_id)}/events"
        while not is_whole and not (self._is_stopped.is_set() and not told):
            try:
                status, events = self._listen(path, place)
            except (OSError, http.client.HTTPException):
                status, events = UNKNOWN, []
            if status in GONE or any(kind == "status" and where is None for where, kind, _ in events):
                return  # deleted meanwhile
            told += [(where, data["status"]) for where, kind, data in events if kind == "status"]
            place = events[-1][0] if events else place
            is_whole = status == 204
            self._is_stopped.wait(PAUSE_S if status not in (200, 204) else 0)
        if is_whole:
            seen = Operation("follow", solution_id, began_s, time.monotonic(), 200, told=tuple(told))
            self._history.add(seen)

    def _listen(self, path, place):
        """The status of one answer, and the events that came whole: (place, kind, data) each."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        events = []
        try:
            connection.request("GET", path, headers={} if place is None else {"Last-Event-ID": place})
            answer = connection.getresponse()
            fields = {}
            while answer.status == 200 and (line := answer.readline()):
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    events.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
                    fields = {}
                    if self._rng.random() < LET_GO:
                        break
                else:
                    fields = {}
        except (OSError, http.client.HTTPException):
            if not events:
                raise
        finally:
            connection.close()
        return answer.status, events
