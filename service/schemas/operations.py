"""The state of the service on the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The process is alive."""

    status: str = Field(description='"ok".')


class Readiness(BaseModel):
    """The store answers."""

    status: str = Field(description='"ready".')
    workers: int = Field(description="Workers that have given a sign of life lately.")
    queued: int = Field(description="Jobs that wait for a worker.")
    running: int = Field(description="Jobs that are being solved.")
