"""A solved job as it lies in the store, and its policy read back."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from solver.calibrate import calibrate
from solver.model.load import model_from_document
from solver.model.spec import Model
from solver.policy.policy import Policy
from worker.artifacts import Artifact
from worker.contract import Job, canonical_json


@dataclass(frozen=True)
class Stored:
    """A solved job as it lies in the store."""

    job: Job
    artifact: Artifact

    def read_policy(self) -> Policy:
        """Its policy.

        Raises:
            ArtifactError: it cannot be read back.
        """
        model = read_model(canonical_json(self.job.document))
        return self.artifact.unpack(model, calibrate(model, self.job.calibration))


@functools.lru_cache(maxsize=64)
def read_model(document: str) -> Model:
    """The model in a canonical document, as JSON."""
    return model_from_document(json.loads(document))
