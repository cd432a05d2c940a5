"""``python -m worker``: one worker, that is a main process and the pool process in which it solves."""

from __future__ import annotations

import os
import sys
import threading

import structlog

from worker.celery_app import create_app
from worker.data_format import claim_format
from worker.errors import DataTooNewError, StoreUnavailableError
from worker.logs import configure_logs
from worker.machine import thread_limits
from worker.settings import WorkerSettings
from worker.store import connect
from worker.upkeep import Upkeep
from worker.webhook_settings import CourierSettings

RETRY_S = 1.0

_log = structlog.get_logger()


def main() -> None:
    """Runs until SIGTERM or SIGINT; a running job then goes back to the queue."""
    configure_logs()
    CourierSettings()  # what is wrong with them is said before anything starts
    settings = WorkerSettings()
    try:
        await_format(settings.redis_url)
    except DataTooNewError as error:
        sys.exit(f"python -m worker: {error}")
    if settings.threads is not None:  # for the pool process: libraries read it when they are loaded
        os.environ.update(thread_limits(settings.threads, os.environ))
    app = create_app(settings)
    app.steps["worker"].add(Upkeep)
    # Gossip, mingle and heartbeats are how workers watch each other: the store does that here.
    watching = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    app.worker_main(
        ["--quiet", "worker", "--loglevel=WARNING", f"--hostname=saddlepath-{os.getpid()}@%h", *watching]
    )


def await_format(url: str) -> None:
    """Waits until the store answers, and marks its data or finds it marked.

    Raises:
        DataTooNewError: a later release has written it.
    """
    pause = threading.Event()
    with connect(url) as client:
        while True:
            try:
                claim_format(client)
            except StoreUnavailableError as error:
                _log.warning("waiting for the store", reason=str(error))
                pause.wait(RETRY_S)
            else:
                return


if __name__ == "__main__":
    main()
