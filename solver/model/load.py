"""The reader of model files: a document in, a checked model or all its faults out.

Built-in models and those that users send take this one path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.errors import CalibrationError, Fault, ModelError
from solver.language.tree import Expression
from solver.model.calibration_section import (
    add_means,
    known_names,
    order_calibration,
    read_calibration,
    read_domain,
)
from solver.model.canonical import canonical_exogenous, canonical_expression, canonical_info, hash_of
from solver.model.domain import check_domain, check_natural_domains, file_domain
from solver.model.equations import Equations, read_equations
from solver.model.exogenous import Block, regimes_of
from solver.model.exogenous_section import check_tags, read_exogenous
from solver.model.node import MAX_FAULTS, FaultList, Node, Table, fault_at, fault_in, node_from_object
from solver.model.sections import Statement, read_symbol_info, read_symbols, read_table, read_text
from solver.model.spec import Model, SymbolInfo, Trees
from solver.model.state_space import REGIME
from solver.model.steady_state import find_steady_state
from solver.model.yaml_text import node_from_yaml

MAX_NAME_LENGTH = 100
_TEXTS = ("name", "title", "source")
_SECTIONS = (
    *("symbols", "definitions", "equations", "calibration", "exogenous", "domain", "parameters", "variables"),
)
#: Keys of dolo's files that say nothing about the model.
_IGNORED = ("options", "model_type", "model_spec", "infos", "filename")
#: What dolo calls a model whose file does not name it.
_NAMELESS = "anonymous"


def load_model(text: str | bytes) -> Model:
    """Read a model file, YAML or JSON.

    Raises:
        ModelError: every fault found, with equation, symbol, line and column where there are such.
    """
    faults = FaultList()
    return _load(node_from_yaml(text, faults), faults)


def model_from_document(document: Mapping[str, Any]) -> Model:
    """Read a model that is parsed already: mappings, lists, texts and numbers.

    Raises:
        ModelError: every fault found; lines and columns are unknown.
    """
    faults = FaultList()
    return _load(node_from_object(document, faults), faults)


def _load(root: Node, faults: FaultList) -> Model:
    """The model in a document: each section adds its faults, and only a faultless one is checked as a whole."""
    entries = read_table(root, (*_TEXTS, *_SECTIONS, *_IGNORED), faults)
    check_tags(root, faults)
    model, places = _read(entries, faults)
    _check_default_calibration(model, entries, places)
    return model


def _read(entries: Mapping[str, Node], faults: FaultList) -> tuple[Model, Mapping[str, Statement]]:
    """The model in the sections of a document, and the places of its arbitrage equations.

    Raises:
        ModelError: all faults found.
    """
    groups = read_symbols(entries.get("symbols"), faults)
    equations = read_equations(entries, groups, faults)
    calibration_node, kinds = entries.get("calibration"), equations.kinds
    required = {name: kind for name, kind in kinds.items() if kind in ("parameter", "state", "control")}
    calibrated = read_calibration(calibration_node, required, faults)
    defined = [name for name, kind in kinds.items() if kind in ("definition", "exogenous variable")]
    known = known_names(calibration_node, defined)
    calibration = order_calibration(calibration_node, calibrated, equations.definitions, known, faults)
    exogenous = read_exogenous(_exogenous_node(entries), groups["exogenous"], known, calibration, faults)
    calibration = add_means(calibration_node, calibration, exogenous, required, faults)
    _check_regime(entries.get("symbols"), kinds, exogenous, faults)
    domain = read_domain(entries.get("domain"), (*groups["states"], *groups["exogenous"]), known, faults)
    symbols = _read_symbol_info(entries, groups, kinds, faults)
    texts = _read_texts(entries, faults)
    if faults:
        raise ModelError(sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
    trees = Trees(
        definitions=equations.definitions,
        transition=equations.transition,
        arbitrage=equations.arbitrage,
        complementarity=equations.complementarity,
        exogenous=exogenous,
        felicity=equations.felicity,
        reward=equations.reward,
        assignments=equations.assignments,
        calibration=calibration,
        domain=domain,
    )
    return _model(texts, groups, symbols, equations, calibrated, trees), equations.places


def _exogenous_node(entries: Mapping[str, Node]) -> Node | None:
    """The laws of the exogenous variables, which the oldest files have among the options."""
    options = entries.get("options")
    older = options.entries.get("exogenous") if isinstance(options, Table) else None
    return entries.get("exogenous", older)


def _check_regime(
    node: Node | None, kinds: Mapping[str, str], exogenous: Sequence[Block], faults: FaultList
) -> None:
    """The regime of a Markov chain is a state of the policy, of that name."""
    if REGIME in kinds and any(regimes_of(block.law) > 1 for block in exogenous):
        message = (
            f"{REGIME} names the regime of the Markov chain: choose another name for the {kinds[REGIME]}"
        )
        faults.append(fault_in(node, ("symbols",), message, REGIME))


def _read_symbol_info(
    entries: Mapping[str, Node],
    groups: Mapping[str, tuple[str, ...]],
    kinds: Mapping[str, str],
    faults: FaultList,
) -> dict[str, SymbolInfo]:
    parameters, variables = groups["parameters"], tuple(name for name in kinds if kinds[name] != "parameter")
    economic = ("parameter", "state", "control", "exogenous variable", "definition")
    symbols = {name: SymbolInfo() for name, kind in kinds.items() if kind in economic}
    symbols |= read_symbol_info(entries.get("parameters"), parameters, faults, parameters, is_finite=True)
    symbols |= read_symbol_info(
        entries.get("variables"), variables, faults, groups["controls"], is_finite=False
    )
    return symbols


def _read_texts(entries: Mapping[str, Node], faults: FaultList) -> dict[str, str]:
    texts = {key: read_text(entries.get(key), faults) for key in _TEXTS}
    if not texts["name"]:
        texts["name"] = _NAMELESS
    elif len(texts["name"]) > MAX_NAME_LENGTH:
        message = f"the name has {len(texts['name'])} characters, above {MAX_NAME_LENGTH}"
        faults.append(fault_at(entries["name"], message))
    return texts


def _model(
    texts: Mapping[str, str],
    groups: Mapping[str, tuple[str, ...]],
    symbols: Mapping[str, SymbolInfo],
    equations: Equations,
    calibrated: Mapping[str, Expression],
    trees: Trees,
) -> Model:
    variables = tuple(name for name in symbols if name not in groups["parameters"])
    groups_of_all = ("states", "controls", "exogenous", "parameters")
    sections = (section for section in equations.written if section != "definitions")
    document = {
        **texts,
        "symbols": {group: list(names) for group, names in groups.items() if names or group in groups_of_all},
        "definitions": list(equations.written["definitions"]),
        "equations": {section: list(equations.written[section]) for section in sections},
        "calibration": {name: canonical_expression(tree) for name, tree in calibrated.items()},
        **({"exogenous": canonical_exogenous(trees.exogenous)} if trees.exogenous else {}),
        "domain": {name: [*map(canonical_expression, pair)] for name, pair in trees.domain.items()},
        "parameters": canonical_info(symbols, groups["parameters"]),
        "variables": canonical_info(symbols, variables),
    }
    return Model(
        name=texts["name"],
        title=texts["title"],
        source=texts["source"],
        states=groups["states"],
        controls=groups["controls"],
        exogenous=groups["exogenous"],
        parameters=groups["parameters"],
        definitions=tuple(name for name, kind in equations.kinds.items() if kind == "definition"),
        symbols=symbols,
        equations=equations.written,
        document=document,
        hash=hash_of(document),
        trees=trees,
    )


def _check_default_calibration(
    model: Model, entries: Mapping[str, Node], places: Mapping[str, Statement]
) -> None:
    """A file must have a steady state, within its domain, as it stands, before anyone overrides a parameter.

    Args:
        model: what was read.
        entries: the document's sections.
        places: the arbitrage equations by their text.

    Raises:
        ModelError: the faults of calibration, laws and domain, at their places in the file.
    """
    try:
        steady = find_steady_state(model)
    except CalibrationError as error:
        laws = _exogenous_node(entries)
        raise ModelError(
            [
                places[fault.equation].fault(fault.message)
                if fault.equation is not None
                else _placed(fault, laws if fault.pointer[:1] == ("exogenous",) else entries["calibration"])
                for fault in error.faults[:MAX_FAULTS]
            ]
        ) from error
    domain = file_domain(model, steady.parameters, steady.values)
    faults = [_placed(fault, entries.get("domain")) for fault in check_domain(domain, steady.values)]
    natural = check_natural_domains(model, steady.values)
    faults += [_placed(fault, entries.get("variables")) for fault in natural]
    if faults:
        raise ModelError(faults)


def _placed(fault: Fault, section: Node | None) -> Fault:
    """The fault at its symbol in a section, else at the section."""
    entries = section.entries if isinstance(section, Table) else {}
    node = entries.get(fault.symbol or "", section)
    return fault if node is None else fault_at(node, fault.message, symbol=fault.symbol)
