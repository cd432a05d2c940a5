"""The models by the names that clients know them by: built-in ones by their own, users' own ones by their handles.

A model of a user's own is data like a built-in one. Its handle is made of its name, which other files may have as
well, and of its content, which no other has. It is the model's name in every answer, whether the model was registered,
sent along with a request, or both; the documents of models that are built in have the built-in name.
"""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from service.faults import shown
from service.schemas.models import ModelEntry, ModelSummary
from solver.calibrate import calibrate
from solver.errors import Fault, UnknownModelError
from solver.model.load import model_from_document
from solver.model.spec import Model
from solver.model.zoo import load_zoo, zoo_names
from worker.contract import canonical_json
from worker.errors import ModelNotFoundError
from worker.models import ModelStore
from worker.tenant import Tenant

HASH_DIGITS = 16
"""So many that nobody finds another model of the same handle."""
MAX_SLUG = 40
_HANDLE = re.compile(rf"[a-z0-9_-]{{1,{MAX_SLUG}}}-[0-9a-f]{{{HASH_DIGITS}}}", re.ASCII)


def handle_of(model: Model) -> str:
    """The name of a model in every answer, e.g. ``neoclassical`` or ``my-growth-model-9b74c9897bac770f``."""
    if model.name in zoo_names() and load_zoo(model.name) == model:
        return model.name
    plain = unicodedata.normalize("NFKD", model.name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_]+", "-", plain)[:MAX_SLUG].strip("-") or "model"
    return f"{slug}-{model.hash[:HASH_DIGITS]}"


def is_handle(name: str) -> bool:
    """Whether a name is of the form of a handle; no built-in one is."""
    return _HANDLE.fullmatch(name) is not None


class ModelLibrary:
    """Every model there is; ``size`` of those that were read last are kept. Methods block and may be used by any thread."""

    def __init__(self, store: ModelStore, *, size: int) -> None:
        self._store = store
        self._read = lru_cache(maxsize=size)(_read)
        self._entry = lru_cache(maxsize=size)(_entry)
        self._summaries: dict[str, ModelSummary] = {}  # of registered models, which neither change nor go

    def seen_by(self, tenant: Tenant) -> ModelLibrary:
        """The same models, as ``tenant`` sees them."""
        view = copy.copy(self)
        view._store = self._store.seen_by(tenant)
        return view

    def find(self, name: str) -> Model:
        """The model of that name.

        Raises:
            UnknownModelError: there is none.
            StoreUnavailableError: the store does not answer.
        """
        if not is_handle(name):
            return load_zoo(name)
        try:
            return self.read(self._store.document(name))
        except ModelNotFoundError as error:
            message = f"there is no model {shown(name)}; POST its file to /v1/models, or send it in the place of its name"
            raise UnknownModelError([Fault((), message)]) from error

    def entry(self, name: str) -> ModelEntry:
        """The model of that name in full, as :meth:`find` finds it."""
        return self._entry(name, self.find(name))

    def read(self, document: Mapping[str, Any]) -> Model:
        """The model of a canonical document; the same document is the same object while it is kept."""
        return self._read(canonical_json(document))

    def register(self, model: Model) -> bool:
        """Keeps a model for good; whether it is new to who registers it: a built-in one is not.

        Raises:
            RegistryFullError: it is new, and as many models are registered as may be.
            StoreUnavailableError: the store does not answer.
        """
        handle = handle_of(model)
        return handle != model.name and self._store.register(handle, model.document)

    def summaries(self) -> list[ModelSummary]:
        """Every model in short: the built-in ones, then the registered ones in the order of their registration.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        handles = self._store.handles()
        missing = [handle for handle in handles if handle not in self._summaries]
        for handle, document in zip(missing, self._store.documents(missing), strict=True):
            self._summaries[handle] = ModelSummary.of_document(handle, document)
        built_in = [ModelSummary.of_model(name, load_zoo(name)) for name in zoo_names()]
        return built_in + [self._summaries[handle] for handle in handles]


def _read(text: str) -> Model:
    return model_from_document(json.loads(text))


def _entry(name: str, model: Model) -> ModelEntry:
    return ModelEntry.of_calibrated(name, model, calibrate(model))
