"""One statement of a ``.mod`` file to its parts.

Expressions become the trees of the equation language: ``c``, ``c(+1)`` and ``c(-1)`` are its older dialect. Names are
not looked up here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lark import Lark, Token, UnexpectedInput, v_args

from solver.dynare.statements import Statement
from solver.dynare.words import is_reserved
from solver.errors import Fault, ModelError
from solver.language.parser import MAX_DEPTH, MAX_LENGTH, TreeBuilder, explain, lag_of, refuse
from solver.language.tree import FUNCTIONS, Expression, Number, Operation, Symbol, depth_of

#: ``STEADY_STATE(y)``, an operation on one symbol that no other module of the solver ever sees.
STEADY_STATE = "STEADY_STATE"
_ALIASES = {"ln": "log"}
_OPERATORS = re.compile(r"\b(EXPECTATION|diff|adl|var_expectation|pac_expectation)[ \t]*\(")


@dataclass(frozen=True)
class Declaration:
    """A declared name: its LaTeX name and long name, where it has some, and its column."""

    name: str
    tex: str | None
    long_name: str | None
    column: int


@dataclass(frozen=True)
class Assignment:
    """``name = value`` or, of a covariance, ``name, other = value``."""

    name: Symbol
    value: Expression
    other: Symbol | None = None


@dataclass(frozen=True)
class Bound:
    """What a tag ``mcp`` says: ``name > value`` (``is_lower``) or ``name < value``."""

    name: str
    is_lower: bool
    value: Expression


@dataclass(frozen=True)
class TaggedEquation:
    """``left = right``, or an expression that is zero, with its tags."""

    left: Expression
    right: Expression | None
    tags: tuple[tuple[str, str], ...]


def parse_declarations(statement: Statement) -> list[Declaration]:
    r"""``alpha $\alpha$ (long_name='share'), beta``."""
    return list(_parse(statement, "declarations"))


def parse_equation(statement: Statement) -> TaggedEquation:
    """An equation of the model block."""
    equation: TaggedEquation = _parse(statement, "equation")
    _check_depths(statement, [equation.left, equation.right])
    return equation


def parse_assignment(statement: Statement, rule: str = "assignment") -> Assignment:
    """``name = value``; by the rule ``local``, with ``#`` before it; by ``variance``, with one or two names."""
    assignment: Assignment = _parse(statement, rule)
    _check_depths(statement, [assignment.value])
    return assignment


def parse_value(statement: Statement) -> Expression:
    """One expression."""
    value: Expression = _parse(statement, "sum")
    _check_depths(statement, [value])
    return value


def parse_bound(statement: Statement, text: str) -> Bound:
    """The text of a tag ``mcp`` of a statement, whose faults stand at the statement."""
    try:
        bound: Bound = _parse(replace(statement, text=text), "bound")
    except ModelError as error:
        message = f"the tag mcp = '{text[:60]}' is written mcp = 'variable > value' or 'variable < value'"
        raise ModelError([statement.fault(message)]) from error
    return bound


@functools.cache
def _lark() -> Lark:
    return Lark.open(
        "grammar.lark",
        rel_to=__file__,
        parser="lalr",
        start=["declarations", "equation", "local", "assignment", "variance", "bound", "sum"],
        transformer=_ModBuilder(),
    )


def _parse(statement: Statement, start: str) -> Any:
    """What a statement says by a rule of the grammar.

    Raises:
        ModelError: one fault, at its line and column of the file.
    """
    text = statement.text
    if start != "declarations" and len(text) > MAX_LENGTH:
        message = f"the statement has {len(text)} characters, above {MAX_LENGTH}: split it with # definitions"
        raise ModelError([statement.fault(message)])
    if operator := _OPERATORS.search(text):
        message = f"the operator {operator[1]} is not read: write out what it stands for"
        raise ModelError([statement.fault(message, operator[1], operator.start() + 1)])
    try:
        return _lark().parse(text, start=start)
    except UnexpectedInput as error:
        message, _, column = explain(error, text)
        raise ModelError([statement.fault(message.replace("equation", "statement"), None, column)]) from error
    except ModelError as error:
        fault: Fault = error.faults[0]
        raise ModelError([statement.fault(fault.message, fault.symbol, fault.column or 1)]) from error


def _check_depths(statement: Statement, expressions: Sequence[Expression | None]) -> None:
    for expression in expressions:
        if expression is not None and (depth := depth_of(expression)) > MAX_DEPTH:
            message = (
                f"the statement is {depth} operations deep, above {MAX_DEPTH}: split it with # definitions"
            )
            raise ModelError([statement.fault(message)])


class _ModBuilder(TreeBuilder):
    """The rules that a ``.mod`` file has besides those of the equation language."""

    @v_args(inline=True)
    def declarations(self, *found: Declaration) -> list[Declaration]:
        return list(found)

    @v_args(inline=True)
    def declaration(self, name: Token, tex: Token | None, *options: tuple[str, str] | None) -> Declaration:
        symbol = self.undated(name)
        texts = dict(option for option in options if option is not None)
        return Declaration(
            symbol.name, tex and str(tex).strip("$ "), texts.get("long_name"), name.column or 1
        )

    @v_args(inline=True)
    def option(self, name: Token, text: Token) -> tuple[str, str]:
        return str(name), str(text)[1:-1].strip()

    @v_args(inline=True)
    def equation(self, *parts: Any) -> Any:
        *tags, left, right = parts
        return TaggedEquation(left, right, tuple(tag for group in tags for tag in group))

    @v_args(inline=True)
    def tags(self, *found: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        return found

    @v_args(inline=True)
    def tag(self, name: Token, text: Token | None) -> tuple[str, str]:
        return str(name), "" if text is None else str(text)[1:-1].strip()

    @v_args(inline=True)
    def local(self, name: Token, value: Expression) -> Assignment:
        return Assignment(self.undated(name), value)

    @v_args(inline=True)
    def assignment(self, name: Token, value: Expression) -> Assignment:
        return Assignment(self.undated(name), value)

    @v_args(inline=True)
    def variance(self, name: Token, other: Token | None, value: Expression) -> Assignment:
        return Assignment(self.undated(name), value, None if other is None else self.undated(other))

    @v_args(inline=True)
    def bound(self, name: Token, relation: Token, value: Expression) -> Bound:
        return Bound(str(name), relation.startswith(">"), value)

    @v_args(inline=True)
    def number(self, token: Token) -> Number:
        return super().number(token.update(value=token.lower().replace("d", "e")))

    @v_args(inline=True)
    def call(self, name: Token, *arguments: Expression | None) -> Expression:
        if name.upper() == STEADY_STATE:
            if len(arguments) != 1 or not isinstance(arguments[0], Symbol) or arguments[0].shift is not None:
                refuse(
                    "STEADY_STATE is read of one variable alone, STEADY_STATE(y)",
                    None,
                    name.column,
                    str(name),
                )
            return Operation(STEADY_STATE, (arguments[0],))
        shift = lag_of([one for one in arguments if one is not None])
        if shift is not None and not is_reserved(name):  # crra(-1), too, is a variable's lag to Dynare
            return self._symbol(name, shift)
        written = name.lower() if is_reserved(name) else str(name)
        alias = _ALIASES.get(written, written)
        if alias not in FUNCTIONS:
            message = f"{name[:40]} is not a function that is read here: these are {', '.join(FUNCTIONS)}, ln"
            refuse(message, None, name.column, str(name))
        return super().call(name.update(value=alias), *arguments)
