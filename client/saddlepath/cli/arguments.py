"""Arguments of the form NAME=VALUE."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import typer


def numbers(arguments: Iterable[str]) -> dict[str, float]:
    """Values by name, of ``beta=0.96``.

    Raises:
        typer.BadParameter: an argument is not of that form.
    """
    return {name: _number(name, text) for name, text in options(arguments).items()}


def grids(arguments: Iterable[str]) -> dict[str, Any]:
    """Values and grids by name: ``k=4.2`` is a number, ``k=2:6:5`` five numbers from 2 to 6; grids are crossed.

    Raises:
        typer.BadParameter: an argument is not of that form.
    """
    parsed = {name: _grid(name, text) for name, text in options(arguments).items()}
    names = [name for name, values in parsed.items() if isinstance(values, np.ndarray)]
    mesh = np.meshgrid(*(parsed[name] for name in names), indexing="ij")
    return parsed | {name: axis.ravel() for name, axis in zip(names, mesh, strict=True)}


def options(arguments: Iterable[str]) -> dict[str, str]:
    """Texts by name, of ``along=k``.

    Raises:
        typer.BadParameter: an argument is not of that form, or a name is there twice.
    """
    found: dict[str, str] = {}
    for name, text in map(_split, arguments):
        if name in found:
            raise typer.BadParameter(f"{name} is given twice, as {found[name]} and as {text}; give it once")
        found[name] = text
    return found


def document(text: str | None) -> dict[str, Any] | None:
    """An object of JSON, as it stands or from a file.

    Raises:
        typer.BadParameter: it is none.
    """
    if text is None:
        return None
    try:
        found = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"{text!r} is neither an object of JSON nor a file of one: {error}"
        ) from error
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{text!r} holds no object of JSON")
    return found


def _split(argument: str) -> tuple[str, str]:
    name, sign, text = argument.partition("=")
    if not (name and sign and text):
        raise typer.BadParameter(f"{argument!r} is not of the form NAME=VALUE")
    return name, text


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise typer.BadParameter(f"{name}={text}: {text!r} is no number") from error


def _grid(name: str, text: str) -> Any:
    if ":" not in text:
        return _number(name, text)
    try:
        low, high, count = text.split(":")
        return np.linspace(float(low), float(high), int(count))
    except ValueError as error:
        raise typer.BadParameter(f"{name}={text} is not of the form {name}=FROM:TO:COUNT") from error
