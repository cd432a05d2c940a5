"""The document of a model as a YAML file: what is written reads back to the same model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_WIDTH = 110


class _Lines(str):
    """Text that is written line by line."""


class _Inline(list[Any]):
    """A list that is written on one line."""


class _Writer(yaml.SafeDumper):
    """Without anchors, which a model file may not have."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whether a value is written out where it stands, as all are."""
        return True


_Writer.add_representer(
    _Lines, lambda writer, text: writer.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
)
_Writer.add_representer(
    _Inline,
    lambda writer, items: writer.represent_sequence("tag:yaml.org,2002:seq", list(items), flow_style=True),
)


def to_yaml(document: Mapping[str, Any], remarks: Sequence[str] = ()) -> str:
    """A model's document as a YAML file: equations as blocks of lines, lists of symbols and of numbers on one line.

    Args:
        document: canonical, or as one writes it.
        remarks: what stands as comments at its head, a line each.
    """
    head = "".join(f"# {_printable(remark)}\n" for remark in remarks)
    content = {key: _laid_out(key, value) for key, value in document.items() if value not in ("", [], {})}
    text: str = yaml.dump(content, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return head + text


def _printable(remark: str) -> str:
    """The remark on one line, with nothing in it that YAML does not take."""
    return "".join(character if character.isprintable() else " " for character in remark)


def _laid_out(key: str, value: Any) -> Any:
    if key == "definitions" and isinstance(value, list):
        return _block(value)
    if key == "equations" and isinstance(value, Mapping):
        return {section: _block(lines) for section, lines in value.items() if lines}
    return _with_inline_lists(value)


def _block(lines: Any) -> Any:
    """Equations one under the other; those that are not plain lines stay as they are."""
    is_plain = isinstance(lines, list) and all(isinstance(line, str) and "\n" not in line for line in lines)
    return _Lines("".join(f"{line}\n" for line in lines)) if is_plain else lines


def _with_inline_lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_inline_lists(one) for key, one in value.items()}
    return _Inline(value) if isinstance(value, list) else value
