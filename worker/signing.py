"""Signatures of webhooks, by the Standard Webhooks specification (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def signed_headers(message_id: str, timestamp: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """The headers that let a receiver check who sent a body, when, and that it is as it was.

    Args:
        message_id: the same at every attempt to deliver the message.
        timestamp: of this attempt, in seconds since 1970.
        body: as it is sent.
        secrets: one or more keys; a receiver needs one of them.
    """
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digests = (hmac.new(secret, content, hashlib.sha256).digest() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }
