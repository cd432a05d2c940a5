"""Evaluations of policies on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


def _shape(value: Any) -> str:
    return "column" if isinstance(value, list) else "scalar"


# The first bad number of a column stands for all of them: a hundred thousand faults take seconds to tell.
Column = Annotated[
    Annotated[float, Tag("scalar")] | Annotated[list[float], Field(fail_fast=True), Tag("column")],
    Discriminator(_shape),
]


class StatesRequest(BaseModel):
    """The states at which a policy is asked, by columns; a single number stands for every row."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    states: dict[str, Column] = Field(description="A number or an array of numbers for each state.")
    strict: bool = Field(False, description="Refuse states outside the domain instead of extrapolating.")


class Evaluation(BaseModel):
    """A policy at one state."""

    states: dict[str, float]
    controls: dict[str, float]
    definitions: dict[str, float]
    in_domain: bool = Field(description="Whether the domain that was solved holds the state.")


class EvaluationColumns(BaseModel):
    """A policy at many states, by columns."""

    states: dict[str, list[float]]
    controls: dict[str, list[float]]
    definitions: dict[str, list[float]]
    in_domain: list[bool]
