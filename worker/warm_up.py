"""What a pool process does once, at its start: imports TensorFlow, solves a model, says that it is there.

The first user's solve then finds the import, the traces and the caches that make a solve fast.
"""

from __future__ import annotations

from typing import Any

import structlog
from celery.signals import worker_process_init

from worker.contract import Job
from worker.logs import configure_logs
from worker.presence import Announcer, PresenceStore, process_name
from worker.settings import WorkerSettings
from worker.store import connect

_log = structlog.get_logger()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def start_process(**_: Any) -> None:
    """Makes this pool process ready for solves."""
    configure_logs()
    settings = WorkerSettings()
    if settings.warm_up_model:
        warm_up(settings.warm_up_model)
    presence = PresenceStore(connect(settings.redis_url))
    Announcer(presence, process_name()).start()


def warm_up(model_name: str) -> None:
    """Solves a model of the zoo by the default method and drops the result."""
    from solver.calibrate import calibrate
    from solver.model.zoo import load_zoo
    from solver.settings import SolveSettings
    from worker.execution import execute

    model = load_zoo(model_name)
    job = Job.describe(model_name, model, calibrate(model), SolveSettings.model_validate({}))
    outcome = execute(job, on_progress=lambda _: None, should_stop=lambda: False)
    _log.info("warm", model=model_name, outcome=type(outcome).__name__)
