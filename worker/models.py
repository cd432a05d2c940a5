"""The models of the users' own: registered once, then there for good.

A model is stored under its handle, which follows from its content, in one atomic change; so the same model twice is one,
and what was acknowledged is on disk as far as the store is durable (``appendfsync always``).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

import redis

from worker.errors import ModelNotFoundError, ModelsLimitError, RegistryFullError
from worker.store import PREFIX, store_errors
from worker.tenant import OPERATOR, Tenant

MODELS = f"{PREFIX}models"
"""The handles, in the order of registration."""

# KEYS: MODELS, model, its owners, the tenant's models. ARGV: handle, document, most models, the tenant's key id ('': none),
# most models of the tenant.
_REGISTER = """
local is_there = redis.call('EXISTS', KEYS[2]) == 1
local is_new_to_tenant = ARGV[4] ~= '' and redis.call('SISMEMBER', KEYS[3], ARGV[4]) == 0
if is_new_to_tenant and redis.call('SCARD', KEYS[4]) >= tonumber(ARGV[5]) then return 'limit' end
if not is_there then
  if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 'full' end
  redis.call('SET', KEYS[2], ARGV[2])
  redis.call('RPUSH', KEYS[1], ARGV[1])
end
if is_new_to_tenant then
  redis.call('SADD', KEYS[3], ARGV[4])
  redis.call('SADD', KEYS[4], ARGV[1])
end
return is_there and not is_new_to_tenant and 'known' or 'new'
"""


class ModelStore:
    """Registered models, ``max_models`` at most.

    What is asked is asked for a tenant, the operator at first: a model is there for every tenant that has registered it.

    Every method raises :class:`~worker.errors.StoreUnavailableError` when the store does not answer. Methods block; one
    instance serves any number of threads.
    """

    def __init__(self, client: redis.Redis, max_models: int) -> None:
        self._client = client
        self._max_models = max_models
        self._register = client.register_script(_REGISTER)
        self._tenant = OPERATOR

    def seen_by(self, tenant: Tenant) -> ModelStore:
        """The same models, as ``tenant`` sees them."""
        view = copy.copy(self)
        view._tenant = tenant
        return view

    def register(self, handle: str, document: Mapping[str, Any]) -> bool:
        """Keeps a model's canonical document under its handle; whether it is new to the tenant.

        Raises:
            RegistryFullError: it is new, and as many models are registered as may be.
            ModelsLimitError: it is new to the tenant, which has registered as many as it may.
        """
        text = json.dumps(document, allow_nan=False)
        with store_errors():
            outcome: Any = self._register(
                keys=[MODELS, _key(handle), _owners_key(handle), _owned_key(self._tenant.key_id)],
                args=[handle, text, self._max_models, self._tenant.key_id, self._tenant.max_models],
            )
        if outcome == b"limit":
            raise ModelsLimitError(self._tenant.max_models)
        if outcome == b"full":
            raise RegistryFullError(self._max_models)
        return bool(outcome == b"new")

    def document(self, handle: str) -> dict[str, Any]:
        """The document of a model.

        Raises:
            ModelNotFoundError: none of that handle is registered.
        """
        with store_errors():
            text: Any = self._client.get(_key(handle))
        if text is None or not self._owned([handle]):
            raise ModelNotFoundError(handle)
        document: dict[str, Any] = json.loads(text)
        return document

    def handles(self) -> list[str]:
        """The handles of all registered models, in the order of registration."""
        with store_errors():
            members: Any = self._client.lrange(MODELS, 0, -1)
        return self._owned([handle.decode() for handle in members])

    def documents(self, handles: Sequence[str]) -> list[dict[str, Any]]:
        """The documents of some registered models."""
        if not handles:
            return []
        with store_errors():
            texts: Any = self._client.mget([_key(handle) for handle in handles])
        return [json.loads(text) for text in texts]

    def _owned(self, handles: list[str]) -> list[str]:
        """Those of some handles that the tenant sees."""
        if self._tenant.sees_all:
            return handles
        with store_errors():
            pipeline = self._client.pipeline(transaction=False)
            for handle in handles:
                pipeline.sismember(_owners_key(handle), self._tenant.key_id)
            are_owned: Any = pipeline.execute()
        return [handle for handle, is_owned in zip(handles, are_owned, strict=True) if is_owned]


def _key(handle: str) -> str:
    return f"{PREFIX}model:{handle}"


def _owners_key(handle: str) -> str:
    return f"{PREFIX}model-owners:{handle}"


def _owned_key(key_id: str) -> str:
    return f"{PREFIX}models-of:{key_id}"
