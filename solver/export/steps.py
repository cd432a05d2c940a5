"""Expressions as a list of steps, so that a reader without this package evaluates them and executes no text as code.

The steps are those of the compiled program: it is run once on the numbers of its slots in the place of arrays, and what
it does is written down.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from solver.language.compiler import Backend, compile_program
from solver.language.tree import ARITHMETIC, FUNCTIONS, Expression
from solver.model.spec import Model


def steps_of(model: Model, expressions: Sequence[Expression | None]) -> dict[str, Any]:
    """Expressions of a model at date t in steps, as JSON values; its definitions are resolved.

    Returns:
        ``steps``: a list of ``["symbol", name]``, ``["number", value]``, and ``[operator, step, …]`` with an operator or
        function of the language and the places in the list, from 0, of its arguments, which come before it.
        ``values``: the place in the list of each expression; None for one that is None.
    """
    steps: list[list[Any]] = []

    def enter(*step: Any) -> int:
        steps.append(list(step))
        return len(steps) - 1

    recorder = Backend(
        name="steps",
        operations={operator: partial(enter, operator) for operator in (*ARITHMETIC, *FUNCTIONS)},
        constant=partial(enter, "number"),
        spread=lambda value, _: value,
        stack=list,
        quiet=contextlib.nullcontext,
    )
    variables = (*model.exogenous, *model.states, *model.controls)
    given = {(name, None) for name in model.parameters} | {(name, 0) for name in variables}
    present = [expression for expression in expressions if expression is not None]
    program = compile_program(present, frozenset(given), model.trees.definitions, recorder)
    places = iter(program([enter("symbol", name) for name, _ in program.inputs]))
    return {
        "steps": steps,
        "values": [None if expression is None else next(places) for expression in expressions],
    }
