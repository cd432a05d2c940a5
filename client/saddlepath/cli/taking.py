"""``plot`` and ``export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from saddlepath.cli import arguments
from saddlepath.cli.setup import SolutionId, client_of, solution_of
from saddlepath.cli.tables import tell


def plot(
    context: typer.Context,
    solution_id: SolutionId,
    figure: Annotated[
        Literal["policy", "euler-errors", "training", "simulation", "impulse-response"],
        typer.Argument(help="What to draw."),
    ] = "policy",
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Of what, e.g. along=k variables=i,c shock=e."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File of SVG; FIGURE.svg if left out.", show_default=False),
    ] = None,
) -> None:
    """Draw a figure of a solution into a file, and print the file's name."""
    solution = solution_of(client_of(context), solution_id)
    drawn = solution.plot(figure, **arguments.options(options or []))
    typer.echo(drawn.save(output or Path(f"{figure}.svg")))


def export(
    context: typer.Context,
    solution_id: SolutionId,
    file: Annotated[
        Path, typer.Argument(help="What to write: NAME.npz, NAME.onnx or NAME.zip (SavedModel).")
    ],
    form: Annotated[
        Literal["npz", "onnx", "savedmodel"] | None,
        typer.Option("--format", help="Where the file's name does not tell.", show_default=False),
    ] = None,
) -> None:
    """Write a policy to a file, to be used without this service."""
    written = solution_of(client_of(context), solution_id).save(file, form)
    tell(f"{written}: {written.stat().st_size} bytes")
