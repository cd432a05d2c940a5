"""The order in which names that are defined by each other are computed."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from solver.language.tree import Expression, symbols_in


class CircularError(ValueError):
    """Names defined by each other in a circle; ``circle`` begins and ends with the same name."""

    def __init__(self, circle: tuple[str, ...]) -> None:
        self.circle = circle
        super().__init__(" → ".join(circle))


def in_order(definitions: Mapping[str, Expression]) -> dict[str, Expression]:
    """The same definitions, each after all those that it uses.

    Raises:
        CircularError: there is no such order.
    """
    uses = {
        name: [symbol.name for symbol in symbols_in(body) if symbol.name in definitions]
        for name, body in definitions.items()
    }
    try:
        return {name: definitions[name] for name in TopologicalSorter(uses).static_order()}
    except CycleError as error:
        # graphlib lists each name before the one that uses it; the reader wants "uses".
        raise CircularError(tuple(reversed(error.args[1]))) from error
