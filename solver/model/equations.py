"""The equations of a model file: read, put in order, and checked for who defines what and at which date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.errors import Fault
from solver.language.order import CircularError, in_order
from solver.language.parser import suggest
from solver.language.tree import Expression, Symbol, symbols_in
from solver.model.node import Node, fault_at
from solver.model.sections import SYMBOL_GROUPS, Statement, check_name, read_statements, read_table

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
    entries: Mapping[str, Node], groups: Mapping[str, tuple[str, ...]], faults: list[Fault]
) -> Equations:
    """Read the sections ``definitions`` and ``equations`` of a document.

    Args:
        entries: the document's sections.
        groups: the declared names by group.
        faults: to which every fault is added.
    """
    nodes = read_table(entries.get("equations"), SECTIONS, faults)
    definitions = read_statements(entries.get("definitions"), faults)
    lines = {section: read_statements(nodes.get(section), faults) for section in SECTIONS}
    kinds = {name: SYMBOL_GROUPS[group] for group, names in groups.items() for name in names}
    defined = _by_name("definitions", definitions, kinds, faults)
    kinds |= dict.fromkeys(defined, "definition")
    rewards = _by_name("felicity", lines["felicity"], kinds, faults)
    if len(rewards) > 1:
        faults.append(fault_at(nodes["felicity"], "a model has one felicity: keep one"))
    transition = _by_state(lines["transition"], groups["states"], nodes, faults)
    _check_arbitrage(lines["arbitrage"], groups["controls"], nodes, faults)
    for section, statements in {"definitions": definitions, **lines}.items():
        for statement in statements:
            faults.extend(_check_symbols(section, statement, kinds))
    return Equations(
        written={
            section: tuple(statement.text for statement in statements)
            for section, statements in {"definitions": definitions, **lines}.items()
        },
        kinds=kinds,
        definitions=_in_order(defined, faults),
        transition=transition,
        arbitrage=tuple(statement.equation.residual for statement in lines["arbitrage"]),
        felicity=next((statement.equation.right for statement in rewards.values()), None),
    )


def _by_name(
    section: str, statements: Sequence[Statement], kinds: Mapping[str, str], faults: list[Fault]
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


def _in_order(defined: Mapping[str, Statement], faults: list[Fault]) -> dict[str, Expression]:
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
    statements: Sequence[Statement], states: tuple[str, ...], nodes: Mapping[str, Node], faults: list[Fault]
) -> tuple[Expression, ...]:
    """The right sides ``state[t] = …`` in the order of the states."""
    found: dict[str, Expression] = {}
    for statement in statements:
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
    for state in states:
        if state not in found:
            message = f"the state {state} has no transition: add {state}[t] = …"
            faults.append(_section_fault(nodes, "transition", message, state))
    return tuple(found[state] for state in states if state in found)


def _check_arbitrage(
    statements: Sequence[Statement], controls: tuple[str, ...], nodes: Mapping[str, Node], faults: list[Fault]
) -> None:
    if len(statements) != len(controls):
        message = (
            f"{len(statements)} arbitrage equations for {len(controls)} controls ({', '.join(controls)}): "
            "give one equation for each control"
        )
        faults.append(_section_fault(nodes, "arbitrage", message))


def _section_fault(nodes: Mapping[str, Node], section: str, message: str, symbol: str | None = None) -> Fault:
    if section in nodes:
        return fault_at(nodes[section], message, symbol)
    return Fault(("equations", section), message, symbol=symbol)


def _check_symbols(section: str, statement: Statement, kinds: Mapping[str, str]) -> list[Fault]:
    """Faults of unknown symbols and wrong dates; what a statement defines, on its left, is checked elsewhere."""
    left, right = statement.equation.left, statement.equation.right
    sides = [left] if right is None else [right]
    if section == "arbitrage" and right is not None:
        sides = [left, right]
    faults = []
    for symbol in dict.fromkeys(symbol for side in sides for symbol in symbols_in(side)):
        if message := _symbol_message(section, symbol, kinds):
            faults.append(statement.fault(message, symbol.name, symbol.column))
    return faults


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
    return f"{name} is a {kind}: write {allowed} here ({section}), not {_dated(name, symbol.shift)}"


def _dated(name: str, shift: int | None) -> str:
    if shift is None:
        return name
    return f"{name}[t{shift:+d}]" if shift else f"{name}[t]"
