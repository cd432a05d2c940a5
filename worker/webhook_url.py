"""Where a webhook may go: its URL, read strictly, and the hosts that the operator allows.

The URL is read here alone, when it is asked for and again when it is called: no two readers can differ about its host.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.errors import WebhookUrlError

MAX_LENGTH = 2000
_NAME = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
_PORT = r"(?::([1-9][0-9]{0,4}))?"
_URL = re.compile(rf"(https?)://({_NAME}|\[[0-9a-f:.]+\]){_PORT}((?:/[!-~]*)?)", re.ASCII)
_ALLOWED = re.compile(rf"(\*\.)?({_NAME}|\[[0-9a-f:.]+\]){_PORT}", re.ASCII)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class WebhookUrl:
    """A URL that a webhook is sent to.

    Attributes:
        scheme: ``https`` or ``http``.
        host: in lower case; an IPv6 address without its brackets.
        port: the one that is given, or the scheme's own.
        target: path and query.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def read(cls, text: str) -> WebhookUrl:
        """The parts of a URL.

        Raises:
            WebhookUrlError: it is none that a webhook can have.
        """
        scheme_and_host, slash, rest = text.partition("//")
        host, second_slash, path = rest.partition("/")
        found = _URL.fullmatch(f"{scheme_and_host}{slash}{host}".lower() + second_slash + path)
        if len(text) > MAX_LENGTH or found is None or int(found[3] or 0) > 65535:
            raise WebhookUrlError(
                f"it is no URL of the form https://host/path, in ASCII, of {MAX_LENGTH} characters at most, without a "
                "user, a password or a fragment; give one"
            )
        if "#" in found[4]:
            raise WebhookUrlError("it has a fragment, which is never sent; leave # and what follows out")
        return cls(found[1], found[2].strip("[]"), int(found[3] or _PORTS[found[1]]), found[4] or "/")

    @property
    def authority(self) -> str:
        """Host and port as a ``Host`` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def is_allowed(self, hosts: Sequence[str]) -> bool:
        """Whether one of an operator's entries names its host and its port."""
        return any(self._is_named_by(entry) for entry in hosts)

    def _is_named_by(self, entry: str) -> bool:
        found = _ALLOWED.fullmatch(entry)
        assert found is not None, "checked when the settings were read"
        wildcard, name, port = found.groups()
        if self.port != int(port or _PORTS[self.scheme]):
            return False
        return self.host.endswith(f".{name}") if wildcard else self.host == name.strip("[]")


def read_hosts(text: str) -> tuple[str, ...]:
    """An operator's entries: names, ``*.`` before one for what is below it, and ``:port`` after it for another than usual.

    Raises:
        ValueError: an entry is none.
    """
    entries = tuple(entry.strip().lower() for entry in text.split(",") if entry.strip())
    for entry in entries:
        if _ALLOWED.fullmatch(entry) is None:
            raise ValueError(f"{entry!r} is no host; give names, *.names and :ports, separated by commas")
    return entries
