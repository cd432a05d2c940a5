"""``saddlepath-server keys``: make, list and revoke the keys that clients show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.keys import Key, KeyStore, Scope

keys = typer.Typer(
    name="keys", help="Make, list and revoke the keys that clients show.", no_args_is_help=True
)

Data = Annotated[Path, typer.Option(help="Directory of the server's data.")]
RedisUrl = Annotated[
    str | None,
    typer.Option(
        envvar="SADDLEPATH_REDIS_URL", help="The server's Redis or Valkey, where it is not embedded."
    ),
]
DATA = Path("saddlepath-data")
MAX_NAME = 64
_COLUMNS = (
    "id",
    "name",
    "scopes",
    "state",
    "expires",
    "last used",
    "requests/min",
    "waiting",
    "seconds today",
)


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="Whose it is, or what for: shown by `list`.")],
    scopes: Annotated[
        str, typer.Option(help="read, solve or admin, separated by commas; each includes the ones before.")
    ] = "read,solve",
    expires: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="When it expires (UTC); never if left out."
        ),
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Requests a minute.", show_default="6000")] = None,
    waiting: Annotated[int | None, typer.Option(help="Jobs that may wait.", show_default="100")] = None,
    seconds_a_day: Annotated[
        int | None, typer.Option(help="Seconds of solving a day (UTC).", show_default="36000")
    ] = None,
    models: Annotated[
        int | None, typer.Option(help="Models that may be registered.", show_default="100")
    ] = None,
    streams: Annotated[
        int | None, typer.Option(help="Streams of events that may be open.", show_default="200")
    ] = None,
    data: Data = DATA,
    redis_url: RedisUrl = None,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    from pydantic import ValidationError

    from worker.contract import utc_text
    from worker.keys import KeyLimits

    given = {"rate": rate, "waiting": waiting, "seconds_a_day": seconds_a_day}
    given |= {"models": models, "streams": streams}
    try:
        limits = KeyLimits(**{field: value for field, value in given.items() if value is not None})
    except ValidationError as error:
        fault = error.errors()[0]
        option = str(fault["loc"][0]).replace("_", "-")
        raise typer.BadParameter(f"{fault['input']}: {fault['msg']}", param_hint=f"--{option}") from error
    if not (1 <= len(name) <= MAX_NAME and name.isprintable()):
        raise typer.BadParameter(f"give 1 to {MAX_NAME} printable characters", param_hint="--name")
    until = None if expires is None else expires.replace(tzinfo=UTC)
    if until is not None and until <= datetime.now(UTC):
        raise typer.BadParameter(f"{utc_text(until)} is over; give a time to come", param_hint="--expires")
    chosen = _read_scopes(scopes)
    with _opened(data, redis_url, is_made=True) as store:
        key, shown = store.create(name, chosen, None if until is None else utc_text(until), limits)
    typer.echo(f"key {key.id} of {name!r}, which is not shown again:", err=True)
    typer.echo(shown)


@keys.command(name="list")
def list_keys(data: Data = DATA, redis_url: RedisUrl = None) -> None:
    """Show every key that was made, without its secret: what it may do, and has used today."""
    with _opened(data, redis_url) as store:
        rows = [_COLUMNS, *(_row(key, store.spent_s(key.id)) for key in store.all())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(map(str.ljust, row, widths)).rstrip())


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    data: Data = DATA,
    redis_url: RedisUrl = None,
) -> None:
    """Make a key open nothing from now on. What it owns stays."""
    with _opened(data, redis_url) as store:
        key = store.revoke(key_id)
    typer.echo(f"key {key.id} of {key.name!r} is revoked since {key.revoked_at}")


@contextmanager
def _opened(data: Path, redis_url: str | None, *, is_made: bool = False) -> Iterator[KeyStore]:
    from service.stack.errors import StackError
    from service.stack.key_access import keys_of
    from worker.errors import WorkerError

    try:
        with keys_of(data, redis_url, is_made=is_made) as store:
            yield store
    except (StackError, WorkerError) as error:
        typer.echo(f"saddlepath-server: {error}", err=True)
        raise typer.Exit(1) from error


def _read_scopes(text: str) -> list[Scope]:
    from worker.keys import Scope

    names = text.split(",")
    known = [scope.value for scope in Scope]
    unknown = [name for name in names if name not in known]
    if unknown or len(set(names)) < len(names):
        message = f"{text!r} is not of {', '.join(known)}, each once, separated by commas"
        raise typer.BadParameter(message, param_hint="--scopes")
    return [Scope(name) for name in names]


def _row(key: Key, spent_s: float) -> tuple[str, ...]:
    limits = key.limits
    state = "revoked" if key.revoked_at is not None else "expired" if key.is_expired else "valid"
    times = (key.expires_at or "never", key.last_used_at or "never")
    spent = f"{spent_s:.0f} of {limits.seconds_a_day}"
    return (
        key.id,
        key.name,
        ",".join(key.scopes),
        state,
        *times,
        str(limits.rate),
        str(limits.waiting),
        spent,
    )
