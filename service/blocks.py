"""Many states, a few at a time: what is computed between a block's states and its answer stays in the cache."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK = 1024
"""States; with the default network of two states (128 units) a layer takes 1 MiB."""


def blocks(n_rows: int) -> Iterator[slice]:
    """The rows of an array of states, block by block."""
    return (slice(start, min(start + BLOCK, n_rows)) for start in range(0, n_rows, BLOCK))
