"""Printing and parsing are inverse; what is not in the language is refused, never a crash."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import ModelError
from solver.language.parser import MAX_DEPTH, MAX_LENGTH, parse_equation, parse_expression
from solver.language.printer import equation_to_text, to_text
from solver.language.tree import (
    FUNCTIONS,
    NEGATION,
    Condition,
    Equation,
    Number,
    Operation,
    Symbol,
    dated,
    depth_of,
)

NUMBERS = st.floats(min_value=0, allow_nan=False, allow_infinity=False).map(abs).map(Number)
SYMBOLS = st.builds(
    Symbol, st.sampled_from(["a", "k", "β", "x_1", "Δk"]), st.none() | st.integers(min_value=-9, max_value=9)
)


def operations(arguments):
    unary = st.builds(lambda a: Operation(NEGATION, (a,)), arguments)
    binary = st.builds(lambda o, a, b: Operation(o, (a, b)), st.sampled_from("+-*/^"), arguments, arguments)
    calls = st.sampled_from(sorted(FUNCTIONS)).flatmap(
        lambda name: st.builds(lambda *a: Operation(name, a), *[arguments] * FUNCTIONS[name])
    )
    return unary | binary | calls


TREES = st.recursive(NUMBERS | SYMBOLS, operations, max_leaves=25)
SMALL_TREES = st.recursive(NUMBERS | SYMBOLS, operations, max_leaves=6)
CONDITIONS = st.builds(Condition, st.none() | SMALL_TREES, SYMBOLS, st.none() | SMALL_TREES)
EQUATIONS = st.builds(Equation, SMALL_TREES, st.none() | SMALL_TREES) | st.builds(
    Equation, SMALL_TREES, st.none(), CONDITIONS
)


def in_older_dialect(text):
    """c[t+1], c[t] and c[t-1] as c(1), c and c(-1)."""
    return re.sub(r"\[t([+-]\d+)\]", lambda date: f"({int(date[1])})", text).replace("[t]", "")


@settings(deadline=None, derandomize=True)
@given(TREES)
def test_parsing_what_is_printed_gives_the_same_tree(tree):
    assert parse_expression(to_text(tree)) == tree


@settings(deadline=None, derandomize=True)
@given(EQUATIONS)
def test_parsing_a_printed_equation_gives_the_same_equation(equation):
    assert parse_equation(equation_to_text(equation)) == equation


DATED = st.builds(Symbol, st.sampled_from(["a", "k", "Δk"]), st.integers(min_value=-9, max_value=9))


@settings(deadline=None, derandomize=True)
@given(st.recursive(NUMBERS | DATED | st.just(Symbol("β", None)), operations, max_leaves=25))
def test_both_dialects_mean_the_same(tree):
    older = in_older_dialect(to_text(tree))
    assert "[" not in older
    assert dated(parse_expression(older), {"a", "k", "Δk"}) == tree


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=60) | st.text(alphabet="akt123+-*/^()[]=|⟂,. eE<#", max_size=40))
def test_any_text_is_an_equation_or_a_fault_within_it(text):
    try:
        equation = parse_equation(text)
    except ModelError as error:
        (fault,) = error.faults
        assert fault.message
        assert fault.column is not None and 1 <= fault.column <= len(text) + 1
    else:
        assert parse_equation(equation_to_text(equation)) == equation


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2^2", -4),
        ("2^3^2", 512),
        ("2**-1", 0.5),
        ("2 - 3 - 4", -5),
        ("2/4/2", 0.25),
        ("-2*3 + 4", -2),
        ("+-+2", -2),
        ("6/2*3", 9),
        ("1e-2 + .5 + 3.", 3.51),
        ("min(max(1, 2), 3)", 2),
    ],
)
def test_precedence_is_that_of_arithmetic(text, value):
    def evaluate(node):
        if isinstance(node, Number):
            return node.value
        arguments = [evaluate(argument) for argument in node.arguments]
        return {
            "+": lambda a, b: a + b,
            "-": lambda a, b: a - b,
            "*": lambda a, b: a * b,
            "/": lambda a, b: a / b,
            "^": lambda a, b: a**b,
            "neg": lambda a: -a,
            "min": min,
            "max": max,
        }[node.operator](*arguments)

    assert math.isclose(evaluate(parse_expression(text)), value)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "empty"),
        ("a + ", 5, "too early"),
        ("a b", 3, "'b' is not expected"),
        ("a $ b", 3, "'$' is not part of the language"),
        ("1 + 1e999", 5, "too large"),
        ("a + lg(b)", 5, "did you mean log?"),
        ("c(1.5)", 1, "c[t+1] or c(1)"),
        ("c(1000)", 1, "c[t+1] or c(1)"),
        ("c(k)", 1, "products with *"),
        ("max(1)", 1, "takes at least 2 argument(s), and 1"),
        ("exp()", 1, "takes 1 argument(s), and 0"),
        ("a = 1 ⟂ 0 <= b <= inf", 7, "with ⟂ write one expression instead of two sides"),
        ("a | b", 3, "what follows | is written lower <= control <= upper"),
        ("a | 0 <= b", 3, "what follows | is written lower <= control <= upper"),
        ("a | 0 <= 2*b <= 1", 3, "what follows | is written lower <= control <= upper"),
        ("a ⟂ 0 <= b <= 1 <= 2", 3, "what follows ⟂ is written lower <= control <= upper"),
        ("a ⟂ inf <= b <= inf", 3, "no b lies between these bounds"),
        ("a ⟂ 0 <= b <= -inf", 3, "no b lies between these bounds"),
        ("a ⟂ 0 <= b <=", 14, "too early"),
        ("a ⟂ 0 < b", 7, "'<' is not part of the language"),
        ("__import__('os')", 12, "not part of the language"),
        ("a.b", 2, "'.' is not part of the language"),
    ],
)
def test_a_fault_says_what_and_where(text, column, words):
    with pytest.raises(ModelError) as caught:
        parse_equation(text)
    (fault,) = caught.value.faults
    assert fault.column == column
    assert words in fault.message


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1900 + "a" + ")" * 1900,
        "-" * (MAX_LENGTH - 1) + "a",
        "exp(" * 900 + "a" + ")" * 900,
        "a^" * 1900 + "a",
        "+".join("a" * 1900),
        "a" * 65,
        "a" * (MAX_LENGTH + 1),
    ],
)
def test_size_is_limited_without_recursion(text):
    try:
        assert depth_of(parse_expression(text)) <= MAX_DEPTH  # parentheses alone add no depth
    except ModelError as error:
        assert "above" in error.faults[0].message
