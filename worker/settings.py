"""What an operator may set for the workers and for the queue: environment variables ``SADDLEPATH_…``."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkerSettings(BaseSettings):
    """Read from the environment when it is made, never at import."""

    model_config = SettingsConfigDict(env_prefix="SADDLEPATH_", frozen=True, extra="ignore")

    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0", description="The store: redis://… or unix://…."
    )
    lease_s: float = Field(
        default=10.0,
        gt=0,
        description="Seconds without a sign of life after which another worker gets a running job.",
    )
    max_attempts: int = Field(
        default=3, ge=1, description="Workers that a job may take down before it is failed."
    )
    stall_s: float = Field(
        default=120.0,
        gt=0,
        description="Seconds without progress after which a solve is taken to hang, and killed.",
    )
    stop_grace_s: float = Field(
        default=1.25,
        gt=0,
        description="Seconds that a solve has to stop by itself, once it should, before its process is killed.",
    )
    reconcile_s: float = Field(
        default=5.0, gt=0, description="Seconds between two reconciliations of jobs and queue."
    )
    keep_days: float | None = Field(
        default=None,
        gt=0,
        le=36_500,
        description="Days without a use after which a solution that is over is deleted; unset keeps it for good.",
    )
    keep_bytes: int | None = Field(
        default=None,
        ge=0,
        description="Most memory of the store that solutions which are over may take; the least recently used go.",
    )
    sweep_s: float = Field(
        default=60.0, gt=0, description="Seconds between two looks for solutions beyond either limit."
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="Threads of the libraries that a worker solves by; unset, one for each core.",
    )
    warm_up_model: str | None = Field(
        default="neoclassical", description="Model of the zoo that a worker solves once before its first job."
    )
