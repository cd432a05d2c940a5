"""YAML (and so JSON) text to nodes.

Built on PyYAML's events rather than its constructor: nothing is ever built by name, an alias or a level too deep is
seen before anything is built from it, and every node keeps its tag and its place in the file.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from solver.errors import Fault, ModelError
from solver.model.node import (
    MAX_CHARACTERS,
    MAX_NESTING,
    FaultList,
    Items,
    Line,
    Node,
    Pointer,
    Scalar,
    Table,
    is_valid_text,
)


def node_from_yaml(text: str | bytes, faults: FaultList) -> Node:
    """Nodes of the one document in a YAML or JSON text.

    Args:
        text: the file.
        faults: to which is added what a model may not use, and yet need not stop the reading: anchors, aliases,
            duplicate keys.

    Raises:
        ModelError: not UTF-8, too long, not YAML, or nested too deep; with the faults found until there.
    """
    decoded = _decode(text)
    try:
        return _EventReader(decoded, faults).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"this is not YAML: {error.problem or error.context}"
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise ModelError([*faults, Fault((), message, line=place[0], column=place[1])]) from error
    except yaml.YAMLError as error:
        raise ModelError([*faults, Fault((), f"this is not YAML: {error}")]) from error
    except (ValueError, OverflowError) as error:  # PyYAML on "\\UFFFFFFFF"
        raise ModelError([*faults, Fault((), "an escape names no character")]) from error


def _decode(text: str | bytes) -> str:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            message = f"the file is not UTF-8: byte {error.start + 1} cannot be read"
            raise ModelError([Fault((), message)]) from error
    if len(text) > MAX_CHARACTERS:
        raise ModelError([Fault((), f"the model has {len(text)} characters, above {MAX_CHARACTERS}")])
    return text


def _place(event: yaml.Event) -> Line:
    mark = event.start_mark
    return Line("", mark.line + 1, mark.column + 1) if mark else Line("")


class _EventReader:
    """Builds nodes from the events of one text."""

    def __init__(self, text: str, faults: FaultList) -> None:
        self._source = text.splitlines()
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._faults = faults

    def document(self) -> Node:
        """The node of the only document."""
        next(self._events)
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            raise ModelError([Fault((), "the model is empty", line=1, column=1)])
        node = self._node(next(self._events), ())
        next(self._events)
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise ModelError([Fault((), "a file holds one model: a second document begins here")])
        return node

    def _node(self, event: yaml.Event, pointer: Pointer) -> Node:
        assert isinstance(event, yaml.NodeEvent)
        if len(pointer) > MAX_NESTING:
            self._fault(event, pointer, f"nested deeper than {MAX_NESTING} levels")
            raise ModelError(self._faults)
        if event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            self._fault(
                event, pointer, f"{sign}{event.anchor}: anchors and aliases are refused; write it out"
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(event, pointer)
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(event, pointer)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(pointer, self._lines(event, pointer), event.tag)
        return Scalar(pointer, (_place(event),))

    def _items(self, start: yaml.SequenceStartEvent, pointer: Pointer) -> Items:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*pointer, len(items))))
        return Items(pointer, _place(start), tuple(items), start.tag)

    def _table(self, start: yaml.MappingStartEvent, pointer: Pointer) -> Table:
        entries: dict[str, Node] = {}
        keys: dict[str, Line] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key_node = self._node(event, (*pointer, "?"))
            key = key_node.text if isinstance(key_node, Scalar) else "?"
            value = self._node(next(self._events), (*pointer, key))
            if not isinstance(key_node, Scalar) or key_node.tag is not None:
                self._fault(event, pointer, "a key must be a text, without a tag")
            elif key in entries:
                self._fault(event, (*pointer, key), f"{key} stands here twice: keep one")
            else:
                entries[key], keys[key] = value, key_node.lines[0]
        return Table(pointer, _place(start), entries, keys, start.tag)

    def _lines(self, event: yaml.ScalarEvent, pointer: Pointer) -> tuple[Line, ...]:
        if not is_valid_text(event.value):
            self._fault(event, pointer, "the text holds characters that are not valid Unicode")
        start = _place(event)
        if event.style == "|":
            return tuple(
                self._block_line(text, start.line + offset)
                for offset, text in enumerate(event.value.split("\n"), start=1)
                if start.line is not None
            )
        shift = 1 if event.style in ("'", '"') else 0
        return tuple(
            Line(text, start.line, None if start.column is None else start.column + shift)
            for text in event.value.split("\n")
        )

    def _block_line(self, text: str, number: int) -> Line:
        """A line of a literal block, which stands indented in the file exactly as it is."""
        source = self._source[number - 1] if number <= len(self._source) else ""
        return Line(text, number, len(source) - len(text) + 1 if source.endswith(text) else 1)

    def _fault(self, event: yaml.Event, pointer: Pointer, message: str) -> None:
        place = _place(event)
        self._faults.append(Fault(pointer, message, line=place.line, column=place.column))
