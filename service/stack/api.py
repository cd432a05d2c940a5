"""Serves the API in this process; run as a program with the number of a listening socket, it is the stack's API."""

from __future__ import annotations

import socket
import sys

import uvicorn

from worker.logs import configure_logs

GRACE_S = 3
"""How long open requests (a client that waits for a solution) may hold up a shutdown."""


def serve(listener: socket.socket) -> None:
    """Serve the application on a socket that listens already, until SIGINT or SIGTERM.

    A socket object and not its number (uvicorn's ``fd``): uvicorn would take it for a Unix socket and leave
    out ``TCP_NODELAY``, which costs each answer up to 40 ms.
    """
    configure_logs()
    config = uvicorn.Config(
        "service.app:create_app",
        factory=True,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
