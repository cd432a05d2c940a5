"""The commands together, and how they end.

Exit codes: 0 done; 1 the answer is no: the certificate fails, the solve ended without a policy, the model file has
faults; 2 wrong usage, or a file that cannot be read or written; 3 the service refused; 4 nothing answers; 5 not over in
time (it goes on); 130 interrupted.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from saddlepath.cli import asking, modelling, solving, taking
from saddlepath.cli.setup import ExitCode, Setup
from saddlepath.cli.tables import tell
from saddlepath.errors import (
    JobError,
    ProblemError,
    SaddlepathError,
    SolveTimeoutError,
    UnreachableError,
)
from saddlepath.version import __version__


class _Commands(TyperGroup):
    """The commands; an interrupt is no answer, which Typer's own exit code would make of it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    name="saddlepath",
    help="Policy functions of dynamic economic models, solved by a Saddlepath server.",
    epilog="Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 refused, 4 nothing answers, 5 not over in time.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    solving.solve,
    solving.show,
    solving.watch,
    solving.retry,
    asking.eval_,
    asking.simulate,
    asking.irf,
    taking.plot,
    taking.export,
    modelling.models,
    modelling.check,
    modelling.convert,
):
    app.command(command.__name__.rstrip("_"))(command)

_CODES: tuple[tuple[type[SaddlepathError], ExitCode], ...] = (
    (JobError, ExitCode.NO),
    (SolveTimeoutError, ExitCode.NOT_OVER),
    (UnreachableError, ExitCode.UNREACHABLE),
    (ProblemError, ExitCode.REFUSED),
)


@app.callback()
def prepare(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Option(envvar="SADDLEPATH_URL", help="Where the server is.", show_default=False)
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=lambda asked: _print_version(asked), is_eager=True)
    ] = False,
) -> None:
    """The key, where the server wants one, is read from SADDLEPATH_API_KEY."""
    context.obj = Setup(url)


@app.command()
def mcp(context: typer.Context) -> None:
    """Serve the Model Context Protocol on stdin and stdout, for agents."""
    from saddlepath.agents import serve

    serve(context.obj.url)


def run() -> int:
    """Runs the command line and returns its exit code."""
    try:
        app(prog_name="saddlepath")  # also as python -m saddlepath, so that completion has one name
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.USAGE
    except SaddlepathError as error:
        tell(f"saddlepath: {error}")
        return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.USAGE)
    except OSError as error:  # a file that cannot be read or written
        tell(f"saddlepath: {error}")
        return ExitCode.USAGE
    return ExitCode.DONE


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"saddlepath {__version__}")
        raise typer.Exit
