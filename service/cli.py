"""The command line, ``saddlepath-server``: thin, each command imports what it needs and nothing more."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from service.key_commands import DATA, keys

cli = typer.Typer(
    name="saddlepath-server",
    help="Policy functions as a service: dynamic economic models, solved over HTTP.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

cli.add_typer(keys)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")]


@cli.command()
def up(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data: Annotated[Path, typer.Option(help="Directory that keeps everything.")] = DATA,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Number of worker processes.")] = 1,
    redis_url: Annotated[
        str | None, typer.Option(help="A Redis or Valkey server that is there, instead of the embedded one.")
    ] = None,
) -> None:
    """Run store, workers and API until Ctrl-C, and print `ready URL` once a solve would be accepted."""
    from service.stack.errors import StackError
    from service.stack.supervisor import StackSettings, run_stack

    try:
        run_stack(StackSettings(data, host, port, workers, redis_url))
    except StackError as error:
        _refuse(error)


@cli.command()
def api(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    allow_remote: Annotated[
        bool,
        typer.Option(
            help="Listen on an address that is not loopback although there may be no keys: only in a container or "
            "behind a proxy that keeps strangers out."
        ),
    ] = False,
) -> None:
    """Run the API alone, against the store at SADDLEPATH_REDIS_URL; workers are run by `python -m worker`."""
    from service.settings import ServiceSettings
    from service.stack.api import serve
    from service.stack.errors import StackError
    from service.stack.key_access import require_keys
    from service.stack.preflight import is_loopback, listen

    settings = ServiceSettings()
    try:
        if not (allow_remote or is_loopback(host)):
            require_keys(host, DATA, settings.redis_url)
            settings = settings.model_copy(update={"require_keys": True})
        serve(listen(host, port), settings)
    except StackError as error:
        _refuse(error)


@cli.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    data: Annotated[Path, typer.Option(help="Directory of the server's data.")] = DATA,
) -> None:
    """Write everything that a server has acknowledged into one file, whether it runs or not."""
    from service.stack.backup import back_up
    from service.stack.errors import StackError

    _end_in_order()
    try:
        size = back_up(data, file)
    except StackError as error:
        _refuse(error)
    typer.echo(f"{file}: {size:,} bytes")


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` has written.")],
    data: Annotated[Path, typer.Option(help="Directory to make; it must hold no server's data yet.")] = DATA,
) -> None:
    """Make a data directory of a backup, for `up --data` to run on."""
    from service.stack.backup import restore as make_directory
    from service.stack.errors import StackError

    _end_in_order()
    try:
        make_directory(file, data)
    except StackError as error:
        _refuse(error)
    typer.echo(f"{data} is restored")


@cli.command()
def reproduce(
    file: Annotated[Path, typer.Argument(help="A record: the answer of GET /v1/solutions/ID/record.")],
    json: Annotated[bool, typer.Option("--json", help="Print how far they agree as JSON.")] = False,
) -> None:
    """Solve a solution again from its record alone, and compare.

    Exit code 0: the same bytes, or within the tolerance; 1: different, or not solved; 2: the file is no record.
    """
    from service.reproduction import as_table, solve_again
    from worker.errors import RecordError

    try:
        agreement = solve_again(file)
    except RecordError as error:
        _refuse(error, 2)
    typer.echo(agreement.model_dump_json(indent=2) if json else as_table(agreement))
    raise typer.Exit(int(agreement.outcome == "different"))


def _end_in_order() -> None:
    """Lets SIGTERM end this process as Ctrl-C does, so that nothing half done is left behind, and no store."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _refuse(error: Exception, exit_code: int = 1) -> NoReturn:
    typer.echo(f"saddlepath-server: {error}", err=True)
    raise typer.Exit(exit_code)


def main() -> None:
    """The entry point of ``saddlepath-server``."""
    cli()


if __name__ == "__main__":
    main()
