"""The sections ``calibration`` and ``domain`` of a model file: undated expressions of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from solver.errors import Fault
from solver.language.order import CircularError, in_order
from solver.language.parser import suggest
from solver.language.tree import Expression, symbols_in, undated
from solver.model.exogenous import Block, mean_of
from solver.model.node import FaultList, Items, Node, Table, fault_at, fault_in
from solver.model.sections import MAX_SYMBOLS, check_name, read_expression, read_table


def read_calibration(
    node: Node | None, required: Mapping[str, str], faults: FaultList
) -> dict[str, Expression]:
    """The calibrated expressions by name, in the order of the file.

    Args:
        node: the section.
        required: names that must be calibrated, and what they are.
        faults: to which every fault is added.
    """
    entries = read_table(node, None, faults)
    if node is not None and len(entries) > MAX_SYMBOLS:
        faults.append(fault_at(node, f"{len(entries)} names are calibrated, above {MAX_SYMBOLS}"))
    for name, entry in entries.items():
        message = check_name(name, set())
        if message:
            faults.append(fault_at(entry, message, symbol=name))
    for name, kind in required.items():
        if name not in entries:
            message = f"the {kind} {name} is not calibrated: give it a value or an expression"
            faults.append(fault_in(node, ("calibration",), message, name))
    return _expressions(entries, faults)


def known_names(node: Node | None, others: Iterable[str]) -> dict[str, None]:
    """What has a value at the steady state: what is calibrated, and others.

    A calibrated name counts even where its own expression could not be read, which is a fault already.
    """
    return dict.fromkeys((*(node.entries if isinstance(node, Table) else ()), *others))


def order_calibration(
    node: Node | None,
    calibrated: Mapping[str, Expression],
    definitions: Mapping[str, Expression],
    known: Mapping[str, object],
    faults: FaultList,
) -> dict[str, Expression]:
    """What is calibrated, then definitions that are not, each after those that it uses.

    Faults are unknown or dated symbols and circles.
    """
    names = {name: undated(body) for name, body in definitions.items()} | dict(calibrated)
    n_faults = len(faults)
    for name, expression in calibrated.items():
        if isinstance(node, Table):
            faults.extend(_symbol_faults(node.entries[name], expression, known))
    if len(faults) > n_faults:
        return names
    try:
        return in_order(names)
    except CircularError as error:
        culprit = next((name for name in error.circle if name in calibrated), None)
        if culprit and isinstance(node, Table):  # a circle of definitions alone is a fault of theirs
            message = f"the calibration runs in a circle: {error}; give one of these a value"
            faults.append(fault_at(node.entries[culprit], message, culprit))
        return names


def add_means(
    node: Node | None,
    calibration: Mapping[str, Expression],
    exogenous: Sequence[Block],
    required: Mapping[str, str],
    faults: FaultList,
) -> dict[str, Expression]:
    """The ordered calibration with the means of those exogenous variables that the file does not calibrate.

    Args:
        node: the section.
        calibration: what :func:`order_calibration` gave.
        exogenous: the laws.
        required: names that must have a value, and what they are.
        faults: to which are added values that depend on a Markov chain's variable that is not calibrated.
    """
    means: dict[str, Expression] = {}
    unknown: dict[str, str] = {}
    for block in exogenous:
        found = mean_of(block.law) or (None,) * len(block.names)
        for name, mean in zip(block.names, found, strict=True):
            if name not in calibration and mean is None:
                unknown[name] = name
            elif name not in calibration and mean is not None:
                means[name] = mean
    following = unknown | names_following(unknown, calibration)
    variables = [name for block in exogenous for name in block.names]
    for name in (*required, *variables):
        if name in following and isinstance(node, Table) and name in node.entries:
            message = (
                f"{name} depends on {following[name]}, which follows a Markov chain and is not calibrated: give "
                f"{following[name]} a value, its mean for instance"
            )
            faults.append(fault_at(node.entries[name], message, symbol=following[name]))
    try:
        return in_order({**calibration, **means})
    except CircularError:  # which is a fault already
        return dict(calibration)


def names_following(variables: Iterable[str], calibration: Mapping[str, Expression]) -> dict[str, str]:
    """What an ordered calibration derives from some variables, directly or not, each with one of these."""
    found = {name: name for name in variables}
    following = {}
    for name, body in calibration.items():
        for symbol in symbols_in(body):
            if symbol.name in found and name not in found:
                found[name] = following[name] = found[symbol.name]
    return following


def read_domain(
    node: Node | None, names: tuple[str, ...], known: Mapping[str, object], faults: FaultList
) -> dict[str, tuple[Expression, Expression]]:
    """The bounds of those of ``names`` for which the file gives some, in the order of the names.

    Args:
        node: the section.
        names: the states and the exogenous variables.
        known: what has a value at the steady state.
        faults: to which every fault is added.
    """
    entries = read_table(node, None, faults)
    domain = {}
    for name, entry in entries.items():
        if name not in names:
            hint = suggest(name, names) or f"; they are {', '.join(names)}"
            message = f"{name[:40]} is neither a state nor an exogenous variable{hint}"
            faults.append(fault_at(entry, message, symbol=name))
        elif not isinstance(entry, Items) or len(entry.items) != 2:
            faults.append(fault_at(entry, f"the domain of {name} is [lower, upper]", symbol=name))
        else:
            bounds = [read_undated(item, known, faults) for item in entry.items]
            if bounds[0] is not None and bounds[1] is not None:
                domain[name] = bounds[0], bounds[1]
    return {name: domain[name] for name in names if name in domain}


def read_undated(node: Node, known: Mapping[str, object], faults: FaultList) -> Expression | None:
    """One expression of symbols without dates; None, with a fault, where it cannot be read.

    Args:
        node: the expression.
        known: the symbols that may stand in it.
        faults: to which every fault is added.
    """
    expression = read_expression(node, faults)
    if expression is not None:
        faults.extend(_symbol_faults(node, expression, known))
    return expression


def _expressions(entries: Mapping[str, Node], faults: FaultList) -> dict[str, Expression]:
    read = {name: read_expression(entry, faults) for name, entry in entries.items()}
    return {name: expression for name, expression in read.items() if expression is not None}


def _symbol_faults(node: Node, expression: Expression, known: Mapping[str, object]) -> Iterator[Fault]:
    for symbol in dict.fromkeys(symbols_in(expression)):
        if symbol.shift is not None:
            message = f"a calibration has no dates: write {symbol.name}, not {symbol.name}[…]"
        elif symbol.name not in known:
            hint = suggest(symbol.name, known) or ": give it a value"
            message = f"{symbol.name} is not calibrated{hint}"
        else:
            continue
        yield fault_at(node, message, symbol=symbol.name, column=symbol.column)
