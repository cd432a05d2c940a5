"""What a worker's main process does beside running its pool.

It reconciles jobs and queue, ends solves that should have stopped, deletes what is beyond the operator's limits, sends
messages to webhooks, and hands its job back at a shutdown.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import structlog
from celery import bootsteps
from celery.worker import state

from worker.attempts import AttemptStore
from worker.contract import SOLVE_TASK
from worker.courier import Courier
from worker.errors import StoreUnavailableError
from worker.jobs import JobStore
from worker.outbox import Outbox
from worker.overseer import Delivery, Overseer
from worker.reconciler import Reconciler
from worker.retention import Retention
from worker.settings import WorkerSettings
from worker.simulation_job import SIMULATE_TASK
from worker.simulations import SimulationStore
from worker.store import connect
from worker.submission import Submission
from worker.webhook_settings import CourierSettings

LOOK_S = 0.25

_log = structlog.get_logger()


class Upkeep(bootsteps.StartStopStep):  # type: ignore[misc]
    """A step of the worker's start and stop, started after the pool and so stopped before it.

    At a shutdown (SIGTERM) the pool waits for its running job. That job is released first: its attempt learns that
    it is over, stops, and gives the message back for another worker; the attempt does not count.
    """

    requires = frozenset({"celery.worker.components:Pool"})

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        settings = WorkerSettings()
        client = connect(settings.redis_url)
        submission = Submission(JobStore(client), SimulationStore(client), parent.app)
        self._attempts = AttemptStore(client, settings.lease_s, settings.max_attempts)
        self._reconciler = Reconciler(client, submission, settings.reconcile_s)
        self._reconcile_s = settings.reconcile_s
        webhooks = CourierSettings()
        self._courier = Courier(Outbox(client), webhooks) if webhooks.webhook_hosts else None
        self._retention = Retention(client, settings.keep_days, settings.keep_bytes)
        self._sweep_s = settings.sweep_s
        self._overseer = Overseer(self._attempts, settings.stop_grace_s)
        self._is_stopping = threading.Event()

    def start(self, parent: Any) -> None:
        """Reconciles and sweeps now and after every interval; oversees until the process ends, its shutdown included."""
        threading.Thread(target=self._reconcile_until_stopped, name="reconciler", daemon=True).start()
        threading.Thread(target=self._sweep_until_stopped, name="retention", daemon=True).start()
        if self._courier is not None:
            errands = self._courier.run(self._is_stopping)
            threading.Thread(target=asyncio.run, args=(errands,), name="courier", daemon=True).start()
        threading.Thread(target=self._oversee, name="overseer", daemon=True).start()

    def stop(self, parent: Any) -> None:
        """Releases the running job."""
        self._is_stopping.set()
        for delivery in solves_under_way():
            try:
                self._attempts.release(delivery.job_id, delivery.tag)
            except StoreUnavailableError as error:
                _log.warning("not released", job=delivery.job_id, reason=str(error))

    def _oversee(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_S):
            try:
                self._overseer.look(solves_under_way, time.monotonic())
            except StoreUnavailableError as error:
                _log.warning("not overseen", reason=str(error))

    def _reconcile_until_stopped(self) -> None:
        while not self._is_stopping.is_set():
            try:
                orphans = self._reconciler.reconcile()
            except StoreUnavailableError as error:
                _log.warning("not reconciled", reason=str(error))
            else:
                if orphans:
                    _log.warning("enqueued again", jobs=orphans)
            self._is_stopping.wait(self._reconcile_s)

    def _sweep_until_stopped(self) -> None:
        while not self._is_stopping.is_set():
            try:
                for removal in self._retention.sweep():
                    _log.info("deleted", job=removal.job_id, reason=removal.reason)
                    if self._is_stopping.is_set():
                        return
            except StoreUnavailableError as error:
                _log.warning("not swept", reason=str(error))
            self._is_stopping.wait(self._sweep_s)


def solves_under_way() -> set[Delivery]:
    """The solves and simulations that the pool works on now."""
    requests = tuple(state.requests.values())
    return {
        Delivery(request.id, request.message.delivery_tag, request.worker_pid)
        for request in requests
        if request.worker_pid is not None and request.name in (SOLVE_TASK, SIMULATE_TASK)
    }
