"""``models``, ``check`` and ``convert``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from saddlepath.cli.carets import with_carets
from saddlepath.cli.setup import AsJson, ExitCode, ModelName, client_of
from saddlepath.cli.tables import console, print_json, print_table, tell
from saddlepath.display import named, number, table_of
from saddlepath.errors import InvalidError
from saddlepath.modelling import Model

ModelFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="A model file: .yaml, .json or .mod.")
]


def models(
    context: typer.Context,
    name: Annotated[str | None, ModelName.__metadata__[0]] = None,
    as_json: AsJson = False,
) -> None:
    """List the models, or show one: its equations, parameters with bounds, steady state, domain."""
    client = client_of(context)
    if name is not None:
        model = client.model(name)
        if as_json:
            print_json(asdict(model))
        else:
            _print_model(model)
        return
    found = client.models()
    if as_json:
        print_json([asdict(summary) for summary in found])
        return
    rows = (
        (
            summary.name,
            summary.title,
            *(" ".join(part) for part in (summary.states, summary.controls, summary.shocks)),
        )
        for summary in found
    )
    print_table(("name", "title", "states", "controls", "shocks"), rows)


def check(context: typer.Context, file: ModelFile, as_json: AsJson = False) -> None:
    """Check a model file; faults are told with a caret under their column. Nothing is kept.

    Exit code 1 where the file has faults.
    """
    try:
        found = client_of(context).check(file)
    except InvalidError as error:
        faults = error.model_faults
        if not faults:
            raise
        if as_json:
            print_json({"file": str(file), "is_valid": False, "errors": [asdict(fault) for fault in faults]})
        else:
            typer.echo(with_carets(file, faults))
        raise typer.Exit(ExitCode.NO) from error
    if as_json:
        print_json({"file": str(file), "is_valid": True, **found})
        return
    rows = [(one["verdict"], f"{one['name']}: {one['message']}") for one in found["checks"]]
    rows.append(("steady state", named(found["steady_state"])))
    typer.echo(table_of(f"{file} is a model", rows))


def convert(
    context: typer.Context,
    file: ModelFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write; stdout if left out.", show_default=False),
    ] = None,
) -> None:
    """Convert a model file of Dynare's (.mod) into one of this service's. Exit code 1 where it cannot be."""
    try:
        text = client_of(context).convert(file)
    except InvalidError as error:
        if not error.errors:
            raise
        tell(with_carets(file, error.errors))
        raise typer.Exit(ExitCode.NO) from error
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
    else:
        output.write_text(text, encoding="utf-8")
        tell(f"{output}: {len(text.splitlines())} lines")


def _print_model(model: Model) -> None:
    console().print(Text.assemble((model.name, "bold"), f": {model.title}"))
    rows = [
        (
            name,
            value,
            *(number(bound) for bound in model.bounds.get(name, (None, None))),
            model.descriptions.get(name, ""),
        )
        for name, value in model.calibration.items()
    ]
    print_table(("parameter", "value", "from", "to", "what it is"), rows)
    domain = {name: f"{number(low)} to {number(high)}" for name, (low, high) in model.domain.items()}
    names = (*model.policy_states, *model.controls, *model.shocks)
    states = [
        (name, model.steady_state.get(name), domain.get(name, ""), model.descriptions.get(name, ""))
        for name in names
    ]
    print_table(("variable", "steady state", "domain", "what it is"), states)
    equations = [(section, line) for section, lines in model.equations.items() for line in lines]
    print_table(("section", "equation"), equations)
