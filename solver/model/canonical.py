"""The canonical document of a model: the same model, however it was spelt, has one document and one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from solver.language.printer import to_text
from solver.language.tree import NEGATION, Expression, Number, Operation
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


def canonical_info(
    symbols: Mapping[str, SymbolInfo], names: tuple[str, ...]
) -> dict[str, dict[str, str | list[float]]]:
    """What is said about those of ``names`` about which something is said."""
    document = {}
    for name in names:
        info = symbols[name]
        entry: dict[str, str | list[float]] = {}
        if info.description:
            entry["description"] = info.description
        if info.symbol:
            entry["symbol"] = info.symbol
        if info.bounds:
            entry["bounds"] = list(info.bounds)
        if entry:
            document[name] = entry
    return document


def hash_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the document as JSON with sorted keys, in hexadecimal."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
