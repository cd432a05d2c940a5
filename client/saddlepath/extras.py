"""Optional packages, imported where they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from saddlepath.errors import MissingExtraError


def pandas(purpose: str) -> Any:
    """The package pandas.

    Args:
        purpose: what needs it, for the message.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module("pandas")
    except ImportError as error:
        raise MissingExtraError("pandas", purpose) from error
