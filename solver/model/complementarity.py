"""Complementarity conditions of arbitrage equations: ``⟂ lower <= control <= upper``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from solver.errors import Fault
from solver.language.constant import constant_value
from solver.language.parser import suggest
from solver.language.tree import INFINITY, Condition, Expression, symbols_in
from solver.model.node import FaultList
from solver.model.sections import Statement
from solver.model.spec import Complementarity

_BOUND_KINDS = ("state", "exogenous variable", "definition")


def read_complementarity(
    statements: Sequence[Statement],
    kinds: Mapping[str, str],
    definitions: Mapping[str, Expression],
    faults: FaultList,
) -> tuple[Complementarity | None, ...]:
    """The condition of each arbitrage equation, None where it holds everywhere.

    Args:
        statements: the arbitrage equations, dated.
        kinds: what each symbol is.
        definitions: bodies of the definitions, dated.
        faults: to which every fault is added.
    """
    choices = _following_controls(kinds, definitions)
    bounded: set[str] = set()
    conditions: list[Complementarity | None] = []
    for statement in statements:
        condition = statement.equation.condition
        if condition is None:
            conditions.append(None)
            continue
        faults.extend(_control_faults(statement, condition, kinds, bounded))
        for bound in (condition.lower, condition.upper):
            if bound is not None:
                faults.extend(_bound_faults(statement, bound, kinds, choices))
        faults.extend(_order_faults(statement, condition))
        bounded.add(condition.variable.name)
        conditions.append(Complementarity(condition.variable.name, condition.lower, condition.upper))
    return tuple(conditions)


def _following_controls(kinds: Mapping[str, str], definitions: Mapping[str, Expression]) -> dict[str, str]:
    """The definitions that follow from controls, directly or not, each with one of these."""
    found: dict[str, str] = {}
    for name, body in definitions.items():
        for symbol in symbols_in(body):
            control = symbol.name if kinds.get(symbol.name) == "control" else found.get(symbol.name)
            if control is not None:
                found[name] = control
    return found


def _control_faults(
    statement: Statement, condition: Condition, kinds: Mapping[str, str], bounded: set[str]
) -> Iterator[Fault]:
    name, shift, column = condition.variable.name, condition.variable.shift, condition.variable.column
    controls = [known for known, kind in kinds.items() if kind == "control"]
    if name not in controls:
        hint = suggest(name, controls) or f"; the controls are {', '.join(controls)}"
        yield statement.fault(f"{name} is not a control, and only these are bounded{hint}", name, column)
    elif shift != 0:
        yield statement.fault(f"a control is bounded at date t: write {name}[t]", name, column)
    elif name in bounded:
        yield statement.fault(
            f"the control {name} is bounded twice: keep one of the conditions", name, column
        )


def _bound_faults(
    statement: Statement, bound: Expression, kinds: Mapping[str, str], choices: Mapping[str, str]
) -> Iterator[Fault]:
    """A bound is known before the decision: it depends on states, exogenous variables and parameters."""
    for symbol in dict.fromkeys(symbols_in(bound)):
        name, kind = symbol.name, kinds.get(symbol.name)
        if name == INFINITY:
            message = f"{name} may stand only alone, as a bound"
        elif kind is None:
            known = [name for name, kind in kinds.items() if kind in ("parameter", *_BOUND_KINDS)]
            message = f"{name} is not declared{suggest(name, known) or ': declare it or define it'}"
        elif name in choices:
            message = (
                f"a bound cannot depend on a decision, and {name} depends on the control {choices[name]}"
            )
        elif kind == "parameter":
            if symbol.shift is None:
                continue
            message = f"{name} is a parameter and has no date: write {name}"
        elif kind not in _BOUND_KINDS:
            message = (
                f"a bound cannot depend on the {kind} {name}: give an expression of states and parameters"
            )
        elif symbol.shift != 0:
            message = f"write {name}[t] for the {kind} {name} in a bound"
        else:
            continue
        yield statement.fault(message, name, symbol.column)


def _order_faults(statement: Statement, condition: Condition) -> Iterator[Fault]:
    lower, upper = (constant_value(bound) for bound in (condition.lower, condition.upper))
    if lower is not None and upper is not None and not lower <= upper:
        message = f"no {condition.variable.name} lies between {lower:g} and {upper:g}: give lower <= upper"
        yield statement.fault(message, condition.variable.name, condition.variable.column)
