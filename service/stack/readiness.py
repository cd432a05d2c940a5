"""When a solve would be accepted and done: the store answers, the API does, and a worker is there."""

from __future__ import annotations

import http.client
import json
from contextlib import closing

import redis

from service.stack.preflight import connect

TIMEOUT_S = 2.0


def store_answers(url: str) -> bool:
    """Whether the store at ``url`` takes commands; one that still loads its data does not."""
    try:
        with connect(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def accepts_solves(address: tuple[str, int]) -> bool:
    """Whether the API at ``address`` (host, port) is ready and tells of at least one worker."""
    try:
        with closing(http.client.HTTPConnection(*address, timeout=TIMEOUT_S)) as connection:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            return response.status == http.HTTPStatus.OK and bool(json.load(response)["workers"])
    except (OSError, http.client.HTTPException):
        return False
