"""What an operator may set about webhooks: environment variables ``SADDLEPATH_WEBHOOK_…``."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from worker.webhook_url import read_hosts

_PREFIX = "whsec_"


def _as_hosts(value: object) -> object:
    return read_hosts(value) if isinstance(value, str) else value


class WebhookSettings(BaseSettings):
    """What webhooks may be asked for: read by the API and the workers alike."""

    model_config = SettingsConfigDict(
        env_prefix="SADDLEPATH_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    webhook_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_as_hosts)] = Field(
        default=(),
        description="Hosts that webhooks may go to, separated by commas: hooks.example.org, *.example.org, "
        "hooks.example.org:8443. None: there are no webhooks.",
    )
    webhook_private: bool = Field(
        default=False,
        description="Whether they may have addresses of a private network or of this machine, and be called by http.",
    )


class CourierSettings(WebhookSettings):
    """What it takes to send them: read by the workers' main processes alone."""

    webhook_secret: SecretStr | None = Field(
        default=None,
        description="What they are signed with: whsec_ and 24 to 64 bytes in base64; several, separated by spaces, while "
        "one replaces another.",
    )

    @model_validator(mode="after")
    def _has_secrets(self) -> CourierSettings:
        if self.webhook_hosts and not self.secrets():
            raise ValueError(
                "SADDLEPATH_WEBHOOK_HOSTS allows webhooks, and SADDLEPATH_WEBHOOK_SECRET is not set; set it to whsec_ and "
                "the output of `openssl rand -base64 32`"
            )
        return self

    def secrets(self) -> tuple[bytes, ...]:
        """The keys of the signatures.

        Raises:
            ValueError: one is none.
        """
        told = "" if self.webhook_secret is None else self.webhook_secret.get_secret_value()
        return tuple(_key(secret) for secret in told.split())


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError("SADDLEPATH_WEBHOOK_SECRET is not whsec_ and 24 to 64 bytes in base64; make another")
    return key
