"""The record of a solution: one document from which anyone can solve it again and compare.

It holds the job with its whole model, the policy that it was solved to and what produced that. A solution that started from
another one carries that one's job and policy too, and not what this started from in its turn: its own record does. So
records of a long chain stay small, and each link is reproduced by its own.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from solver.diagnostics.certificate import Certificate
from worker.artifacts import Artifact
from worker.contract import Job, canonical_json
from worker.errors import RecordError
from worker.machine import THREAD_VARIABLES


class _Frozen(BaseModel):
    # An array of bytes is base64url on the wire.
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, ser_json_bytes="base64", val_json_bytes="base64"
    )


class StoredPolicy(_Frozen):
    """A policy as it lies in the store."""

    manifest: dict[str, Any] = Field(
        description="format, sha256 of the arrays, the policy's metadata, steady state, domain, reports of training."
    )
    arrays: bytes = Field(description="The policy's arrays: a NumPy .npz file, in base64url.")

    @classmethod
    def of(cls, artifact: Artifact) -> StoredPolicy:
        """The policy of an artifact."""
        return cls(manifest=artifact.read_manifest(), arrays=artifact.arrays)

    @property
    def artifact(self) -> Artifact:
        """The artifact that it was taken from."""
        return Artifact(canonical_json(self.manifest).encode(), self.arrays)

    @property
    def sha256(self) -> str:
        """What the manifest says of the arrays."""
        return str(self.manifest.get("sha256"))


class Solved(_Frozen):
    """A job and the policy that it was solved to."""

    job: Job
    policy: StoredPolicy


class Record(Solved):
    """Everything that it takes to solve a solution again, and to compare."""

    format: Literal[1] = Field(1, description="Of this document.")
    id: str = Field(description="The solution's id, the hash of its job.")
    start: Solved | None = Field(
        None, description="What it started from; null where it started from nothing."
    )
    certificate: Certificate
    provenance: dict[str, Any] = Field(
        description="versions, cpu, device, threads, dtype and hashes (job, model, policy, start) of the solve."
    )

    @property
    def threads(self) -> dict[str, int]:
        """The threads of the solve; those of them that an older record does not tell are left out."""
        told = self._part("threads")
        return {name: told[name] for name in THREAD_VARIABLES if isinstance(told.get(name), int)}

    @property
    def hashes(self) -> dict[str, Any]:
        """The hashes by provenance; none of an older record."""
        return self._part("hashes")

    def _part(self, name: str) -> dict[str, Any]:
        part = self.provenance.get(name)
        return part if isinstance(part, dict) else {}

    @model_validator(mode="after")
    def _carries_its_start(self) -> Record:
        if (self.job.start is None) != (self.start is None):
            raise ValueError(
                "job.start names the solution to start from, and start is that solution: give both or neither"
            )
        return self


def read_record(text: bytes) -> Record:
    """The record in a JSON document.

    Raises:
        RecordError: it is none; the message names up to three faults.
    """
    try:
        return Record.model_validate_json(text)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'the document'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
        raise RecordError(
            f"this is no record of a solution: {'; '.join(faults[:3])}{more}; give the answer of "
            "GET /v1/solutions/ID/record as it came"
        ) from error
