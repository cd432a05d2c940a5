"""What every command has in common: where the server is, how it ends, what is completed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer

from saddlepath.client import Client
from saddlepath.errors import InputError, SaddlepathError
from saddlepath.retries import Retries
from saddlepath.solution import Solution

ID_DIGITS = 32
LATEST = 200
MODEL_SUFFIXES = (".yaml", ".yml", ".json", ".mod")


class ExitCode(IntEnum):
    """How a command ends."""

    DONE = 0
    NO = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    NOT_OVER = 5
    INTERRUPTED = 130


@dataclass(frozen=True)
class Setup:
    """What the options before the command say.

    Attributes:
        url: where the server is, None for the default.
    """

    url: str | None

    def client(self) -> Client:
        """A client of the server."""
        return Client(self.url)


def client_of(context: typer.Context) -> Client:
    """The client that a command asks by."""
    setup = context.obj
    assert isinstance(setup, Setup)
    return setup.client()


def solution_of(client: Client, text: str) -> Solution:
    """A solution by its id, or by the first digits of one among the latest.

    Raises:
        NotFoundError: there is no such id.
        InputError: no id, or more than one, begins like that.
    """
    if len(text) == ID_DIGITS:
        return client.solution(text)
    found = [solution for solution in client.solutions(limit=LATEST) if solution.id.startswith(text)]
    if len(found) == 1:
        return found[0]
    count = "none" if not found else f"{len(found)}"
    raise InputError(
        f"{count} of the latest {LATEST} solutions begins with {text!r}; `saddlepath show` lists their ids"
    )


def model_of(text: str) -> str | Path:
    """A model as it was given: the file where it is named like one, else the name."""
    return Path(text) if text.endswith(MODEL_SUFFIXES) else text


def _complete_solution(start: str) -> list[str]:
    try:
        with Client(retries=Retries(attempts=1)) as client:
            return [found.id for found in client.solutions(limit=LATEST) if found.id.startswith(start)]
    except SaddlepathError:  # a shell that completes has nobody to tell
        return []


def _complete_model(start: str) -> list[str]:
    try:
        with Client(retries=Retries(attempts=1)) as client:
            return [found.name for found in client.models() if found.name.startswith(start)]
    except SaddlepathError:
        return []


SolutionId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="A solution's id, or its first digits; `saddlepath show` lists them.",
        autocompletion=_complete_solution,
    ),
]
ModelName = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A model's name, or a file of one.", autocompletion=_complete_model),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for pipelines.")]
