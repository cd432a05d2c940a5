"""What an operator may set about the API: environment variables with the prefix ``SADDLEPATH_``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from worker.webhook_settings import WebhookSettings


class ServiceSettings(WebhookSettings):
    """Address of the store and the limits of one API process. Every limit is answered with a clear 4xx."""

    model_config = SettingsConfigDict(env_prefix="SADDLEPATH_", frozen=True, extra="ignore")

    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="The store: Valkey or Redis.")
    require_keys: bool = Field(
        default=False,
        description="Ask for a key although none is there: set beyond loopback, where a store that lost its keys must not "
        "open the server.",
    )
    max_body_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=1024**2, description="Largest request body, but for batches of states."
    )
    max_batch_body_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=16 * 1024**2,
        description="Largest body of a batch of tensors (/v2); elsewhere states are counted.",
    )
    max_nesting: Annotated[int, Field(ge=4, le=200)] = Field(
        default=32, description="Deepest nesting of objects and arrays in a JSON body."
    )
    max_items: Annotated[int, Field(ge=100)] = Field(
        default=1000,
        description="Most members of an object, or items of an array, but for batches of states.",
    )
    max_waiting: Annotated[int, Field(ge=1)] = Field(
        default=200, description="Most requests that may wait for their body to be read and checked."
    )
    max_waiting_batches: Annotated[int, Field(ge=1)] = Field(
        default=30, description="Most batches of states that may wait to be evaluated."
    )
    max_waiting_figures: Annotated[int, Field(ge=1)] = Field(
        default=30, description="Most figures that may wait to be drawn."
    )
    max_held_batch_bytes: Annotated[int, Field(ge=1024**2)] = Field(
        default=1024**3, description="Most bytes of batches that wait to be evaluated or sent, together."
    )
    max_batch_states: Annotated[int, Field(ge=1)] = Field(
        default=1_000_000, description="Most states that one call may evaluate."
    )
    max_simulation_bytes: Annotated[int, Field(ge=0)] = Field(
        default=512 * 1024**2,
        description="Most bytes of the store that the result of a simulation too large for one request may take.",
    )
    max_event_streams: Annotated[int, Field(ge=1)] = Field(
        default=1000, description="Most streams of events that may be open."
    )
    max_queued_jobs: Annotated[int, Field(ge=1)] = Field(
        default=10_000, description="Most jobs that may be waiting before new ones are turned away."
    )
    max_models: Annotated[int, Field(ge=0)] = Field(
        default=1000, description="Most models of the users' own that may be registered."
    )
    model_cache_size: Annotated[int, Field(ge=1)] = Field(
        default=64, description="Models kept in memory, least recently used first out."
    )
    policy_cache_size: Annotated[int, Field(ge=1)] = Field(
        default=256, description="Solved policies kept in memory, least recently used first out."
    )
    policy_recheck_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=1.0,
        description="Seconds for which a policy in memory is served before the store is asked again.",
    )
