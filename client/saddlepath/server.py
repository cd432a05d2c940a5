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
            InputError: the address is none of HTTP, or the key has what no header may have.
        """
        address = url or os.environ.get("SADDLEPATH_URL") or DEFAULT_URL
        if not _is_address(address):
            raise InputError(f"url = {address!r} is no address of a server; give one such as {DEFAULT_URL}")
        shown = key or os.environ.get("SADDLEPATH_API_KEY") or None
        if shown is not None and not (shown.isascii() and shown.isprintable()):
            # The key itself is not repeated: messages end in logs.
            raise InputError("the key has characters that no key has, such as line breaks; copy it once more")
        return cls(address.rstrip("/"), shown)

    def headers(self) -> dict[str, str]:
        """Those of every request."""
        headers = {"User-Agent": f"saddlepath-python/{__version__}"}
        return headers if self.key is None else headers | {"Authorization": f"Bearer {self.key}"}


def _is_address(text: str) -> bool:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        return False
    return url.scheme in ("http", "https") and url.host != ""
