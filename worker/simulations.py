"""Simulations that are jobs, as their owners see them, and their results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import redis
from pydantic import BaseModel, ConfigDict

from solver.errors import ArtifactError
from worker.errors import JobNotFoundError
from worker.gone import missing
from worker.job_lives import JobLives, told
from worker.simulation_job import KIND, SimulationJob, SimulationRecord
from worker.store import artifact_key, simulations_key, store_errors
from worker.tenant import OPERATOR

FORMAT = 1


class SimulationStore(JobLives[SimulationRecord]):
    """The simulations."""

    _kind = KIND
    _results = ("summary", "problem")

    def create(self, job: SimulationJob, trace: str = "") -> tuple[SimulationRecord, bool]:
        """The record of ``job``, and whether it is new; as :meth:`worker.jobs.JobStore.create` has it.

        Raises:
            QueueFullError: it is new, and as many jobs are waiting as may wait.
            WaitingLimitError, SecondsLimitError: likewise.
            JobNotFoundError: its solution is not there, not solved, or not the tenant's.
        """
        content = job.model_dump_json()
        answer = self._life_cycle.run(
            "create",
            job.id,
            *(content, "", job.label, job.solution, trace, "", 0, self._max_queued),
            tenant=self._tenant,
        )
        self._refuse_limits(answer)
        if answer.value == "unsolved":
            raise missing(self._client, job.solution, self._tenant)
        return self.record(job.id), answer.is_done

    def job(self, job_id: str) -> SimulationJob:
        """The job itself.

        Raises:
            JobNotFoundError: there is none; of its kind JobGoneError, if there was one lately.
        """
        return SimulationJob.model_validate_json(self._content(job_id))

    def of_solution(self, solution_id: str) -> list[SimulationRecord]:
        """The tenant's simulations of a solution, newest first."""
        with store_errors():
            members: Any = self._client.smembers(simulations_key(solution_id))
        records = []
        for job_id in members:
            with suppress(JobNotFoundError):  # another's, or deleted in between
                records.append(self.record(job_id.decode()))
        return sorted(records, key=lambda record: (record.created_at, record.id), reverse=True)

    def _read(self, job_id: str, fields: dict[bytes, bytes]) -> SimulationRecord:
        job = json.loads(fields[b"content"])
        return SimulationRecord(
            id=job_id,
            **{name: job[name] for name in ("solution", "periods", "paths", "burn_in", "seed")},
            **told(fields),
            summary=json.loads(fields.get(b"summary", b"null")),
        )


class Page(BaseModel):
    """One page of a result, as the manifest tells of it.

    Attributes:
        first: its first row.
        rows: how many it has.
        sha256: of its bytes.
    """

    model_config = ConfigDict(frozen=True)

    first: int
    rows: int
    sha256: str


class Manifest(BaseModel):
    """What a result has.

    Attributes:
        format: of the result.
        periods: of each path: row r is period r mod periods of path r div periods.
        lost: paths that leave the states at which the economy is defined.
        groups: the names of the variables by what they are, in the order of the columns.
        pages: all pages.
    """

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    periods: int
    lost: int
    groups: dict[str, list[str]]
    pages: list[Page]


class ResultStore:
    """Reads results: pages of float64, column after column, NaN from where a path is lost."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def manifest(self, job_id: str) -> Manifest:
        """What the result of a succeeded simulation has.

        Raises:
            JobNotFoundError: there is no succeeded simulation of that id.
            StoreUnavailableError: the store does not answer.
        """
        return Manifest.model_validate_json(self._field(job_id, "manifest"))

    def page(self, job_id: str, manifest: Manifest, number: int) -> dict[str, dict[str, np.ndarray]]:
        """The variables of a page by what they are, (n_rows,) each.

        Raises:
            JobNotFoundError: there is no succeeded simulation of that id.
            ArtifactError: the page is not as it was stored.
            StoreUnavailableError: the store does not answer.
        """
        content = self._field(job_id, str(number))
        page = manifest.pages[number]
        if hashlib.sha256(content).hexdigest() != page.sha256:
            raise ArtifactError(
                f"page {number} of {job_id} does not match its manifest; retry the simulation"
            )
        columns = iter(np.frombuffer(content, dtype="<f8").reshape(-1, page.rows))
        return {group: {name: next(columns) for name in names} for group, names in manifest.groups.items()}

    def _field(self, job_id: str, field: str) -> bytes:
        with store_errors():
            content: Any = self._client.hget(artifact_key(job_id), field)
        if content is None:
            raise missing(self._client, job_id, OPERATOR)
        return bytes(content)


def pack_page(groups: Mapping[str, Mapping[str, np.ndarray]], rows: slice) -> bytes:
    """Some rows of the variables, as a page holds them."""
    columns = [values[rows] for group in groups.values() for values in group.values()]
    return np.stack(columns).astype("<f8", copy=False).tobytes()


def describe_groups(groups: Mapping[str, Mapping[str, object]]) -> dict[str, list[str]]:
    """The names of variables by what they are, in order."""
    return {group: list(columns) for group, columns in groups.items()}
