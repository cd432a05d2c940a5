"""Models on the wire."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from service.query import Query
from solver.calibrate import Calibration
from solver.model.canonical import hash_of
from solver.model.load import MAX_NAME_LENGTH
from solver.model.spec import Model, SymbolInfo
from solver.model.state_space import state_space


class SymbolEntry(BaseModel):
    """What a model says about one of its symbols."""

    description: str | None
    symbol: str | None = Field(description="As it is displayed, e.g. β.")
    bounds: tuple[float | None, float | None] | None = Field(
        description="Smallest and largest value, both included; null for none. Of a parameter, what it may be set to; of a "
        "control, its natural domain."
    )

    @classmethod
    def of_info(cls, info: SymbolInfo) -> SymbolEntry:
        """The entry of a symbol."""
        bounds = None
        if info.bounds is not None:
            lower, upper = (bound if math.isfinite(bound) else None for bound in info.bounds)
            bounds = (lower, upper)
        return cls(description=info.description, symbol=info.symbol, bounds=bounds)


class ModelSummary(BaseModel):
    """A model in a list."""

    name: str = Field(description="What to give as model in POST /v1/solutions.")
    title: str
    hash: str = Field(description="SHA-256 of the canonical model file, its name and title included.")
    states: list[str] = Field(description="The model's own states.")
    controls: list[str]
    shocks: list[str] = Field(description="The exogenous variables.")
    parameters: list[str]

    @classmethod
    def of_model(cls, name: str, model: Model) -> ModelSummary:
        """The summary of a model that clients know by ``name``."""
        return cls(**_summary(name, model.hash, model.document))

    @classmethod
    def of_document(cls, name: str, document: Mapping[str, Any]) -> ModelSummary:
        """The summary of a canonical document, which need not be read as a model for it."""
        return cls(**_summary(name, hash_of(document), document))


class ModelList(BaseModel):
    """Every model: the built-in ones, then those of the users' own."""

    models: list[ModelSummary]


class ModelEntry(ModelSummary):
    """A model in full."""

    source: str
    definitions: list[str] = Field(
        description="What follows from states, controls and shocks of the same date."
    )
    policy_states: list[str] = Field(
        description="What a policy of this model is a function of: its states, the shocks whose present value matters, and "
        "the regime of a Markov chain."
    )
    symbols: dict[str, SymbolEntry]
    equations: dict[str, list[str]] = Field(
        description="As written, by section, conditions after ⟂ included."
    )
    exogenous: dict[str, Any] = Field(description="Law of the shocks, by their names.")
    calibration: dict[str, float] = Field(description="Default value of every parameter.")
    steady_state: dict[str, float] = Field(description="At the default calibration.")
    domain: dict[str, tuple[float, float]] = Field(description="At the default calibration.")
    notes: list[str] = Field(
        description="How steady state and domain were found, where the file does not say it."
    )

    @classmethod
    def of_calibrated(cls, name: str, model: Model, calibration: Calibration) -> ModelEntry:
        """The whole of a model, known by ``name``, with its default ``calibration``."""
        return cls(
            **_summary(name, model.hash, model.document),
            source=model.source,
            definitions=list(model.definitions),
            policy_states=list(state_space(model).names),
            symbols={symbol: SymbolEntry.of_info(info) for symbol, info in model.symbols.items()},
            equations={section: list(lines) for section, lines in model.equations.items()},
            exogenous=model.document.get("exogenous", {}),
            calibration=calibration.parameters,
            steady_state=calibration.steady_state,
            domain=calibration.domain,
            notes=list(calibration.notes),
        )


class ModelCheck(BaseModel):
    """What was checked of a model of a user's own."""

    name: str = Field(description="Stable name of the check.")
    verdict: Literal["pass", "warn"] = Field(
        description="A model that fails a check is refused with every fault."
    )
    message: str = Field(description="What was found.")


class ModelRegistration(BaseModel):
    """A model of a user's own, read and checked."""

    name: str = Field(description="Its handle: what to give as model in POST /v1/solutions.")
    hash: str = Field(description="SHA-256 of the canonical model file, its name and title included.")
    steady_state: dict[str, float] = Field(description="At the default calibration.")
    checks: list[ModelCheck]


class RegisterQuery(Query):
    """Whether to keep the model, and its name where the file has none."""

    validate_only: bool = Field(False, description="Read and check the model, and keep nothing.")
    name: str | None = Field(
        None,
        description="Name of the model of a file of Dynare's, which has none itself.",
        min_length=1,
        max_length=MAX_NAME_LENGTH,
        examples=["rbc"],
    )


def _summary(name: str, digest: str, document: Mapping[str, Any]) -> dict[str, Any]:
    symbols: Mapping[str, list[str]] = document["symbols"]
    return {
        "name": name,
        "title": document["title"],
        "hash": digest,
        "states": symbols["states"],
        "controls": symbols["controls"],
        "shocks": symbols["exogenous"],
        "parameters": symbols["parameters"],
    }
