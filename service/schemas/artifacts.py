"""Artifacts on the wire."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from service.query import Query


class ArtifactFormat(StrEnum):
    """What a policy is written for."""

    NPZ = "npz"
    ONNX = "onnx"
    SAVEDMODEL = "savedmodel"


class ArtifactQuery(Query):
    """Which artifact."""

    format: ArtifactFormat = Field(
        ArtifactFormat.NPZ,
        description="npz: arrays for NumPy alone; onnx: for onnxruntime; savedmodel: TensorFlow's, zipped.",
    )
