"""Why the stack cannot run, as one line for the person at the terminal."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot start or go on. The message is one line that names the cause and the remedy."""


class DirectoryInUseError(StackError):
    """Another server has the data directory."""
