"""``solve``, ``show``, ``watch`` and ``retry``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from saddlepath.cli import arguments
from saddlepath.cli.carets import with_carets
from saddlepath.cli.live import following
from saddlepath.cli.setup import AsJson, ExitCode, ModelName, SolutionId, client_of, model_of, solution_of
from saddlepath.cli.tables import print_json, print_result, print_table, tell
from saddlepath.errors import InvalidError, SolveError
from saddlepath.progress import Progress
from saddlepath.solution import Solution

Timeout = Annotated[float | None, typer.Option(min=0, help="Seconds to wait at most.", show_default=False)]
Wait = Annotated[bool, typer.Option(help="Wait until it is solved.")]


def solve(
    context: typer.Context,
    model: ModelName,
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Parameters, e.g. beta=0.96.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="How to solve: an object of JSON, or a file of one.", show_default=False),
    ] = None,
    target: Annotated[float | None, typer.Option(help="Euler error to aim at.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of training.", show_default=False)] = None,
    start: Annotated[
        str | None, typer.Option(metavar="ID", help="Solution to start from.", show_default=False)
    ] = None,
    timeout: Timeout = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Solve a model and print what came of it. The same request is never solved twice.

    Exit code 1 where the certificate fails, or there is no policy.
    """
    client = client_of(context)
    given = model_of(model)
    calibration = arguments.numbers(parameters or [])
    options: dict[str, Any] = {
        "method": arguments.document(method),
        "target": target,
        "seed": seed,
        "start": start,
    }
    try:
        solution = client.submit(given, calibration=calibration, **options)
    except InvalidError as error:
        if not isinstance(given, Path) or not error.model_faults:
            raise
        tell(with_carets(given, error.model_faults))
        raise typer.Exit(ExitCode.REFUSED) from error
    if wait:
        _wait(solution, timeout)
    _print(solution, as_json=as_json)


def show(
    context: typer.Context,
    solution_id: Annotated[str | None, SolutionId.__metadata__[0]] = None,
    checks: Annotated[bool, typer.Option("--checks", help="Every check of the certificate.")] = False,
    model: Annotated[str | None, typer.Option(help="List those of this model.", show_default=False)] = None,
    status: Annotated[str | None, typer.Option(help="List those in this status.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show a solution; without an ID, list the latest ones."""
    client = client_of(context)
    if solution_id is None:
        _list(client.solutions(model=model, status=status, limit=limit), as_json=as_json)
        return
    solution = solution_of(client, solution_id)
    if checks and not as_json:
        print_result(solution.certificate)
    else:
        _print(solution, as_json=as_json)


def watch(
    context: typer.Context, solution_id: SolutionId, timeout: Timeout = None, as_json: AsJson = False
) -> None:
    """Follow a solve until it is over. With --json, a line for each sign of progress, and the solution last."""
    _follow(solution_of(client_of(context), solution_id), timeout, as_json=as_json)


def retry(
    context: typer.Context,
    solution_id: SolutionId,
    timeout: Timeout = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Put a solution that failed or was cancelled in the queue again, and follow it as watch does.

    Exit code 3 where it is neither; else as solve ends.
    """
    solution = solution_of(client_of(context), solution_id).retry()
    if wait:
        _follow(solution, timeout, as_json=as_json)
    else:
        _print(solution, as_json=as_json)


def _follow(solution: Solution, timeout: float | None, *, as_json: bool) -> None:
    _wait(solution, timeout, (lambda progress: print_json(asdict(progress))) if as_json else None)
    _print(solution, as_json=as_json)


def _wait(solution: Solution, timeout: float | None, show: Callable[[Progress], None] | None = None) -> None:
    try:
        with following(solution.model, math.log10(solution.record["target"])) as live:
            solution.wait(progress=show or live, timeout=timeout)
    except SolveError:
        pass  # what there is of it is printed, and tells
    except KeyboardInterrupt:
        tell(f"It goes on. To come back to it: saddlepath watch {solution.id}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _print(solution: Solution, *, as_json: bool) -> None:
    if as_json:
        print_json(solution.record)
    else:
        print_result(solution)
        if solution.status in ("failed", "cancelled"):
            tell(f"To put it in the queue again: saddlepath retry {solution.id}")
    is_bad = solution.verdict == "fail" if solution.status == "succeeded" else solution.is_over
    if is_bad:
        raise typer.Exit(ExitCode.NO)


def _list(solutions: list[Solution], *, as_json: bool) -> None:
    if as_json:
        print_json([solution.record for solution in solutions])
        return
    rows = []
    for solution in solutions:
        is_solved = solution.status == "succeeded"
        errors = solution.euler_errors["box"].max_log10 if is_solved else None
        state = solution.verdict if is_solved else solution.status
        calibration = " ".join(f"{name}={value:g}" for name, value in solution.calibration.items())
        rows.append((solution.id, solution.model, state, errors, calibration))
    print_table(("id", "model", "state", "log10 error", "calibration"), rows)
