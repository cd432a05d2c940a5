"""The Open Inference Protocol on the wire: what its clients send and read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TENSORS = 1_000
"""More than any model has states, or variables."""
Datatype = Literal["FP64", "FP32", "INT64", "INT32"]


class InferenceTensor(BaseModel):
    """One state at n places."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str
    shape: list[int] = Field(description="[n] or [n, 1].")
    datatype: Datatype
    data: list[float] | None = Field(None, description="n numbers.", fail_fast=True)
    parameters: dict[str, Any] = Field(
        {}, description="binary_data_size: bytes of this tensor behind the JSON, in place of data."
    )


class InferenceOutput(BaseModel):
    """The name of a tensor that is wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    parameters: dict[str, Any] = Field({}, description="binary_data: whether as bytes behind the JSON.")


class InferenceRequest(BaseModel):
    """The states at which a policy is asked: a tensor for each state."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str | None = Field(None, description="Given back.")
    inputs: list[InferenceTensor] = Field(max_length=MAX_TENSORS)
    outputs: list[InferenceOutput] | None = Field(
        None,
        max_length=MAX_TENSORS,
        description="Which of the controls, definitions and in_domain to answer with. Default: all.",
    )
    parameters: dict[str, Any] = Field(
        {},
        description="binary_data_output: whether all outputs that do not say otherwise are bytes behind the JSON.",
    )


class AnsweredTensor(BaseModel):
    """One control or definition, or whether the domain holds a state."""

    name: str
    shape: list[int]
    datatype: Literal["FP64", "BOOL"]
    data: list[float] | list[bool]


class InferenceAnswer(BaseModel):
    """A policy at n states."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[AnsweredTensor]


class TensorMetadata(BaseModel):
    """What a tensor looks like; -1 stands for any number of states."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(BaseModel):
    """What a solved policy takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ServerMetadata(BaseModel):
    """The server."""

    name: str
    version: str
    extensions: list[str]


class Liveness(BaseModel):
    """The process is alive."""

    live: bool


class ServerReadiness(BaseModel):
    """The store answers."""

    ready: bool


class ModelReadiness(BaseModel):
    """The solution has a policy."""

    name: str
    ready: bool
