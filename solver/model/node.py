"""The document behind a model: text, items and tables that know where they stand.

YAML and parsed JSON become the same nodes, so there is one reader. Every scalar stays text: ``0.96`` and
``1/beta - 1`` are both expressions, and none of YAML's guesses (``n`` is false, ``1:30`` is 90) applies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from solver.errors import Fault, ModelError

MAX_NESTING = 12
MAX_CHARACTERS = 100_000
MAX_FAULTS = 100

Pointer = tuple[str | int, ...]


@dataclass(frozen=True)
class Line:
    """A line of text; ``line`` and ``column``, from 1, say where its first character stands, where known."""

    text: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class Scalar:
    """Text; ``tag`` is that of YAML, e.g. ``!VAR1``, where the file has one."""

    pointer: Pointer
    lines: tuple[Line, ...]
    tag: str | None = None

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(line.text for line in self.lines).strip()

    @property
    def statements(self) -> tuple[Line, ...]:
        """The lines that say something, without indentation, comments and blank lines."""
        return tuple(clean for line in self.lines if (clean := _without_comment(line)).text)


@dataclass(frozen=True)
class Items:
    """A sequence of nodes."""

    pointer: Pointer
    start: Line
    items: tuple[Node, ...]
    tag: str | None = None


@dataclass(frozen=True)
class Table:
    """Nodes by key, and where the keys stand."""

    pointer: Pointer
    start: Line
    entries: Mapping[str, Node]
    keys: Mapping[str, Line]
    tag: str | None = None


Node = Scalar | Items | Table


def _without_comment(line: Line) -> Line:
    text = line.text.split("#", 1)[0].rstrip()
    indent = len(text) - len(text.lstrip())
    return Line(text[indent:], line.line, None if line.column is None else line.column + indent)


class FaultList(list[Fault]):
    """The faults of one document, in the order found: enough of them end the reading."""

    def append(self, fault: Fault) -> None:
        """Add a fault.

        Raises:
            ModelError: there are ``MAX_FAULTS`` of them.
        """
        super().append(fault)
        if len(self) >= MAX_FAULTS:
            raise ModelError(self)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add faults one by one, as :meth:`append` does."""
        for fault in faults:
            self.append(fault)


def fault_at(node: Node, message: str, symbol: str | None = None, column: int = 1) -> Fault:
    """A fault at a column, from 1, of the first statement of a node."""
    start = (*node.statements, *node.lines)[0] if isinstance(node, Scalar) else node.start
    place = None if start.column is None else start.column + column - 1
    return Fault(node.pointer, message, symbol=symbol, line=start.line, column=place)


def fault_in(node: Node | None, pointer: Pointer, message: str, symbol: str | None = None) -> Fault:
    """A fault of a section as a whole, which stands at ``pointer`` even where the file has no such section."""
    return Fault(pointer, message, symbol=symbol) if node is None else fault_at(node, message, symbol)


def nodes_below(node: Node) -> Iterator[Node]:
    """The node and all nodes within it, in the order of the file."""
    yield node
    if not isinstance(node, Scalar):
        for inner in node.items if isinstance(node, Items) else node.entries.values():
            yield from nodes_below(inner)


def node_from_object(document: Mapping[str, Any], faults: FaultList) -> Node:
    """Nodes of an already parsed document: mappings, sequences, strings and numbers.

    Args:
        document: what was parsed.
        faults: to which values of other types are added.

    Raises:
        ModelError: too long, or nested too deep.
    """
    node = _from_object(document, (), faults)
    length = _characters(node)
    if length > MAX_CHARACTERS:
        raise ModelError([Fault((), f"the model has {length} characters, above {MAX_CHARACTERS}")])
    return node


def _from_object(value: Any, pointer: Pointer, faults: FaultList) -> Node:
    if len(pointer) > MAX_NESTING:
        raise ModelError([Fault(pointer, f"nested deeper than {MAX_NESTING} levels")])
    if isinstance(value, Mapping):
        entries = {str(key): _from_object(item, (*pointer, str(key)), faults) for key, item in value.items()}
        faults.extend(
            Fault((*pointer, str(key)), "a key must be a valid text")
            for key in value
            if not isinstance(key, str) or not is_valid_text(key)
        )
        return Table(pointer, Line(""), entries, {key: Line(key) for key in entries})
    if isinstance(value, list | tuple):
        items = (_from_object(item, (*pointer, place), faults) for place, item in enumerate(value))
        return Items(pointer, Line(""), tuple(items))
    return Scalar(pointer, tuple(Line(line) for line in _scalar_text(value, pointer, faults).split("\n")))


def _scalar_text(value: Any, pointer: Pointer, faults: FaultList) -> str:
    if isinstance(value, str):
        if is_valid_text(value):
            return value
        faults.append(Fault(pointer, "the text holds characters that are not valid Unicode"))
    elif isinstance(value, bool) or not isinstance(value, int | float):
        kind = "null" if value is None else type(value).__name__
        faults.append(
            Fault(pointer, f"a {kind} cannot stand here: give a number, a text, a list or an object")
        )
    elif isinstance(value, float) and not math.isfinite(value):
        faults.append(Fault(pointer, f"{value} is not a finite number"))
    elif abs(value) > 1e308:
        faults.append(Fault(pointer, "the number is too large for a floating-point number"))
    else:
        return repr(value)
    return "0"


def is_valid_text(text: str) -> bool:
    """Whether the text can be written as UTF-8: a lone surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _characters(node: Node) -> int:
    if isinstance(node, Scalar):
        return sum(len(line.text) + 1 for line in node.lines)
    if isinstance(node, Items):
        return sum(map(_characters, node.items)) + len(node.items)
    return sum(map(_characters, node.entries.values())) + sum(len(key) + 1 for key in node.keys)
