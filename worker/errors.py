"""The exception tree of the worker's stores and queue.

::

    WorkerError
    ├── StoreUnavailableError   the store does not answer; nothing is known about what was asked of it
    │   └── StoreFullError      the store's memory is full; nothing was changed
    ├── DataTooNewError         a later release has written the store's data in a form that this one cannot read
    ├── JobNotFoundError        no job of that id
    │   ├── JobGoneError        there was one, which has been deleted
    │   │   └── SimulationGoneError     the same of a simulation
    │   └── SimulationNotFoundError no simulation of that id
    ├── ModelNotFoundError      no registered model of that handle
    ├── RegistryFullError       as many models are registered as may be
    ├── ModelsLimitError        a key has registered as many models as it may
    ├── JobConflictError        the job's status does not allow what was asked
    ├── QueueFullError          as many jobs are waiting as may wait
    ├── WebhookUrlError         a URL that no webhook can have, or that the operator does not allow
    │   └── WebhookRefusedError a host with an address that nothing may be sent to
    ├── WebhooksFullError       as many webhooks are asked for of one job as may be
    ├── WaitingLimitError       as many jobs of a key are waiting as may wait
    ├── SecondsLimitError       a key has had its seconds of solving for today
    ├── KeyNotFoundError        no key of that id
    ├── ExportFailedError       a policy that no worker could write in the form that was asked for
    ├── CursorError             a page cursor that no listing has given out
    ├── AttemptRefusedError     a delivery of a job that is not to be solved now
    └── RecordError             a document that is no record of a solution, or cannot be read or solved at all
"""

from __future__ import annotations

from typing import ClassVar, Final


class WorkerError(Exception):
    """Base of every exception that the worker raises on purpose."""


class StoreUnavailableError(WorkerError):
    """The store does not answer."""


class StoreFullError(StoreUnavailableError):
    """The store's memory is full: it answers, and has changed nothing."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "the store's memory is full, so it takes nothing new; what it has is safe and can be read, and solves that are "
            "under way wait with their results. Delete solutions that are not needed any more and send the request again; "
            "the operator can raise the store's maxmemory, or limit what is kept by SADDLEPATH_KEEP_BYTES"
        )


class DataTooNewError(WorkerError):
    """A later release has written the store's data in a form that this one cannot read."""

    def __init__(self, found: int, newest: int) -> None:
        self.found = found
        super().__init__(
            f"a later release has written the store's data, in form {found}; this one reads forms up to {newest}: run that "
            "release again, or restore a backup that was made before the upgrade"
        )


class JobNotFoundError(WorkerError):
    """No job of that id."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"there is no job {job_id}")


class JobGoneError(JobNotFoundError):
    """A job that was deleted lately."""

    NOUN: ClassVar[str] = "solution"
    DONE: ClassVar[str] = "solved"
    WHY: Final = {
        "request": "on request",
        "age": "since it had not been used for as long as the operator keeps solutions (SADDLEPATH_KEEP_DAYS)",
        "size": "to make room, being the least recently used (SADDLEPATH_KEEP_BYTES)",
    }

    def __init__(self, job_id: str, deleted_at: str, reason: str) -> None:
        super().__init__(job_id)
        self.deleted_at = deleted_at
        self.reason = reason
        self.args = (
            f"{self.NOUN} {job_id} was deleted at {deleted_at}, {self.WHY[reason]}; post its request again to have it "
            f"{self.DONE} again under the same id",
        )


class SimulationNotFoundError(JobNotFoundError):
    """No simulation of that id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.args = (f"there is no simulation {job_id} of this solution",)


class SimulationGoneError(JobGoneError):
    """A simulation that was deleted lately."""

    NOUN: ClassVar[str] = "simulation"
    DONE: ClassVar[str] = "simulated"


class ModelNotFoundError(WorkerError):
    """No registered model of that handle."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"there is no registered model {handle}")


class RegistryFullError(WorkerError):
    """As many models are registered as may be."""

    def __init__(self, max_models: int) -> None:
        super().__init__(
            f"{max_models} models are registered, the most that may be; solve this one by sending it in the place of "
            "a model's name in POST /v1/solutions"
        )


class ModelsLimitError(WorkerError):
    """A key has registered as many models as it may."""

    def __init__(self, max_models: int) -> None:
        super().__init__(
            f"this key has registered {max_models} models, the most that it may; solve this one by sending it in the place "
            "of a model's name in POST /v1/solutions"
        )


class JobConflictError(WorkerError):
    """The job's status does not allow what was asked."""

    def __init__(self, job_id: str, status: str, action: str) -> None:
        self.job_id = job_id
        self.status = status
        self.action = action
        super().__init__(f"job {job_id} is {status} and cannot be {action}")


class QueueFullError(WorkerError):
    """As many jobs are waiting as may wait."""

    def __init__(self, max_queued: int) -> None:
        super().__init__(f"{max_queued} jobs are waiting, the most that may; try again later")


class WebhookUrlError(WorkerError):
    """A URL that no webhook can have, or that the operator does not allow; the message goes on from its name."""


class WebhookRefusedError(WebhookUrlError):
    """A host with an address that nothing may be sent to."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(
            f"its host {host} has the address {address}, which is private, link-local or otherwise refused"
        )


class WebhooksFullError(WorkerError):
    """As many webhooks are asked for of one job as may be."""

    def __init__(self, job_id: str, most: int) -> None:
        super().__init__(
            f"{most} webhooks are asked for of solution {job_id}, the most that may be; send the request without webhook, "
            "and wait for the solution"
        )


class WaitingLimitError(WorkerError):
    """As many jobs of a key are waiting as may wait."""

    def __init__(self, max_waiting: int) -> None:
        super().__init__(
            f"{max_waiting} jobs of this key are waiting, the most that may; wait for one, or cancel one"
        )


class SecondsLimitError(WorkerError):
    """A key has had its seconds of solving for today.

    Attributes:
        retry_after_s: seconds until the day (UTC) turns.
    """

    def __init__(self, max_seconds: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            f"this key has had its {max_seconds} seconds of solving for today; there are as many again when the day (UTC) "
            f"turns, in {retry_after_s} s"
        )


class KeyNotFoundError(WorkerError):
    """No key of that id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"there is no key {key_id}; `saddlepath-server keys list` shows every id")


class ExportFailedError(WorkerError):
    """A policy that a worker has failed to write as a SavedModel."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"the policy of job {job_id} could not be written as a SavedModel")


class CursorError(WorkerError):
    """A page cursor that no listing has given out."""


class AttemptRefusedError(WorkerError):
    """A delivery of a job that is not to be solved now: it is over, deleted, or being solved elsewhere."""

    def __init__(self, job_id: str, reason: str) -> None:
        self.job_id = job_id
        self.reason = reason
        super().__init__(f"no attempt at job {job_id}: {reason}")


class RecordError(WorkerError):
    """A document that is no record of a solution, or that cannot be read or solved at all."""
