"""The messages that are to be sent to webhooks, kept until they are delivered or given up.

They are written in the same atomic change that ends their job (``worker/lua``). Whoever sends one claims it for a
while; where that one is killed, it is due again afterwards. So each is sent at least once, under one id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis

from worker.store import OUTBOX, TALLY, message_key, store_errors

_CLAIM = """#!lua flags=allow-oom
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local id = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)[1]
if not id then return false end
redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], id)
redis.call('HINCRBY', ARGV[1] .. id, 'attempts', 1)
return {id, unpack(redis.call('HMGET', ARGV[1] .. id, 'url', 'job', 'status', 'at', 'attempts'))}
"""
_SETTLE = """#!lua flags=allow-oom
local left = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not left then return end
redis.call('HINCRBY', KEYS[3], 'webhook:' .. ARGV[2], 1)
if ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[1], 'XX', redis.call('TIME')[1] + ARGV[3], ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[2])
end
"""


@dataclass(frozen=True)
class Message:
    """What is to be told to one webhook.

    Attributes:
        id: the same at every attempt.
        url: where to.
        job_id: the job that is over.
        status: how it ended.
        at: when, ISO 8601.
        attempts: how often it was tried, this time included.
    """

    id: str
    url: str
    job_id: str
    status: str
    at: str
    attempts: int


class Outbox:
    """Hands out messages; every method raises StoreUnavailableError when the store does not answer."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._claim = client.register_script(_CLAIM)
        self._settle = client.register_script(_SETTLE)

    def claim(self, hold_s: float) -> Message | None:
        """The message that is due first, to nobody else for so many seconds; None where none is due."""
        with store_errors():
            found: Any = self._claim(keys=[OUTBOX], args=[message_key(""), hold_s])
        if found is None:
            return None
        message_id, url, job_id, status, at, attempts = (part.decode() for part in found)
        return Message(message_id, url, job_id, status, at, int(attempts))

    def deliver(self, message: Message) -> None:
        """Forgets a message that was delivered."""
        self._end(message, "delivered", "")

    def give_up(self, message: Message) -> None:
        """Forgets a message that was not."""
        self._end(message, "given_up", "")

    def put_off(self, message: Message, seconds: float) -> None:
        """Lets a message be claimed again after a while."""
        self._end(message, "failed", seconds)

    def count(self) -> int:
        """The number of messages that are not delivered."""
        with store_errors():
            return int(self._client.zcard(OUTBOX))

    def _end(self, message: Message, outcome: str, seconds: float | str) -> None:
        keys = [OUTBOX, message_key(message.id), TALLY]
        with store_errors():
            self._settle(keys=keys, args=[message.id, outcome, seconds])
