"""Policies as SavedModels: written on demand by a worker, which has TensorFlow, and kept beside the artifact.

A client asks; the first question in a minute puts a message on the queue, the others wait for the same one. A lost
message is made good by the next question after that. All of it goes with its job when that is deleted.
"""

from __future__ import annotations

import time
from typing import Any

import redis

from worker.contract import JobRecord
from worker.errors import ExportFailedError
from worker.gone import missing
from worker.life_cycle import LifeCycle
from worker.store import artifact_key, store_errors
from worker.tenant import OPERATOR

ASKED_AGAIN_S = 60.0


class ExportStore:
    """Asks for exports and keeps them.

    Every method raises :class:`~worker.errors.StoreUnavailableError` when the store does not answer.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._life_cycle = LifeCycle(client)

    def load(self, job_id: str) -> bytes | None:
        """The SavedModel of a job; None where none is kept."""
        with store_errors():
            content: Any = self._client.hget(artifact_key(job_id), "saved_model")
        return None if content is None else bytes(content)

    def ask(self, job_id: str) -> bool:
        """Notes that the SavedModel of a succeeded job is asked for; whether a message is to be sent for it.

        Raises:
            JobNotFoundError: there is no succeeded job of that id.
            ExportFailedError: a worker has failed to write it within the last minute.
        """
        now = time.time()
        answer = self._life_cycle.run("ask_export", job_id, now, now - ASKED_AGAIN_S)
        if answer.value == "failed":
            raise ExportFailedError(job_id)
        if answer.value == "unsolved":
            raise missing(self._client, job_id, OPERATOR)
        return answer.is_done

    def keep(self, job_id: str, content: bytes) -> bool:
        """Keeps a SavedModel; False, and nothing kept, when the job is gone."""
        return self._life_cycle.run("keep_export", job_id, content).is_done

    def fail(self, job_id: str) -> None:
        """Notes that the SavedModel could not be written."""
        self._life_cycle.run("fail_export", job_id)


def origin_of(record: JobRecord) -> dict[str, Any]:
    """Where a policy comes from, as every artifact says it: of a succeeded job."""
    assert record.certificate is not None and record.provenance is not None
    return {
        "solution": record.id,
        "status": record.provenance["status"],
        "verdict": record.certificate["verdict"],
    }
