"""The canonical document of a model: the same model, however it was spelt, has one document and one hash."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from solver.language.printer import to_text
from solver.language.tree import NEGATION, Expression, Number, Operation
from solver.model.exogenous import (
    Block,
    Constant,
    Discretised,
    Law,
    MarkovChain,
    Matrix,
    Mixture,
    Normal,
    Vector,
)
from solver.model.spec import SymbolInfo


def canonical_expression(expression: Expression) -> float | str:
    """A number where the expression is one, else its text."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Operation) and expression.operator == NEGATION:
        operand = expression.arguments[0]
        if isinstance(operand, Number):
            return 0.0 - operand.value
    return to_text(expression)


def canonical_info(symbols: Mapping[str, SymbolInfo], names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """What is said about those of ``names`` about which something is said."""
    document = {}
    for name in names:
        info = symbols[name]
        entry: dict[str, Any] = {}
        if info.description:
            entry["description"] = info.description
        if info.symbol:
            entry["symbol"] = info.symbol
        if info.bounds:
            entry["bounds"] = [bound if math.isfinite(bound) else str(bound) for bound in info.bounds]
        if entry:
            document[name] = entry
    return document


def canonical_exogenous(blocks: Sequence[Block]) -> dict[str, Any]:
    """The laws by the names of their variables."""
    return {", ".join(block.names): _canonical_law(block.law) for block in blocks}


def _canonical_law(law: Law) -> dict[str, Any]:
    if isinstance(law, MarkovChain):
        return {"MarkovChain": {"values": _rows(law.values), "transitions": _rows(law.transitions)}}
    if isinstance(law, Discretised):
        ((name, entries),) = _canonical_law(law.autoregression).items()
        return {name: {**entries, "discretize": {"method": law.method, "n": law.n}}}
    if isinstance(law, Constant):
        return {"ConstantProcess": {"mu": _row(law.values)}}
    if isinstance(law, Mixture):
        distributions = [_canonical_law(component) for component in law.components]
        return {"Mixture": {"weights": _row(law.weights), "distributions": distributions}}
    moments = {"mu": _row(law.mean), "Sigma": _rows(law.covariance)}
    if isinstance(law, Normal):
        return {"Normal": moments}
    return {"VAR1": {"rho": _rows(law.persistence), **moments}}


def _row(expressions: Vector) -> list[float | str]:
    return [canonical_expression(expression) for expression in expressions]


def _rows(matrix: Matrix) -> list[list[float | str]]:
    return [_row(row) for row in matrix]


def hash_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the document as JSON with sorted keys, in hexadecimal."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
