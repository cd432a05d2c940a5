"""The product's application with endpoints that do nothing, served by uvicorn on one core.

``python -m benchmarks.idle_app STORE_URL CORE`` prints the port that it listens on once it listens.
"""

from __future__ import annotations

import os
import sys

import uvicorn
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from service.app import create_app
from service.encoding import JsonResponse
from service.settings import ServiceSettings
from service.stack.preflight import listen

IDLE = "/idle"
"""Does nothing, written as FastAPI's documentation writes an endpoint."""
BARE = "/idle-bare"
"""Does nothing with nothing in its way: first of all routes, no arguments to read, no schema to check."""


def create_idle_app(store_url: str) -> FastAPI:
    """The application with the two endpoints added to it."""
    app = create_app(ServiceSettings(redis_url=store_url))

    @app.get(IDLE)
    async def idle() -> dict[str, str]:
        return {}

    async def bare(request: Request) -> Response:
        return JsonResponse({})

    app.router.routes.insert(0, APIRoute(BARE, bare))
    return app


def main() -> None:
    """Serve until SIGTERM."""
    store_url, core = sys.argv[1], int(sys.argv[2])
    os.sched_setaffinity(0, {core})
    with listen("127.0.0.1", 0) as listener:
        app = create_idle_app(store_url)
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(app, access_log=False, server_header=False, log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
