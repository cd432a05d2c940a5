"""The built-in models: files beside this one, read like any other."""

from __future__ import annotations

import functools
from pathlib import Path

from solver.errors import Fault, UnknownModelError
from solver.language.parser import suggest
from solver.model.load import load_model
from solver.model.spec import Model

_FOLDER = Path(__file__).with_name("zoo")


@functools.cache
def zoo_names() -> tuple[str, ...]:
    """Names of the built-in models, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@functools.cache
def load_zoo(name: str) -> Model:
    """A built-in model, read once.

    Raises:
        UnknownModelError: there is none of that name.
    """
    names = zoo_names()
    if name not in names:
        hint = suggest(name, names) or f"; there are {', '.join(names)}"
        raise UnknownModelError([Fault((), f"there is no built-in model {name[:64]!r}{hint}")])
    return load_model((_FOLDER / f"{name}.yaml").read_bytes())
