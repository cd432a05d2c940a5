"""The release of the service."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("saddlepath-server")
