"""Serves the API in this process; run as a program with the number of a listening socket, it is the stack's API."""

from __future__ import annotations

import socket
import sys

import uvicorn
from fastapi import FastAPI

from service.app import create_app
from service.dependencies import Services
from service.settings import ServiceSettings
from worker.logs import configure_logs

GRACE_S = 3
"""How long open requests may hold up a shutdown."""
SWITCH_S = 0.001
"""How long a thread with a batch may keep Python's lock from the event loop, which asks for it several times a request."""


class Server(uvicorn.Server):
    """Ends the waits of clients when it is told to go down, before it waits for their answers to be sent."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes everything in order."""
        services: Services = self._app.state.services
        services.news.end_waits()
        await super().shutdown(sockets)


def serve(listener: socket.socket, settings: ServiceSettings | None = None) -> None:
    """Serve the application on a socket that listens already, until SIGINT or SIGTERM.

    A socket object and not its number (uvicorn's ``fd``): uvicorn would take it for a Unix socket and leave
    out ``TCP_NODELAY``, which costs each answer up to 40 ms.
    """
    configure_logs()
    sys.setswitchinterval(SWITCH_S)
    app = create_app(settings)
    config = uvicorn.Config(app, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_S)
    Server(config, app).run(sockets=[listener])


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
