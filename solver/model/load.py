"""The reader of model files: a document in, a checked model or all its faults out.

Built-in models and those that users send take this one path.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from solver.errors import CalibrationError, Fault, ModelError
from solver.language.tree import Expression
from solver.model.calibration_section import order_calibration, read_calibration, read_domain
from solver.model.canonical import canonical_expression, canonical_info, hash_of
from solver.model.equations import SECTIONS, Equations, read_equations
from solver.model.node import FaultList, Node, Table, fault_at, node_from_object
from solver.model.sections import read_symbol_info, read_symbols, read_table, read_text
from solver.model.spec import Model, SymbolInfo, Trees
from solver.model.steady_state import find_steady_state
from solver.model.yaml_text import node_from_yaml

MAX_NAME_LENGTH = 100
_TEXTS = ("name", "title", "source")
_KEYS = (
    *_TEXTS,
    *("symbols", "definitions", "equations", "calibration", "domain", "parameters", "variables"),
)


def load_model(text: str | bytes) -> Model:
    """Read a model file, YAML or JSON.

    Raises:
        ModelError: every fault found, with equation, symbol, line and column where there are such.
    """
    faults = FaultList()
    return _read(node_from_yaml(text, faults), faults)


def model_from_document(document: Mapping[str, Any]) -> Model:
    """Read a model that is parsed already: mappings, lists, texts and numbers.

    Raises:
        ModelError: every fault found; lines and columns are unknown.
    """
    faults = FaultList()
    return _read(node_from_object(document, faults), faults)


def _read(root: Node, faults: FaultList) -> Model:
    """The model in a document: each section adds its faults, and only a faultless one is checked as a whole."""
    entries = read_table(root, _KEYS, faults)
    groups = read_symbols(entries.get("symbols"), faults)
    equations = read_equations(entries, groups, faults)
    calibration_node, kinds = entries.get("calibration"), equations.kinds
    required = {name: kind for name, kind in kinds.items() if kind in ("parameter", "state", "control")}
    calibrated = read_calibration(calibration_node, required, faults)
    calibration = order_calibration(calibration_node, calibrated, equations.definitions, faults)
    domain = read_domain(entries.get("domain"), groups["states"], calibration, faults)
    variables = tuple(name for name, kind in kinds.items() if kind != "parameter")
    symbols = dict.fromkeys(kinds, SymbolInfo())
    symbols |= read_symbol_info(entries.get("parameters"), groups["parameters"], faults, has_bounds=True)
    symbols |= read_symbol_info(entries.get("variables"), variables, faults, has_bounds=False)
    texts = _read_texts(entries, faults)
    if faults:
        raise ModelError(sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
    trees = Trees(
        definitions=equations.definitions,
        transition=equations.transition,
        arbitrage=equations.arbitrage,
        complementarity=(None,) * len(equations.arbitrage),
        exogenous=(),
        felicity=equations.felicity,
        calibration=calibration,
        domain=domain,
    )
    model = _model(texts, groups, symbols, equations, calibrated, trees)
    _check_default_calibration(model, entries["calibration"])
    return model


def _read_texts(entries: Mapping[str, Node], faults: FaultList) -> dict[str, str]:
    texts = {key: read_text(entries.get(key), faults) for key in _TEXTS}
    if not texts["name"]:
        faults.append(Fault(("name",), "the model has no name: give one"))
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
    document = {
        **texts,
        "symbols": {group: list(names) for group, names in groups.items()},
        "definitions": list(equations.written["definitions"]),
        "equations": {section: list(equations.written[section]) for section in SECTIONS},
        "calibration": {name: canonical_expression(tree) for name, tree in calibrated.items()},
        "domain": {state: [*map(canonical_expression, pair)] for state, pair in trees.domain.items()},
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


def _check_default_calibration(model: Model, node: Node) -> None:
    """A file must have a steady state as it stands, before anyone overrides a parameter.

    Raises:
        ModelError: the faults of the calibration, at their places in the file.
    """
    try:
        find_steady_state(model)
    except CalibrationError as error:
        entries = node.entries if isinstance(node, Table) else {}
        places = [fault_at(entries.get(fault.symbol or "", node), fault.message) for fault in error.faults]
        raise ModelError(
            [
                dataclasses.replace(place, equation=fault.equation, symbol=fault.symbol)
                for place, fault in zip(places, error.faults, strict=True)
            ]
        ) from error
