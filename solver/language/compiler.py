"""One compiler from trees to array programs, for every backend.

Trees are compiled once into a flat list of instructions on numbered slots. Equal sub-expressions share a slot and
definitions are entered only where something needs them, so each value is computed once a call. A backend is a
table of operations: nothing else differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from solver.language.tree import Expression, Number, Operation, Symbol, symbols_in

Key = tuple[str, int | None]


@dataclass(frozen=True)
class Backend:
    """The operations of an array library; arrays are float64, but for those of graphs that train in float32.

    Attributes:
        name: for messages.
        operations: a function for every operator and function of the language.
        constant: a number as the library takes it.
        spread: (value, arrays) -> value broadcast to the common shape of the arrays.
        stack: values of one shape -> array with these along a new last axis.
        quiet: context in which arithmetic outside its domain gives nan or inf, silently.
    """

    name: str
    operations: Mapping[str, Callable[..., Any]]
    constant: Callable[[float], Any]
    spread: Callable[[Any, Sequence[Any]], Any]
    stack: Callable[[Sequence[Any]], Any]
    quiet: Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Program:
    """Compiled expressions: call it with one value for each of ``inputs`` to get one for each expression."""

    inputs: tuple[Key, ...]
    backend: Backend
    constants: tuple[float, ...]
    instructions: tuple[tuple[Callable[..., Any], tuple[int, ...]], ...]
    outputs: tuple[int, ...]

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """Evaluate. Values broadcast against each other; results have their own, perhaps smaller, shapes."""
        slots = [*values, *map(self.backend.constant, self.constants)]
        with self.backend.quiet():
            for function, arguments in self.instructions:
                slots.append(function(*[slots[slot] for slot in arguments]))
        return [slots[slot] for slot in self.outputs]

    def but_for(self, key: Key, values: Sequence[Any]) -> Callable[[int, Any], Any]:
        """What is left of the program once every input but one is known.

        All that does not depend on that input is computed now, so that each output, asked for at many values of it, costs
        its own last operations.

        Args:
            key: the input that is left open; it need not be one.
            values: of all inputs; that of the open one is not looked at.

        Returns:
            ``(place, value) -> the output at that place``, the same number as by a call with that value.
        """
        slots: list[Any] = [*values, *map(self.backend.constant, self.constants)]
        first = len(slots)
        is_open = [name == key for name in self.inputs] + [False] * len(self.constants)
        with self.backend.quiet():
            for function, arguments in self.instructions:
                is_open.append(any(is_open[slot] for slot in arguments))
                slots.append(None if is_open[-1] else function(*[slots[slot] for slot in arguments]))

        def output(place: int, value: Any) -> Any:
            found: dict[int, Any] = {}

            def value_of(slot: int) -> Any:
                if not is_open[slot]:
                    return slots[slot]
                if slot < first:
                    return value
                if slot not in found:
                    function, arguments = self.instructions[slot - first]
                    found[slot] = function(*[value_of(argument) for argument in arguments])
                return found[slot]

            with self.backend.quiet():
                return value_of(self.outputs[place])

        return output


def compile_program(
    expressions: Sequence[Expression],
    given: frozenset[Key],
    definitions: Mapping[str, Expression],
    backend: Backend,
) -> Program:
    """Compile expressions together.

    Args:
        expressions: what to compute.
        given: the symbols whose values will be passed in; they win over a definition of the same name and date.
        definitions: bodies of all other symbols, each after those that it uses. A definition is written for date t
            and holds at every other; where symbols are undated, so are the definitions.
        backend: the array library.

    Returns:
        A program whose ``inputs`` are those members of ``given`` that are really used.
    """
    inputs, needed = _needed(expressions, given, definitions)
    builder = _ProgramBuilder(inputs)
    for name, body in definitions.items():
        for shift in needed.get(name, ()):
            builder.symbols[name, shift] = builder.enter(body, shift)
    outputs = [builder.enter(expression, 0) for expression in expressions]
    return builder.finish(outputs, backend)


def _needed(
    expressions: Sequence[Expression], given: frozenset[Key], definitions: Mapping[str, Expression]
) -> tuple[tuple[Key, ...], dict[str, list[int | None]]]:
    """The inputs that the expressions need, directly or not, and the dates of each definition that they need."""
    inputs: dict[Key, None] = {}
    needed: dict[str, list[int | None]] = {}
    pending: list[tuple[Expression, int | None]] = [(expression, 0) for expression in expressions]
    while pending:
        expression, date = pending.pop()
        for symbol in symbols_in(expression):
            key = name, shift = _key(symbol, date)
            if key in given:
                inputs[key] = None
            elif shift not in needed.setdefault(name, []):
                needed[name].append(shift)
                pending.append((definitions[name], shift))
    return tuple(inputs), needed


def _key(symbol: Symbol, date: int | None) -> Key:
    """The symbol as it stands in an expression written for t and taken at t + date."""
    return symbol.name, None if symbol.shift is None or date is None else symbol.shift + date


class _ProgramBuilder:
    """Numbers the slots: inputs and constants first, in the program, are known only at the end."""

    def __init__(self, inputs: tuple[Key, ...]) -> None:
        self._inputs = inputs
        self._nodes: dict[tuple[Any, ...], int] = {}
        self.symbols: dict[Key, int] = {key: self._slot(("input", key)) for key in inputs}

    def enter(self, expression: Expression, date: int | None) -> int:
        if isinstance(expression, Number):
            return self._slot(("constant", float(expression.value)))
        if isinstance(expression, Symbol):
            return self.symbols[_key(expression, date)]
        return self._slot(self._apply(expression, date))

    def _apply(self, operation: Operation, date: int | None) -> tuple[Any, ...]:
        return (operation.operator, *(self.enter(argument, date) for argument in operation.arguments))

    def _slot(self, node: tuple[Any, ...]) -> int:
        return self._nodes.setdefault(node, len(self._nodes))

    def finish(self, outputs: Sequence[int], backend: Backend) -> Program:
        nodes = list(self._nodes)
        constants = [slot for slot, node in enumerate(nodes) if node[0] == "constant"]
        applied = [slot for slot, node in enumerate(nodes) if node[0] not in ("input", "constant")]
        place = {slot: new for new, slot in enumerate([*range(len(self._inputs)), *constants, *applied])}
        return Program(
            inputs=self._inputs,
            backend=backend,
            constants=tuple(nodes[slot][1] for slot in constants),
            instructions=tuple(
                (backend.operations[nodes[slot][0]], tuple(place[argument] for argument in nodes[slot][1:]))
                for slot in applied
            ),
            outputs=tuple(place[slot] for slot in outputs),
        )
