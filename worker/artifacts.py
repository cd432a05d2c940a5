"""Solved policies as bytes: arrays in npz (never pickle) beside a JSON manifest that carries their SHA-256.

The artifact is written in the same atomic change that makes its job succeeded (``worker/lua``), so a
succeeded job always has its artifact and no other job ever has one.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import redis

from solver.errors import ArtifactError
from solver.policy.policy import Policy
from worker.contract import canonical_json, describe_progress
from worker.gone import missing
from worker.store import artifact_key, store_errors
from worker.tenant import OPERATOR

if TYPE_CHECKING:
    from solver.calibrate import Calibration
    from solver.model.spec import Model
    from solver.progress import Progress
    from solver.solution import Solution

FORMAT = 2
#: What is kept of a long training, evenly: more than a picture of it shows.
KEPT_REPORTS = 500


@dataclass(frozen=True)
class Artifact:
    """A policy as it is stored.

    Attributes:
        manifest: JSON: ``format``, ``sha256`` of the arrays, ``policy`` (its metadata), ``status`` of the
            solve, ``steady_state``, ``domain``, and ``history`` (reports of training, :data:`KEPT_REPORTS` at most).
        arrays: the policy's arrays, npz.
    """

    manifest: bytes
    arrays: bytes

    @classmethod
    def pack(cls, solution: Solution, policy: Policy) -> Artifact:
        """The artifact of a solution and its policy; the same policy packs to the same bytes of arrays."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **policy.to_arrays())
        arrays = buffer.getvalue()
        manifest = {
            "format": FORMAT,
            "sha256": hashlib.sha256(arrays).hexdigest(),
            "policy": policy.metadata(),
            "status": solution.status.value,
            "steady_state": solution.calibration.steady_state,
            "domain": solution.calibration.domain,
            "history": [describe_progress(report) for report in _thinned(solution.history)],
        }
        return cls(canonical_json(manifest).encode(), arrays)

    @property
    def sha256(self) -> str:
        """The hash of the arrays as they are."""
        return hashlib.sha256(self.arrays).hexdigest()

    def read_manifest(self) -> dict[str, Any]:
        """The manifest.

        Raises:
            ArtifactError: it is not of this format.
        """
        manifest: dict[str, Any] = json.loads(self.manifest)
        if manifest.get("format") != FORMAT:
            raise ArtifactError(
                f"artifact format {manifest.get('format')!r} is not {FORMAT}; solve the job again"
            )
        return manifest

    def unpack(self, model: Model, calibration: Calibration) -> Policy:
        """The policy, of the model and the calibration that were solved.

        Raises:
            ArtifactError: the arrays are not those that were stored, or not a policy's.
        """
        manifest = self.read_manifest()
        if self.sha256 != manifest["sha256"]:
            raise ArtifactError("the artifact's arrays do not match its manifest; solve the job again")
        try:
            with np.load(io.BytesIO(self.arrays), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            return Policy.from_arrays(model, calibration, manifest["policy"], arrays)
        except (ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ArtifactError(f"the artifact is not a policy: {error}") from error


class ArtifactStore:
    """Reads artifacts. They are immutable while their job exists, so a reader may keep what it has read."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def load(self, job_id: str) -> Artifact:
        """The artifact of a succeeded job.

        Raises:
            JobNotFoundError: there is no succeeded job of that id.
            StoreUnavailableError: the store does not answer.
        """
        with store_errors():
            stored: list[Any] = self._client.hmget(artifact_key(job_id), "manifest", "arrays")
        manifest, arrays = stored
        if manifest is None or arrays is None:
            raise missing(self._client, job_id, OPERATOR)
        return Artifact(manifest, arrays)


def _thinned(history: Sequence[Progress]) -> list[Progress]:
    """At most :data:`KEPT_REPORTS`, evenly: the first, the last and the one of the smallest error among them."""
    if len(history) <= KEPT_REPORTS:
        return list(history)
    errors = [np.inf if one.euler_error_max_log10 is None else one.euler_error_max_log10 for one in history]
    even = np.linspace(0, len(history) - 1, KEPT_REPORTS - 1).round().astype(int)
    return [history[place] for place in sorted({*even.tolist(), int(np.argmin(errors))})]
