"""The keys that clients show: made, found, listed and revoked; the store never learns a secret.

A key is ``sp_<id>_<secret>``. The id finds the record; the secret has 256 random bits, so that its plain SHA-256, which
is all that is kept, tells nothing of it. A revoked key's record stays: what has once asked for keys never opens again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import redis
from pydantic import BaseModel, ConfigDict, Field

from worker.contract import utc_now
from worker.errors import KeyNotFoundError
from worker.store import PREFIX, spent_key, store_errors
from worker.tenant import Tenant

KEYS = f"{PREFIX}keys"
"""The ids of all keys, in the order of their making."""
MINUTE_S = 60
_FORM = re.compile(r"sp_([0-9a-f]{12})_([0-9a-f]{64})", re.ASCII)
_NO_SECRET = "0" * 64

# A bucket of `rate` requests that fills up within a minute, kept as the time at which it will be full again.
# KEYS: key. ARGV: rate, requests wanted, time (ISO 8601). Returns requests granted, and seconds until there is one.
_TAKE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {0, '1'} end
local time = redis.call('TIME')
local now, interval = time[1] + time[2] / 1e6, 60 / tonumber(ARGV[1])
local full_at = math.max(now, tonumber(redis.call('HGET', KEYS[1], 'full_at') or 0))
local granted = math.min(tonumber(ARGV[2]), math.floor((now + 60 - full_at) / interval + 1e-6))
if granted < 1 then return {0, string.format('%.3f', full_at + interval - now - 60)} end
redis.call('HSET', KEYS[1], 'full_at', string.format('%.6f', full_at + granted * interval), 'last_used_at', ARGV[3])
return {granted, '0'}
"""


class Scope(StrEnum):
    """What a key may do; each includes the ones before."""

    READ = "read"
    SOLVE = "solve"
    ADMIN = "admin"


class KeyLimits(BaseModel):
    """How much a key may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: int = Field(6000, ge=1, le=10**6, description="Requests a minute.")
    waiting: int = Field(100, ge=1, le=10**6, description="Jobs that may wait to be solved.")
    seconds_a_day: int = Field(36_000, ge=1, le=10**9, description="Seconds of solving a day (UTC).")
    models: int = Field(100, ge=0, le=10**6, description="Models that may be registered.")
    streams: int = Field(200, ge=0, le=10**6, description="Streams of events that may be open.")


class Key(BaseModel):
    """A key's record. Times are ISO 8601 in UTC, so that they compare as text."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    sha256: str = Field(repr=False)
    scopes: tuple[Scope, ...]
    limits: KeyLimits
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
    last_used_at: str | None = None

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= utc_now()

    @property
    def is_valid(self) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and not self.is_expired

    def grants(self, scope: Scope) -> bool:
        """Whether its scopes include ``scope``."""
        ranks = list(Scope)
        return any(ranks.index(own) >= ranks.index(scope) for own in self.scopes)

    @property
    def tenant(self) -> Tenant:
        """For whom the stores are asked by a request with this key."""
        limits = self.limits
        return Tenant(
            self.id,
            self.grants(Scope.ADMIN),
            max_waiting=limits.waiting,
            max_seconds=limits.seconds_a_day,
            max_models=limits.models,
            max_streams=limits.streams,
        )


@dataclass(frozen=True)
class Grant:
    """Requests that a process may let through; of none, the seconds until there is one."""

    count: int
    retry_after_s: float


class KeyStore:
    """The one owner of keys.

    Every method raises :class:`~worker.errors.StoreUnavailableError` when the store does not answer. Methods block; one
    instance serves any number of threads.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._take = client.register_script(_TAKE)

    def create(
        self, name: str, scopes: Sequence[Scope], expires_at: str | None, limits: KeyLimits
    ) -> tuple[Key, str]:
        """A new key, and what a client shows: nobody can find that out again."""
        key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
        key = Key(
            id=key_id,
            name=name,
            sha256=_hash(secret),
            scopes=tuple(scopes),
            limits=limits,
            created_at=utc_now(),
            expires_at=expires_at,
        )
        fields: Any = {"scopes": ",".join(key.scopes), **limits.model_dump()}
        fields |= key.model_dump(exclude={"id", "scopes", "limits"}, exclude_none=True)
        with store_errors():
            pipeline = self._client.pipeline(transaction=True)
            pipeline.hset(_key(key_id), mapping=fields)
            pipeline.rpush(KEYS, key_id)
            pipeline.execute()
        return key, f"sp_{key_id}_{secret}"

    def is_any(self) -> bool:
        """Whether a key was ever made."""
        with store_errors():
            return bool(self._client.exists(KEYS))

    def find(self, key_id: str) -> Key | None:
        """The record of a key, None when there is none."""
        with store_errors():
            fields: Any = self._client.hgetall(_key(key_id))
        return _read(key_id, fields) if fields else None

    def identify(self, shown: str) -> Key | None:
        """The record of the key that a client shows, expired and revoked ones included; None for no such key."""
        parts = _FORM.fullmatch(shown)
        key = self.find(parts[1]) if parts else None
        expected = _hash(_NO_SECRET) if key is None else key.sha256
        is_same = hmac.compare_digest(_hash(parts[2] if parts else _NO_SECRET), expected)
        return key if is_same else None

    def all(self) -> list[Key]:
        """Every key, in the order of their making."""
        with store_errors():
            ids: Any = self._client.lrange(KEYS, 0, -1)
        return [key for key_id in ids if (key := self.find(key_id.decode())) is not None]

    def revoke(self, key_id: str) -> Key:
        """Makes a key open nothing from now on; twice is as once.

        Raises:
            KeyNotFoundError: there is none.
        """
        if self.find(key_id) is None:
            raise KeyNotFoundError(key_id)
        with store_errors():
            self._client.hsetnx(_key(key_id), "revoked_at", utc_now())
        key = self.find(key_id)
        assert key is not None
        return key

    def take(self, key: Key) -> Grant:
        """Takes about a second's worth of the key's requests, fewer where fewer are left.

        A write is a write to disk. So a process takes many requests at once and hands them out by itself.
        """
        rate = key.limits.rate
        with store_errors():
            answer: Any = self._take(keys=[_key(key.id)], args=[rate, max(1, rate // MINUTE_S), utc_now()])
        return Grant(int(answer[0]), float(answer[1]))

    def spent_s(self, key_id: str) -> float:
        """The seconds of solving that a key has had today (UTC)."""
        with store_errors():
            seconds: Any = self._client.get(spent_key(key_id, utc_now()))
        return float(seconds or 0)


def _key(key_id: str) -> str:
    return f"{PREFIX}key:{key_id}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _read(key_id: str, fields: Mapping[bytes, bytes]) -> Key:
    told = {name.decode(): value.decode() for name, value in fields.items()}
    return Key(
        id=key_id,
        scopes=tuple(Scope(scope) for scope in told["scopes"].split(",")),
        # Keys of a release that did not know a limit have it as it is left out.
        limits=KeyLimits(**{name: int(told[name]) for name in KeyLimits.model_fields if name in told}),
        **{name: told[name] for name in ("name", "sha256", "created_at")},
        **{name: told.get(name) for name in ("expires_at", "revoked_at", "last_used_at")},
    )
