"""Models on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from solver.calibrate import Calibration
from solver.model.spec import Model


class SymbolEntry(BaseModel):
    """What a model says about one of its symbols."""

    description: str | None
    symbol: str | None = Field(description="As it is displayed, e.g. β.")
    bounds: tuple[float, float] | None = Field(description="Smallest and largest value, both included.")


class ModelSummary(BaseModel):
    """A model in a list."""

    name: str
    title: str
    hash: str = Field(description="SHA-256 of the canonical model file.")
    states: list[str]
    controls: list[str]
    shocks: list[str]
    parameters: list[str]

    @classmethod
    def of(cls, model: Model) -> ModelSummary:
        """The summary of ``model``."""
        return cls(**_summary(model))


class ModelList(BaseModel):
    """Every model."""

    models: list[ModelSummary]


class ModelEntry(ModelSummary):
    """A model in full."""

    source: str
    definitions: list[str]
    symbols: dict[str, SymbolEntry]
    equations: dict[str, list[str]] = Field(description="As written, by section.")
    calibration: dict[str, float] = Field(description="Default value of every parameter.")
    steady_state: dict[str, float] = Field(description="At the default calibration.")
    domain: dict[str, tuple[float, float]] = Field(description="At the default calibration.")

    @classmethod
    def of_calibrated(cls, model: Model, calibration: Calibration) -> ModelEntry:
        """The whole of ``model`` with its default ``calibration``."""
        return cls(
            **_summary(model),
            source=model.source,
            definitions=list(model.definitions),
            symbols={
                name: SymbolEntry(description=info.description, symbol=info.symbol, bounds=info.bounds)
                for name, info in model.symbols.items()
            },
            equations={section: list(lines) for section, lines in model.equations.items()},
            calibration=calibration.parameters,
            steady_state=calibration.steady_state,
            domain=calibration.domain,
        )


def _summary(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "hash": model.hash,
        "states": list(model.states),
        "controls": list(model.controls),
        "shocks": list(model.exogenous),
        "parameters": list(model.parameters),
    }
