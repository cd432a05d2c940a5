"""Exchanges about models: listed, looked at, checked, registered, converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from saddlepath.errors import InputError
from saddlepath.wire import JSON, Exchange, Request, ask, ask_json, named

YAML = "application/yaml"
DYNARE = "application/x-dynare"
_MEDIA_TYPES = {".yaml": YAML, ".yml": YAML, ".json": JSON, ".mod": DYNARE}


@dataclass(frozen=True)
class ModelSummary:
    """A model in a list.

    Attributes:
        name: what to give to ``solve``.
        title: what it is.
        states: the model's own states.
        controls: what is decided.
        shocks: the exogenous variables.
        parameters: what a calibration gives values to.
    """

    name: str
    title: str
    states: tuple[str, ...]
    controls: tuple[str, ...]
    shocks: tuple[str, ...]
    parameters: tuple[str, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> ModelSummary:
        """The summary that the service tells."""
        names = (tuple(told[kind]) for kind in ("states", "controls", "shocks", "parameters"))
        return cls(told["name"], told["title"], *names)


@dataclass(frozen=True)
class Model(ModelSummary):
    """A model in full.

    Attributes:
        policy_states: what its policy is a function of, in that order.
        equations: as written, by section.
        calibration: the default value of every parameter.
        steady_state: at the default calibration.
        domain: bounds of the states at the default calibration.
        descriptions: what symbols mean, of those that say it.
        bounds: what parameters may be set to; None for no bound.
        source: where the model is from.
    """

    policy_states: tuple[str, ...]
    equations: Mapping[str, tuple[str, ...]]
    calibration: Mapping[str, float]
    steady_state: Mapping[str, float]
    domain: Mapping[str, tuple[float, float]]
    descriptions: Mapping[str, str]
    bounds: Mapping[str, tuple[float | None, float | None]]
    source: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Model:
        """The model that the service tells."""
        symbols: Mapping[str, Mapping[str, Any]] = told["symbols"]
        summary = ModelSummary.of(told)
        return cls(
            **vars(summary),
            policy_states=tuple(told["policy_states"]),
            equations={section: tuple(lines) for section, lines in told["equations"].items()},
            calibration=told["calibration"],
            steady_state=told["steady_state"],
            domain={name: (low, high) for name, (low, high) in told["domain"].items()},
            descriptions={name: info["description"] for name, info in symbols.items() if info["description"]},
            bounds={name: tuple(info["bounds"]) for name, info in symbols.items() if info["bounds"]},
            source=told["source"],
        )


def models() -> Exchange[list[ModelSummary]]:
    """Every model that can be solved: the built-in ones, and those that were registered."""
    found = yield from ask_json(Request("GET", "/v1/models"))
    return [ModelSummary.of(told) for told in found["models"]]


def model(name: str) -> Exchange[Model]:
    """A model in full, by its name or handle.

    Raises:
        NotFoundError: there is no such model.
    """
    return Model.of((yield from ask_json(Request("GET", f"/v1/models/{named(name)}"))))


def check(file: str | PathLike[str]) -> Exchange[Mapping[str, Any]]:
    """Reads and checks a model file, and keeps nothing.

    Args:
        file: of YAML, JSON or Dynare, told apart by .yaml, .json and .mod.

    Returns:
        The steady state that was found, and ``checks``.

    Raises:
        InvalidError: it has faults: ``errors`` lists all of them, with line and column.
        InputError: the file's name does not tell what it is.
    """
    return (yield from ask_json(_sent(file, is_kept=False)))


def register(file: str | PathLike[str]) -> Exchange[Mapping[str, Any]]:
    """Registers a model file for good. The same file twice is one model.

    Args:
        file: of YAML, JSON or Dynare, told apart by .yaml, .json and .mod.

    Returns:
        Its ``name``, the handle to solve it by, its steady state, and ``checks``.

    Raises:
        InvalidError: it has faults: ``errors`` lists all of them, with line and column.
        InputError: the file's name does not tell what it is.
    """
    return (yield from ask_json(_sent(file, is_kept=True)))


def convert(file: str | PathLike[str]) -> Exchange[str]:
    """A model file of Dynare's as one of this service's, in YAML. Nothing is kept.

    Raises:
        InvalidError: it has faults, or says what is not supported: ``errors`` lists all of it, with line and column.
    """
    path = Path(file)
    headers = {"Content-Type": DYNARE, "Accept": YAML}
    query = {"validate_only": True, "name": path.stem}
    return (yield from ask(Request("POST", "/v1/models", query, path.read_bytes(), headers))).text


def _sent(file: str | PathLike[str], *, is_kept: bool) -> Request:
    path = Path(file)
    media_type = _MEDIA_TYPES.get(path.suffix.lower())
    if media_type is None:
        raise InputError(
            f"{path.name} does not tell what it is; a model file ends in {', '.join(_MEDIA_TYPES)}"
        )
    query = {
        "validate_only": None if is_kept else True,
        "name": path.stem if media_type == DYNARE else None,  # such a file does not name its model
    }
    return Request("POST", "/v1/models", query, path.read_bytes(), {"Content-Type": media_type})
