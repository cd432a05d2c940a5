"""``python -m worker``: one worker, that is a main process and the pool process in which it solves."""

from __future__ import annotations

import os

from worker.celery_app import create_app
from worker.logs import configure_logs
from worker.settings import WorkerSettings
from worker.upkeep import Upkeep
from worker.webhook_settings import CourierSettings


def main() -> None:
    """Runs until SIGTERM or SIGINT; a running job then goes back to the queue."""
    configure_logs()
    CourierSettings()  # what is wrong with them is said before anything starts
    app = create_app(WorkerSettings())
    app.steps["worker"].add(Upkeep)
    # Gossip, mingle and heartbeats are how workers watch each other: the store does that here.
    watching = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    app.worker_main(
        ["--quiet", "worker", "--loglevel=WARNING", f"--hostname=saddlepath-{os.getpid()}@%h", *watching]
    )


if __name__ == "__main__":
    main()
