"""The equations of a model file: read, put in order, and checked for who defines what and at which date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from solver.errors import Fault
from solver.language.order import CircularError, in_order
from solver.language.parser import suggest
from solver.language.tree import Expression, Symbol, symbols_in
from solver.model.node import FaultList, Node, fault_at, fault_in
from solver.model.sections import (
    MAX_SYMBOLS,
    SYMBOL_GROUPS,
    Block,
    Statement,
    check_name,
    read_statements,
    read_table,
)

SECTIONS = ("transition", "arbitrage", "felicity")

#: The dates at which variables may stand in each section, on the right or in a lone expression.
_DATES: Mapping[str, tuple[int, ...]] = {
    "definitions": (0,),
    "transition": (-1,),
    "arbitrage": (0, 1),
    "felicity": (0,),
}


@dataclass(frozen=True)
class Equations:
    """The equations of a file.

    Attributes:
        written: as written, by section.
        kinds: what each declared or defined symbol is: state, control, definition, parameter or exogenous.
        definitions: bodies, each after those that it uses.
        transition: right sides in the order of the states.
        arbitrage: residuals.
        felicity: the reward; None when the file gives none.
    """

    written: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, str]
    definitions: Mapping[str, Expression]
    transition: tuple[Expression, ...]
    arbitrage: tuple[Expression, ...]
    felicity: Expression | None


def read_equations(
    entries: Mapping[str, Node], groups: Mapping[str, tuple[str, ...]], faults: FaultList
) -> Equations:
    """Read the sections ``definitions`` and ``equations`` of a document.

    Args:
        entries: the document's sections.
        groups: the declared names by group.
        faults: to which every fault is added.
    """
    nodes = read_table(entries.get("equations"), SECTIONS, faults)
    if "definitions" in entries:
        nodes["definitions"] = entries["definitions"]
    blocks = {section: read_statements(nodes.get(section), faults) for section in ("definitions", *SECTIONS)}
    kinds = {name: SYMBOL_GROUPS[group] for group, names in groups.items() for name in names}
    defined = _by_name("definitions", blocks["definitions"].statements, kinds, faults)
    kinds |= dict.fromkeys(defined, "definition")
    if len(kinds) > MAX_SYMBOLS:
        message = f"the model has {len(kinds)} symbols, above {MAX_SYMBOLS}"
        faults.append(fault_in(entries.get("symbols"), ("symbols",), message))
    for group in ("states", "controls"):
        if not groups[group]:
            faults.append(
                fault_in(entries.get("symbols"), ("symbols", group), f"a model needs {group}: name them")
            )
    rewards = _by_name("felicity", blocks["felicity"].statements, kinds, faults)
    if len(rewards) > 1:
        faults.append(fault_at(nodes["felicity"], "a model has one felicity: keep one"))
    transition = _by_state(blocks["transition"], groups["states"], nodes.get("transition"), faults)
    _check_count(blocks["arbitrage"], groups["controls"], nodes.get("arbitrage"), faults)
    for section, block in blocks.items():
        for statement in block.statements:
            faults.extend(_check_symbols(section, statement, kinds))
    return Equations(
        written={
            section: tuple(statement.text for statement in block.statements)
            for section, block in blocks.items()
        },
        kinds=kinds,
        definitions=_in_order(defined, faults),
        transition=transition,
        arbitrage=tuple(statement.equation.residual for statement in blocks["arbitrage"].statements),
        felicity=next((statement.equation.right for statement in rewards.values()), None),
    )


def _by_name(
    section: str, statements: Sequence[Statement], kinds: Mapping[str, str], faults: FaultList
) -> dict[str, Statement]:
    """The statements ``name[t] = …`` that define new names."""
    defined: dict[str, Statement] = {}
    for statement in statements:
        left = statement.equation.left
        if statement.equation.right is None or not isinstance(left, Symbol) or left.shift != 0:
            faults.append(statement.fault(f"{section} are written name[t] = expression"))
        elif message := check_name(left.name, {*kinds, *defined}):
            faults.append(statement.fault(message, left.name, left.column))
        else:
            defined[left.name] = statement
    return defined


def _in_order(defined: Mapping[str, Statement], faults: FaultList) -> dict[str, Expression]:
    bodies = {
        name: body for name, statement in defined.items() if (body := statement.equation.right) is not None
    }
    try:
        return in_order(bodies)
    except CircularError as error:
        name = error.circle[0]
        faults.append(defined[name].fault(f"definitions in a circle: {error}", name))
        return bodies


def _by_state(
    block: Block, states: tuple[str, ...], node: Node | None, faults: FaultList
) -> tuple[Expression, ...]:
    """The right sides ``state[t] = …`` in the order of the states."""
    found: dict[str, Expression] = {}
    for statement in block.statements:
        left, right = statement.equation.left, statement.equation.right
        if right is None or not isinstance(left, Symbol) or left.shift != 0:
            faults.append(statement.fault("a transition is written state[t] = expression of [t-1]"))
        elif left.name not in states:
            hint = suggest(left.name, states) or f"; the states are {', '.join(states)}"
            faults.append(statement.fault(f"{left.name} is not a state{hint}", left.name, left.column))
        elif left.name in found:
            message = f"the state {left.name} has two transitions: keep one"
            faults.append(statement.fault(message, left.name, left.column))
        else:
            found[left.name] = right
    missing = [state for state in states if state not in found] if block.is_whole else []
    for state in missing:
        message = f"the state {state} has no transition: add {state}[t] = …"
        faults.append(fault_in(node, ("equations", "transition"), message, state))
    return tuple(found[state] for state in states if state in found)


def _check_count(block: Block, controls: tuple[str, ...], node: Node | None, faults: FaultList) -> None:
    """As many equations as unknowns, unless some could not be read."""
    if block.is_whole and len(block.statements) != len(controls):
        message = (
            f"{len(block.statements)} arbitrage equation(s) for {len(controls)} control(s) "
            f"({', '.join(controls)}): give one equation for each control"
        )
        faults.append(fault_in(node, ("equations", "arbitrage"), message))


def _check_symbols(section: str, statement: Statement, kinds: Mapping[str, str]) -> Iterator[Fault]:
    """Faults of unknown symbols and wrong dates; what a statement defines, on its left, is checked elsewhere."""
    left, right = statement.equation.left, statement.equation.right
    sides = [left] if right is None else [right]
    if section == "arbitrage" and right is not None:
        sides = [left, right]
    for symbol in dict.fromkeys(symbol for side in sides for symbol in symbols_in(side)):
        if message := _symbol_message(section, symbol, kinds):
            yield statement.fault(message, symbol.name, symbol.column)


def _symbol_message(section: str, symbol: Symbol, kinds: Mapping[str, str]) -> str | None:
    kind, name = kinds.get(symbol.name), symbol.name
    if kind is None:
        return f"{name} is not declared{suggest(name, kinds) or ': declare it or define it'}"
    if kind == "parameter":
        return None if symbol.shift is None else f"{name} is a parameter and has no date: write {name}"
    dates = _DATES[section]
    if symbol.shift in dates:
        return None
    allowed = " or ".join(_dated(name, date) for date in dates)
    return f"write {allowed} for the {kind} {name} here ({section}), not {_dated(name, symbol.shift)}"


def _dated(name: str, shift: int | None) -> str:
    if shift is None:
        return name
    return f"{name}[t{shift:+d}]" if shift else f"{name}[t]"
