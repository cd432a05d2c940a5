"""Requests that a browser sends for a page of another site.

Where no key is asked for, whoever is on the machine may do everything; the pages that they visit may not. Such a page can
send requests without a body to this server (they carry its ``Origin``), and under a name of its own that it lets resolve
to this machine (DNS rebinding) even read the answers (they carry that name as ``Host``). A key ends both, since no browser
sends one by itself.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from service.errors import ForeignPageError


def require_own_page(headers: Headers) -> None:
    """Returns if nothing in a request says that it is sent for a page of another site.

    Raises:
        ForeignPageError: its ``Host`` is a name of the public DNS, or its ``Origin`` another server.
    """
    host = headers.get("host", "")
    if not _is_near(host):
        raise ForeignPageError(
            f"Host {host!r} is a name that another site may have: a server without keys answers to addresses, localhost "
            "and names without a dot; ask it by one of these, or make a key with `saddlepath-server keys create`"
        )
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        raise ForeignPageError(
            f"Origin {origin!r} is not this server, {host!r}: a server without keys serves no other site's pages; make a "
            "key with `saddlepath-server keys create`"
        )


def _is_near(host: str) -> bool:
    """Whether a ``Host`` is an address, or a name that the public DNS does not have."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if "." not in name or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
