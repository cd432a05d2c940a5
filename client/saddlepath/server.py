"""Where the server is, and by which key it is asked."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import httpx2

from saddlepath.errors import InputError
from saddlepath.version import __version__

DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Server:
    """A server's address, and a key of it.

    Attributes:
        url: e.g. ``http://127.0.0.1:8000``.
        key: None where it asks for none.
    """

    url: str
    key: str | None = field(default=None, repr=False)

    @classmethod
    def found(cls, url: str | None = None, key: str | None = None) -> Server:
        """What is given; else ``SADDLEPATH_URL`` and ``SADDLEPATH_API_KEY``; else a server on this machine.

        Raises:
            InputError: the address is none of HTTP.
        """
        address = url or os.environ.get("SADDLEPATH_URL") or DEFAULT_URL
        if httpx2.URL(address).scheme not in ("http", "https"):
            raise InputError(f"url = {address!r} is no address of a server; give one such as {DEFAULT_URL}")
        return cls(address.rstrip("/"), key or os.environ.get("SADDLEPATH_API_KEY") or None)

    def headers(self) -> dict[str, str]:
        """Those of every request."""
        headers = {"User-Agent": f"saddlepath-python/{__version__}"}
        return headers if self.key is None else headers | {"Authorization": f"Bearer {self.key}"}
