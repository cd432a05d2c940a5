"""The section ``exogenous`` of a model file: the laws of the exogenous variables.

A law is a tag of YAML with its entries, ``!VAR1 {rho: 0.9, Sigma: [[s^2]]}``, or the same without a tag, as JSON needs it,
``{VAR1: {rho: 0.9, Sigma: [[s^2]]}}``. The section is one law of all variables, a list of laws (with or without
``!Product``) that take the variables in turn, or a mapping from names, ``r, w``, to laws. Entries are expressions of
parameters:

========================  ==============================================================================
``Normal``, ``UNormal``   ``Sigma`` (covariance) or ``sigma`` (standard deviation), ``mu``
``VAR1``, ``AR1``         ``rho`` (a matrix, or its diagonal), ``Sigma`` or ``sigma`` of the innovations, ``mu``
``MarkovChain``           ``values`` (a row for each regime), ``transitions`` (likewise)
``ConstantProcess``       ``mu`` or ``values``
``Mixture``               ``distributions``, and ``weights`` or ``index: !Bernoulli {pi: …}`` (of the second)
========================  ==============================================================================

Source: dolo's shocks. There the ``sigma`` of an ``AR1`` is a variance, undocumented; here it is a standard deviation
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from solver.errors import Fault
from solver.language.parser import suggest
from solver.language.tree import Expression
from solver.model.calibration_section import names_following
from solver.model.exogenous import Block
from solver.model.law_reader import LAW_NAMES, LawReader, dimension
from solver.model.node import FaultList, Node, Table, fault_at, nodes_below

#: Tags of dolo's options, which are read by nobody.
_OPTION_TAGS = (
    "Cartesian",
    "CartesianGrid",
    "NonUniformCartesian",
    "NonUniformCartesianGrid",
    "Smolyak",
    "SmolyakGrid",
)


def check_tags(root: Node, faults: FaultList) -> None:
    """Faults of tags that are unknown, or stand outside the sections that have some."""
    allowed = {"exogenous": LAW_NAMES, "options": (*LAW_NAMES, *_OPTION_TAGS)}
    for node in nodes_below(root):
        if node.tag is None:
            continue
        known = allowed.get(str(node.pointer[0]) if node.pointer else "", ())
        name, tag = node.tag.removeprefix("!"), node.tag[:60]
        if not known:
            faults.append(fault_at(node, f"the tag {tag} cannot stand here: leave it out", tag))
        elif name not in known or name == node.tag:
            near = (
                f"; write !{name[:-1]}, without the colon"
                if name.removesuffix(":") in known
                else suggest(name, known)
            )
            hint = near or f"; the laws are {', '.join(LAW_NAMES)}"
            faults.append(fault_at(node, f"the tag {tag} is not read{hint}", tag))


def read_exogenous(
    node: Node | None,
    names: tuple[str, ...],
    known: Mapping[str, object],
    calibration: Mapping[str, Expression],
    faults: FaultList,
) -> tuple[Block, ...]:
    """The laws of the exogenous variables, in their order.

    Args:
        node: the section.
        names: the exogenous variables.
        known: what has a value at the steady state.
        calibration: the calibrated expressions and the definitions, undated, each after those that it uses.
        faults: to which every fault is added.
    """
    if node is None:
        if names:
            hint = "add exogenous, e.g. !UNormal {sigma: 0.01}"
            message = f"the exogenous variables {', '.join(names)} have no law: {hint}"
            faults.append(Fault(("exogenous",), message, symbol=names[0]))
        return ()
    following = dict(zip(names, names, strict=True)) | names_following(names, calibration)
    reader = LawReader(known, following, faults)
    assigned = _by_names(node, names, faults) if _is_mapping(node, names) else [(node, names)]
    blocks = [block for part, owned in assigned for block in _blocks(part, owned, reader, faults)]
    found = [name for block in blocks for name in block.names]
    if len(found) == len(names) and tuple(found) != names and set(found) == set(names):
        blocks.sort(key=lambda block: names.index(block.names[0]))
        order = tuple(name for block in blocks for name in block.names)
        if order != names:
            message = f"the laws take the exogenous variables in another order: declare exogenous: [{', '.join(order)}]"
            faults.append(fault_at(node, message, symbol=names[0]))
    return tuple(blocks)


def _blocks(node: Node, names: Sequence[str], reader: LawReader, faults: FaultList) -> list[Block]:
    """The laws of a node, each with as many of the names, in turn, as it has variables."""
    laws = reader.laws(node)
    if laws is None:
        return []
    sizes = [dimension(law) for law in laws]
    if sum(sizes) != len(names):
        message = (
            f"this is the law of {sum(sizes)} variable(s), and stands for {len(names)} ({', '.join(names)})"
        )
        faults.append(fault_at(node, message))
        return []
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [
        Block(tuple(names[start : start + size]), law)
        for start, size, law in zip(starts, sizes, laws, strict=True)
    ]


def _is_mapping(node: Node, names: tuple[str, ...]) -> bool:
    """Whether the section maps names to laws: otherwise it is a law, or a list of laws, itself."""
    if not isinstance(node, Table) or node.tag is not None:
        return False
    return len(node.entries) != 1 or not set(node.entries) <= {*LAW_NAMES} or set(node.entries) <= {*names}


def _by_names(
    node: Node, names: tuple[str, ...], faults: FaultList
) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """The laws of a mapping with the names that they are of."""
    assert isinstance(node, Table)
    seen: set[str] = set()
    for key, entry in node.entries.items():
        owned = tuple(name.strip() for name in key.strip().removeprefix("(").removesuffix(")").split(","))
        for name in owned:
            if name not in names:
                hint = suggest(name, (*names, *LAW_NAMES)) or f"; they are {', '.join(names) or 'none'}"
                faults.append(
                    fault_at(entry, f"{name[:40]!r} is not an exogenous variable{hint}", symbol=name)
                )
            elif name in seen:
                faults.append(fault_at(entry, f"{name} has two laws: keep one", symbol=name))
            seen.add(name)
        yield entry, owned
    for name in names:
        if name not in seen:
            faults.append(
                fault_at(node, f"the exogenous variable {name} has no law: add {name}: …", symbol=name)
            )
