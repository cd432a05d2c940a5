"""The Celery application: the options of the queue, each for a reason that stands beside it.

No result backend: the record in the store is the truth, and a job delivered again after its end is refused
there.
"""

from __future__ import annotations

from celery import Celery

from worker.contract import QUEUE
from worker.settings import WorkerSettings
from worker.store import UNACKED, UNACKED_INDEX

RESTORE_MUTEX_S = 10


def create_app(settings: WorkerSettings) -> Celery:
    """The application that submits and runs jobs; it connects when first used, and imports no task itself."""
    app = Celery("saddlepath", broker=_broker_url(settings.redis_url), set_as_current=False)
    app.conf.update(
        include=("worker.tasks", "worker.warm_up"),
        task_default_queue=QUEUE,
        task_serializer="json",
        accept_content=("json",),
        task_ignore_result=True,
        # A message is acknowledged when its job is over. A lost child gives it back at once; the attempts are
        # counted by job in the store, so a poisonous one does not go round for ever.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        # TensorFlow hangs after a fork. The child lives on: its import and its traces make solves fast.
        worker_pool="prefork",
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=60,
        # How long a dead child's result is still waited for: nothing is told by results here.
        worker_lost_wait=0.5,
        # True loses jobs for good when the broker restarts.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # A store whose memory is full refuses a worker that takes up a message: no reason to die and lose a warm process.
        broker_channel_error_retry=True,
        broker_transport_options={
            # Short: a running solve renews its delivery (worker.lease), a dead one is delivered again soon.
            "visibility_timeout": settings.lease_s,
            "unacked_key": UNACKED,
            "unacked_index_key": UNACKED_INDEX,
            "unacked_mutex_key": f"{UNACKED}_mutex",
            # The default, 300 s, is for how long a worker that dies while restoring would block the others.
            "unacked_mutex_expire": RESTORE_MUTEX_S,
            "unacked_restore_interval": min(5.0, settings.lease_s / 2),
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_keepalive": not settings.redis_url.startswith("unix:"),
            "health_check_interval": 25,
        },
    )
    return app


def _broker_url(redis_url: str) -> str:
    return redis_url.replace("unix://", "redis+socket://", 1)
