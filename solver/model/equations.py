"""The equations of a model file: read, put in order, and checked for who defines what and at which date."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from solver.errors import Fault
from solver.language.order import CircularError, in_order
from solver.language.parser import suggest
from solver.language.tree import (
    Condition,
    Equation,
    Expression,
    Symbol,
    dated,
    symbols_in,
)
from solver.model.complementarity import read_complementarity
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
from solver.model.spec import Complementarity
from solver.model.timing import (
    OLDER_DEFINITIONS,
    OPTIONAL_SECTIONS,
    RULES,
    SECTION_ALIASES,
    SECTIONS,
    Rule,
    symbol_message,
)


@dataclass(frozen=True)
class Equations:
    """The equations of a file.

    Attributes:
        written: as written, by section; of the optional sections, those that the file has.
        kinds: what each declared or defined symbol is: state, control, definition, parameter, …
        definitions: bodies, each after those that it uses.
        transition: right sides in the order of the states.
        arbitrage: residuals.
        complementarity: of each residual, None where it holds everywhere.
        felicity: the reward; None when the file gives none.
        reward: its name.
        assignments: of the optional sections, right sides by section and by the name on the left.
        places: the arbitrage equations, which stand in the file, by their text.
    """

    written: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, str]
    definitions: Mapping[str, Expression]
    transition: tuple[Expression, ...]
    arbitrage: tuple[Expression, ...]
    complementarity: tuple[Complementarity | None, ...]
    felicity: Expression | None
    reward: str | None
    assignments: Mapping[str, Mapping[str, Expression]]
    places: Mapping[str, Statement]


def read_equations(
    entries: Mapping[str, Node], groups: Mapping[str, tuple[str, ...]], faults: FaultList
) -> Equations:
    """Read the sections ``definitions`` and ``equations`` of a document.

    Args:
        entries: the document's sections.
        groups: the declared names by group.
        faults: to which every fault is added.
    """
    nodes = _sections_of(entries, faults)
    blocks = {section: _read_block(section_nodes, faults) for section, section_nodes in nodes.items()}
    kinds = _kinds(groups, blocks)
    blocks = {section: _dated(block, kinds) for section, block in blocks.items()}
    _check_declared(entries.get("symbols"), groups, kinds, faults)
    assigned = {
        section: _by_target(section, blocks[section].statements, kinds, faults)
        for section, rule in RULES.items()
        if rule.target is not None
    }
    transition = _in_state_order(
        assigned["transition"], blocks["transition"], groups["states"], nodes["transition"], faults
    )
    _check_count(blocks["arbitrage"], groups["controls"], nodes["arbitrage"], faults)
    rewards = assigned["felicity"]
    if len(rewards) > 1:
        faults.append(fault_at(nodes["felicity"][0], "a model has one felicity: keep one"))
    for section, block in blocks.items():
        for statement in block.statements:
            faults.extend(_check_symbols(section, statement, kinds))
    definitions = _in_order(assigned["definitions"], faults)
    conditions = read_complementarity(blocks["arbitrage"].statements, kinds, definitions, faults)
    bodies = {section: _bodies(statements) for section, statements in assigned.items()}
    present = [section for section in OPTIONAL_SECTIONS if blocks[section].statements]
    return Equations(
        written={
            section: tuple(statement.text for statement in blocks[section].statements)
            for section in ("definitions", *SECTIONS, *present)
        },
        kinds=kinds,
        definitions=definitions,
        transition=transition,
        arbitrage=tuple(statement.equation.residual for statement in blocks["arbitrage"].statements),
        complementarity=conditions,
        felicity=next(iter(bodies["felicity"].values()), None),
        reward=next(iter(bodies["felicity"]), None),
        assignments={section: bodies[section] for section in present},
        places={statement.text: statement for statement in blocks["arbitrage"].statements},
    )


def _sections_of(entries: Mapping[str, Node], faults: FaultList) -> dict[str, list[Node]]:
    """The nodes of each section: one, or none, or definitions of both dialects."""
    nodes: dict[str, list[Node]] = {section: [] for section in RULES}
    if "definitions" in entries:
        nodes["definitions"].append(entries["definitions"])
    known = (*SECTIONS, *OPTIONAL_SECTIONS, *SECTION_ALIASES, OLDER_DEFINITIONS)
    for key, node in read_table(entries.get("equations"), known, faults).items():
        section = "definitions" if key == OLDER_DEFINITIONS else SECTION_ALIASES.get(key, key)
        if nodes[section] and section != "definitions":
            faults.append(fault_at(node, f"{section} stands here under two names: keep one of them"))
        else:
            nodes[section].append(node)
    return nodes


def _read_block(nodes: Sequence[Node], faults: FaultList) -> Block:
    blocks = [read_statements(node, faults) for node in nodes]
    statements = tuple(statement for block in blocks for statement in block.statements)
    unread = tuple(name for block in blocks for name in block.unread)
    return Block(statements, unread, is_whole=all(block.is_whole for block in blocks))


def _kinds(groups: Mapping[str, tuple[str, ...]], blocks: Mapping[str, Block]) -> dict[str, str]:
    """What each symbol is: as it is declared, or by the section that defines it."""
    kinds = {name: SYMBOL_GROUPS[group] for group, names in groups.items() for name in names}
    for section, rule in RULES.items():
        if rule.is_new and rule.target is not None:
            defined = [_target(statement) for statement in blocks[section].statements]
            for name in (*defined, *blocks[section].unread):
                if name is not None and kinds.get(name, "auxiliary") == "auxiliary":
                    kinds[name] = rule.target
    return kinds


def _target(statement: Statement) -> str | None:
    """The name that a statement defines: ``name[t] = …`` or, in the older dialect, ``name = …``."""
    left, right = statement.equation.left, statement.equation.right
    if right is None or not isinstance(left, Symbol) or left.shift not in (0, None):
        return None
    return left.name


def _dated(block: Block, kinds: Mapping[str, str]) -> Block:
    """The same statements with every variable dated."""
    variables = {name for name, kind in kinds.items() if kind != "parameter"}

    def date(expression: Expression | None) -> Expression | None:
        return None if expression is None else dated(expression, variables)

    def date_equation(equation: Equation) -> Equation:
        condition = equation.condition
        if condition is not None:
            variable = condition.variable
            shift = 0 if variable.shift is None else variable.shift
            variable = dataclasses.replace(variable, shift=shift)
            condition = Condition(date(condition.lower), variable, date(condition.upper))
        return Equation(dated(equation.left, variables), date(equation.right), condition)

    statements = (
        dataclasses.replace(statement, equation=date_equation(statement.equation))
        for statement in block.statements
    )
    return dataclasses.replace(block, statements=tuple(statements))


def _check_declared(
    node: Node | None, groups: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str], faults: FaultList
) -> None:
    if len(kinds) > MAX_SYMBOLS:
        message = f"the model has {len(kinds)} symbols, above {MAX_SYMBOLS}"
        faults.append(fault_in(node, ("symbols",), message))
    for group in ("states", "controls"):
        if not groups[group]:
            faults.append(fault_in(node, ("symbols", group), f"a model needs {group}: name them"))


def _by_target(
    section: str, statements: Sequence[Statement], kinds: Mapping[str, str], faults: FaultList
) -> dict[str, Statement]:
    """The statements ``name[t] = …`` of a section by name."""
    rule, found = RULES[section], dict[str, Statement]()
    for statement in statements:
        name, left = _target(statement), statement.equation.left
        if name is None or not isinstance(left, Symbol):
            faults.append(
                statement.fault(f"an equation of {section} is written {rule.target}[t] = expression")
            )
        elif name in found:
            message = f"{name} is defined twice ({section}): keep one"
            faults.append(statement.fault(message, name, left.column))
        elif problem := _target_message(name, rule, kinds):
            faults.append(statement.fault(problem, name, left.column))
        else:
            found[name] = statement
    return found


def _target_message(name: str, rule: Rule, kinds: Mapping[str, str]) -> str | None:
    """What is wrong with a name on the left, if anything."""
    kind = kinds.get(name)
    if kind == rule.target:
        return check_name(name, set()) if rule.is_new else None
    if rule.is_new:
        return f"{name} is declared as {_a(kind or '')} already: choose another name"
    targets = [known for known, kind in kinds.items() if kind == rule.target]
    group = next(group for group, kind in SYMBOL_GROUPS.items() if kind == rule.target)
    hint = (
        suggest(name, targets) or f"; the {group} are {', '.join(targets)}"
        if targets
        else f": declare it in {group}"
    )
    return f"{name} is not {_a(rule.target or '')}{hint}"


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def _bodies(statements: Mapping[str, Statement]) -> dict[str, Expression]:
    return {
        name: body for name, statement in statements.items() if (body := statement.equation.right) is not None
    }


def _in_order(defined: Mapping[str, Statement], faults: FaultList) -> dict[str, Expression]:
    bodies = _bodies(defined)
    try:
        return in_order(bodies)
    except CircularError as error:
        name = error.circle[0]
        faults.append(defined[name].fault(f"definitions in a circle: {error}", name))
        return bodies


def _in_state_order(
    found: Mapping[str, Statement],
    block: Block,
    states: tuple[str, ...],
    nodes: Sequence[Node],
    faults: FaultList,
) -> tuple[Expression, ...]:
    """The right sides of the transition in the order of the states."""
    missing = [state for state in states if state not in found] if block.is_whole else []
    for state in missing:
        message = f"the state {state} has no transition: add {state}[t] = …"
        faults.append(fault_in(nodes[0] if nodes else None, ("equations", "transition"), message, state))
    bodies = _bodies(found)
    return tuple(bodies[state] for state in states if state in bodies)


def _check_count(block: Block, controls: tuple[str, ...], nodes: Sequence[Node], faults: FaultList) -> None:
    """As many equations as unknowns, unless some could not be read."""
    if block.is_whole and len(block.statements) != len(controls):
        message = (
            f"{len(block.statements)} arbitrage equation(s) for {len(controls)} control(s) "
            f"({', '.join(controls)}): give one equation for each control"
        )
        faults.append(fault_in(nodes[0] if nodes else None, ("equations", "arbitrage"), message))


def _check_symbols(section: str, statement: Statement, kinds: Mapping[str, str]) -> Iterator[Fault]:
    """Faults of unknown symbols and wrong dates; what a statement defines, on its left, is checked elsewhere."""
    left, right, condition = statement.equation.left, statement.equation.right, statement.equation.condition
    sides = [left] if right is None else [right]
    if section == "arbitrage" and right is not None:
        sides = [left, right]
    elif section != "arbitrage" and condition is not None:
        message = "a complementarity condition stands only in the arbitrage equations: leave it out here"
        yield statement.fault(message, condition.variable.name, condition.variable.column)
    for symbol in dict.fromkeys(symbol for side in sides for symbol in symbols_in(side)):
        if problem := symbol_message(section, symbol, kinds):
            yield statement.fault(problem, symbol.name, symbol.column)
