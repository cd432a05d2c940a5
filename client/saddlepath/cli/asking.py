"""``eval``, ``simulate`` and ``irf``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from saddlepath import economy
from saddlepath.cli import arguments
from saddlepath.cli.setup import AsJson, SolutionId, client_of, solution_of
from saddlepath.cli.tables import print_columns, print_json

Seed = Annotated[int, typer.Option(min=0, help="Of the draws.")]
Departure = Annotated[
    list[str] | None, typer.Argument(metavar="[STATE=VALUE]...", help="States of departure.")
]


def eval_(
    context: typer.Context,
    solution_id: SolutionId,
    states: Annotated[
        list[str], typer.Argument(metavar="STATE=VALUE...", help="k=4.2, or a grid k=FROM:TO:COUNT.")
    ],
    sensitivity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PARAMETER", help="Derivatives by it, too; may be given again.", show_default=False
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse states outside the domain.")] = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate a policy at states."""
    solution = solution_of(client_of(context), solution_id)
    by = sensitivity or []
    found = solution.policy(arguments.grids(states), sensitivity=by, strict=strict)
    columns: dict[str, Any] = {**found, "in_domain": found.in_domain}
    for parameter, derivatives in found.sensitivities.items():
        columns |= {f"{name}.{parameter}": values for name, values in derivatives.items()}
    if as_json:
        misfits = {name: derivatives.misfit for name, derivatives in found.sensitivities.items()}
        print_json({**columns, "misfits": misfits} if misfits else columns)
    else:
        print_columns(columns)


def simulate(
    context: typer.Context,
    solution_id: SolutionId,
    initial: Departure = None,
    periods: Annotated[int, typer.Option(min=1, help="Of each path.")] = 40,
    paths: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    burn_in: Annotated[int, typer.Option(min=0, help="Periods that are not told.")] = 0,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Simulate paths of the economy, from the steady state or from given states."""
    client = client_of(context)
    solution = solution_of(client, solution_id)
    options = {"periods": periods, "paths": paths, "burn_in": burn_in, "seed": seed}
    found = client.run(economy.simulated(solution, initial=arguments.numbers(initial or []), **options))
    if as_json:
        print_json(found)
    else:
        print_columns({"path": found["path"], "t": found["t"], **economy.columns_of(found)})


def irf(
    context: typer.Context,
    solution_id: SolutionId,
    shock: Annotated[str, typer.Argument(help="Whose innovation it is.")],
    states: Departure = None,
    size: Annotated[float, typer.Option(help="In standard deviations.")] = 1.0,
    periods: Annotated[int, typer.Option(min=1, help="That of the impulse included.")] = 40,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Print the impulse response to a shock."""
    client = client_of(context)
    solution = solution_of(client, solution_id)
    query = {
        "shock": shock,
        "size": size,
        "periods": periods,
        "seed": seed,
        **arguments.numbers(states or []),
    }
    found = client.run(economy.responses(solution, query))
    if as_json:
        print_json(found)
    else:
        print_columns({"t": found["t"], **found["response"]})
