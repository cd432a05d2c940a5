"""The health of a worker's container: exit code 0 if its own pool process has announced itself lately."""

from __future__ import annotations

import socket
import sys
import time

from worker.presence import PRESENT_S, WORKERS
from worker.settings import WorkerSettings
from worker.store import connect


def is_present() -> bool:
    """Whether a worker process of this host is there."""
    client = connect(WorkerSettings().redis_url)
    names = client.zrangebyscore(WORKERS, time.time() - PRESENT_S, "+inf")
    return any(name.decode().startswith(f"{socket.gethostname()}:") for name in names)


if __name__ == "__main__":
    sys.exit(0 if is_present() else 1)
