"""The bodies that are model files, and the answers that are: JSON, YAML, and Dynare's ``.mod``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.body import JSON, parse_document
from service.errors import RequestError
from service.faults import kind_of
from service.settings import ServiceSettings
from solver.dynare.convert import convert
from solver.errors import Fault
from solver.model.load import load_model, model_from_document
from solver.model.spec import Model
from solver.model.yaml_file import to_yaml

YAML = ("application/yaml", "application/x-yaml", "text/yaml")
DYNARE = ("application/x-dynare",)
MEDIA_TYPES = JSON + YAML + DYNARE
ANSWERS = (JSON[0], YAML[0])
"""What a model is answered in."""


@dataclass(frozen=True)
class ModelFile:
    """A model file that was read.

    Attributes:
        model: what it says.
        document: the same as a file: the canonical one, or what a ``.mod`` file was converted to.
        remarks: what was not read of a ``.mod`` file, and what was renamed; None for other files.
    """

    model: Model
    document: Mapping[str, Any]
    remarks: tuple[str, ...] | None = None

    @property
    def yaml(self) -> bytes:
        """The document, which can be posted again."""
        return to_yaml(self.document, self.remarks or ()).encode()


def read_model_file(
    body: bytes | bytearray, media_type: str, settings: ServiceSettings, name: str | None = None
) -> ModelFile:
    """The body as a model.

    Args:
        body: of the request.
        media_type: one of ``MEDIA_TYPES``.
        settings: with the limits of JSON.
        name: of the model of a ``.mod`` file.

    Raises:
        MalformedBodyError: not JSON in UTF-8.
        RequestError: a name for a file that has its own, values that no field may have, or no object.
        ModelError: every fault of the model; with line and column where the file has lines.
    """
    if media_type in DYNARE:
        conversion = convert(bytes(body), name or "")
        return ModelFile(conversion.model, conversion.document, conversion.notes)
    if name is not None:
        message = (
            f"name = {name!r} is for files of Dynare's, which have none; write it into this file, as name"
        )
        raise RequestError([Fault(("name",), message)])
    model = load_model(bytes(body)) if media_type in YAML else _from_json(body, settings)
    return ModelFile(model, model.document)


def _from_json(body: bytes | bytearray, settings: ServiceSettings) -> Model:
    document = parse_document(body, max_nesting=settings.max_nesting, max_items=settings.max_items)
    if not isinstance(document, dict):
        raise RequestError(
            [Fault((), f"the body is {kind_of(document)}, not an object; send a model's object")]
        )
    return model_from_document(document)
