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
    sensitivity: list[str] = Field(
        [], description="Parameters by which controls and definitions are differentiated, too."
    )
    strict: bool = Field(False, description="Refuse states outside the domain instead of extrapolating.")


_MISFIT = Field(
    description="Share of the differentiated equations that these derivatives leave open, on average over fresh states of "
    "the domain: about their relative error. null where the equations are not defined."
)
_BY_PARAMETER = Field(
    None,
    description="By parameter, the derivatives of controls and definitions; where `sensitivity` asks for them.",
)


class Sensitivity(BaseModel):
    """The derivatives of a policy by one parameter, at one state."""

    controls: dict[str, float | None]
    definitions: dict[str, float | None]
    misfit: float | None = _MISFIT


class SensitivityColumns(BaseModel):
    """The derivatives of a policy by one parameter, at many states, by columns."""

    controls: dict[str, list[float | None]]
    definitions: dict[str, list[float | None]]
    misfit: float | None = _MISFIT


class Evaluation(BaseModel):
    """A policy at one state."""

    states: dict[str, float]
    controls: dict[str, float]
    definitions: dict[str, float]
    in_domain: bool = Field(description="Whether the domain that was solved holds the state.")
    sensitivities: dict[str, Sensitivity] | None = _BY_PARAMETER


class EvaluationColumns(BaseModel):
    """A policy at many states, by columns."""

    states: dict[str, list[float]]
    controls: dict[str, list[float]]
    definitions: dict[str, list[float]]
    in_domain: list[bool]
    sensitivities: dict[str, SensitivityColumns] | None = _BY_PARAMETER
