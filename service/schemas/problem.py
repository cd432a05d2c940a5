"""The problem document (RFC 9457)."""

from __future__ import annotations

from pydantic import BaseModel, Field


class FaultItem(BaseModel):
    """One mistake in a request."""

    pointer: str = Field(
        description="JSON pointer to the place in the body, or /name of a query parameter; empty for the whole."
    )
    message: str = Field(description="Names the value, the bound and the remedy.")
    equation: str | None = Field(None, description="The equation as written, where there is one.")
    symbol: str | None = Field(None, description="The symbol at fault, where there is one.")
    line: int | None = Field(None, description="Line in the model file, from 1.")
    column: int | None = Field(None, description="Column in the model file, from 1.")


class ProblemDocument(BaseModel):
    """Why a request failed."""

    type: str = Field(description="URI reference that names the kind of problem.")
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="Stable name of the kind of problem, for programs.")
    detail: str = Field(description="This occurrence, for people.")
    error: str = Field(description="The same, where clients of the Open Inference Protocol look for it.")
    errors: list[FaultItem] | None = Field(None, description="Everything that is wrong with the input.")
