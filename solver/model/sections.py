"""The sections of a model file, read one by one into plain parts; faults are collected, not raised."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from solver.errors import Fault, ModelError
from solver.language.parser import parse_equation, parse_expression, suggest
from solver.language.tree import FUNCTIONS, INFINITY, Equation, Expression
from solver.model.node import FaultList, Items, Line, Node, Scalar, Table, fault_at
from solver.model.spec import SymbolInfo

MAX_SYMBOLS = 500
MAX_EQUATIONS = 1_000
#: The groups of declared symbols, and what a member of each is. No solution needs those after the parameters: they are
#: names for what dolo's other sections define.
SYMBOL_GROUPS = {
    "states": "state",
    "controls": "control",
    "exogenous": "exogenous variable",
    "parameters": "parameter",
    "values": "value",
    "rewards": "reward",
    "expectations": "expectation",
    "poststates": "post-decision state",
    "auxiliaries": "auxiliary",
}
#: Most members of a group, where there is a limit tighter than MAX_SYMBOLS.
MAX_MEMBERS = {"states": 120, "controls": 60, "exogenous": 60}
#: Other names of groups, in dolo's older files.
_GROUP_ALIASES = {"shocks": "exogenous", "actions": "controls"}
_NAME = re.compile(r"[^\W\d]\w{0,63}")
#: The beginning of ``name = …`` in either dialect.
_TARGET = re.compile(rf"^({_NAME.pattern})(?:\[t\]|\(0\))? *=(?!=)")
_RESERVED = ("t", INFINITY)


@dataclass(frozen=True)
class Statement:
    """An equation of the file: as written, parsed, and where it stands."""

    node: Node
    text: str
    line: Line
    equation: Equation

    def fault(self, message: str, symbol: str | None = None, column: int = 1) -> Fault:
        """A fault at a column, from 1, of the statement."""
        return _locate(Fault((), message, self.text, symbol, None, column), self.node, self.line)


@dataclass(frozen=True)
class Block:
    """The equations of a section.

    Attributes:
        statements: those that could be read.
        unread: the names that others seem to define.
        is_whole: whether there are no others.
    """

    statements: tuple[Statement, ...]
    unread: tuple[str, ...]
    is_whole: bool


def _locate(fault: Fault, node: Node, line: Line) -> Fault:
    """Move a fault whose column counts within one line's text to its place in the file."""
    column = None if line.column is None else line.column + (fault.column or 1) - 1
    return dataclasses.replace(fault, pointer=node.pointer, line=line.line, column=column)


def read_text(node: Node | None, faults: FaultList) -> str:
    """A text; empty when there is none."""
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        faults.append(fault_at(node, "a text is expected here"))
        return ""
    return node.text


def read_table(node: Node | None, known: tuple[str, ...] | None, faults: FaultList) -> dict[str, Node]:
    """The entries of a table; empty when there is none. Keys outside ``known`` are faults, unless it is None."""
    if node is None:
        return {}
    if not isinstance(node, Table):
        faults.append(fault_at(node, "a mapping of names is expected here"))
        return {}
    for key, place in node.keys.items():
        if known is not None and key not in known:
            hint = suggest(key, known) or f"; the keys are {', '.join(known)}"
            message = f"{key[:40]} is not read here by this version{hint}"
            faults.append(
                Fault((*node.pointer, key), message, symbol=key, line=place.line, column=place.column)
            )
    return {key: entry for key, entry in node.entries.items() if known is None or key in known}


def read_symbols(node: Node | None, faults: FaultList) -> dict[str, tuple[str, ...]]:
    """The declared names by group, each of them once."""
    groups: dict[str, tuple[str, ...]] = dict.fromkeys(SYMBOL_GROUPS, ())
    seen: set[str] = set()
    for key, entry in read_table(node, (*SYMBOL_GROUPS, *_GROUP_ALIASES), faults).items():
        group = _GROUP_ALIASES.get(key, key)
        if groups[group]:
            faults.append(fault_at(entry, f"{group} stands here under two names: keep one of them"))
        elif not isinstance(entry, Items):
            faults.append(fault_at(entry, f"{key} is a list of names"))
        else:
            groups[group] = _read_names(entry, seen, faults)
            most = MAX_MEMBERS.get(group, MAX_SYMBOLS)
            if len(groups[group]) > most:
                faults.append(fault_at(entry, f"the model has {len(groups[group])} {group}, above {most}"))
    return groups


def _read_names(node: Items, seen: set[str], faults: FaultList) -> tuple[str, ...]:
    """New names, which are then seen."""
    names = []
    for item in node.items:
        name = read_text(item, faults)
        message = check_name(name, seen)
        if message:
            faults.append(fault_at(item, message, symbol=name))
        else:
            names.append(name)
            seen.add(name)
    return tuple(names)


def check_name(name: str, taken: set[str]) -> str | None:
    """What is wrong with a new symbol's name, if anything."""
    if not _NAME.fullmatch(name):
        return f"{name[:40]!r} is not a name: use at most 64 letters, digits and _, beginning with a letter"
    if name in FUNCTIONS or name in _RESERVED:
        return f"{name} is a word of the language: choose another name"
    if name in taken:
        return f"{name} is declared twice: keep one"
    return None


def read_statements(node: Node | None, faults: FaultList) -> Block:
    """The equations of a block of lines, of a list, or of a mapping from left sides to right sides."""
    statements: list[Statement] = []
    unread: list[str] = []
    n_faults = len(faults)
    for entry, line in _lines_of(node, faults):
        if len(statements) == MAX_EQUATIONS:
            message = f"the section has more than {MAX_EQUATIONS} equations: take fewer"
            faults.append(_locate(Fault((), message), entry, line))
            break
        try:
            statements.append(Statement(entry, _display(line.text), line, parse_equation(line.text)))
        except ModelError as error:
            faults.append(_locate(error.faults[0], entry, line))
            unread.extend(_TARGET.findall(line.text))
    return Block(tuple(statements), tuple(unread), is_whole=len(faults) == n_faults)


def read_expression(node: Node, faults: FaultList) -> Expression | None:
    """One expression; None, with a fault, where it cannot be read."""
    if not isinstance(node, Scalar):
        faults.append(fault_at(node, "an expression is expected here"))
        return None
    lines = node.statements or node.lines[:1]
    line = Line(" ".join(line.text for line in lines), lines[0].line, lines[0].column)
    try:
        return parse_expression(line.text)
    except ModelError as error:
        faults.append(_locate(error.faults[0], node, line))
        return None


def read_symbol_info(
    node: Node | None, names: tuple[str, ...], faults: FaultList, bounded: tuple[str, ...], *, is_finite: bool
) -> dict[str, SymbolInfo]:
    """What a file says about its symbols, for those of ``names`` that it describes.

    Args:
        node: the section.
        names: which may be described.
        faults: to which every fault is added.
        bounded: those of ``names`` that may have bounds.
        is_finite: whether bounds must be finite.
    """
    symbols = {}
    for name, entry in read_table(node, names, faults).items():
        entries = read_table(entry, ("description", "symbol", "bounds"), faults)
        bounds = entries.get("bounds")
        if bounds is not None and name not in bounded:
            message = f"{name} is not a control, and only these have bounds here: give it a domain instead"
            faults.append(fault_at(bounds, message, symbol=name))
            bounds = None
        symbols[name] = SymbolInfo(
            description=read_text(entries.get("description"), faults) or None,
            symbol=read_text(entries.get("symbol"), faults) or None,
            bounds=_read_bounds(bounds, faults, is_finite=is_finite),
        )
    return symbols


def _read_bounds(node: Node | None, faults: FaultList, *, is_finite: bool) -> tuple[float, float] | None:
    if node is None:
        return None
    try:
        pair = node.items if isinstance(node, Items) else ()
        lower, upper = (float(item.text if isinstance(item, Scalar) else "") for item in pair)
    except ValueError:
        lower = upper = math.nan
    if lower <= upper if is_finite else lower < upper:
        n_finite = math.isfinite(lower) + math.isfinite(upper)
        if n_finite == 2 or (n_finite == 1 and not is_finite):
            return lower, upper
    message = (
        "bounds are two finite numbers, [lower, upper], with lower <= upper"
        if is_finite
        else "bounds of a control are two numbers, [lower, upper], with lower < upper; one of them may be -inf or inf"
    )
    faults.append(fault_at(node, message))
    return None


def _lines_of(node: Node | None, faults: FaultList) -> Iterator[tuple[Node, Line]]:
    """Every equation's text with its place; blank lines and comments are left out."""
    if isinstance(node, Scalar):
        for line in node.statements:
            yield node, line
    elif isinstance(node, Items):
        for item in node.items:
            if isinstance(item, Scalar):
                yield from _lines_of(item, faults)
            else:
                faults.append(fault_at(item, "an equation is expected here"))
    elif isinstance(node, Table):
        for key, entry in node.entries.items():
            if isinstance(entry, Scalar):
                yield entry, _joined(node.keys[key], entry)
            else:
                faults.append(fault_at(entry, "an expression is expected here", symbol=key))


def _joined(key: Line, value: Scalar) -> Line:
    """``y[t]: …`` as the equation ``y[t] = …``, on one line of the file with every character in its column."""
    start, text = value.lines[0], " ".join(value.text.split("\n"))
    gap = 0
    if key.column is not None and start.column is not None and key.line == start.line:
        gap = start.column - key.column - len(key.text)
    return Line(f"{key.text}{'='.ljust(gap)}{text}", key.line, key.column)


def _display(text: str) -> str:
    """One spelling of blanks: single ones, and one on either side of the equals sign."""
    return " ".join(re.sub(r"(?<![<=])=(?!=)", " = ", text).split())
