"""A model's equations as functions of arrays, on NumPy or TensorFlow.

The last axis of an array is the variable, in the model's order; the axes before it are free and broadcast. Where
arithmetic leaves its domain (a negative number to a fractional power), results are nan or inf, silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solver.language.compiler import Backend, Key, Program, compile_program
from solver.language.tree import Expression, Number, Operation, Symbol
from solver.model.spec import Model


@dataclass(frozen=True)
class _Compiled:
    """A program, and for each of its inputs the array and the column of it that hold the value."""

    program: Program
    places: tuple[tuple[int, int], ...]


class Economy:
    """The compiled equations of one model. Compile once and keep: a call only computes."""

    def __init__(self, model: Model, backend: Backend) -> None:
        self._model = model
        self._backend = backend
        self._definitions = self._compile([Symbol(name, 0) for name in model.definitions], (0,))
        self._transition = self._compile(model.trees.transition, (-1,))
        self._arbitrage: dict[tuple[str, ...], _Compiled] = {(): self._compile(model.trees.arbitrage, (0, 1))}
        self._sides: dict[tuple[str, ...], _Compiled] = {}

    @property
    def model(self) -> Model:
        """The model that was compiled."""
        return self._model

    def definitions(self, parameters: Any, states: Any, controls: Any) -> dict[str, Any]:
        """What follows from states and controls of the same date.

        Args:
            parameters: (n_parameters,).
            states: (..., n_states).
            controls: (..., n_controls).

        Returns:
            By name, arrays of shape (...,).
        """
        values = self._run(self._definitions, [parameters, states, controls])
        return dict(zip(self._model.definitions, values, strict=True))

    def transition(self, parameters: Any, states: Any, controls: Any) -> Any:
        """The states of the next date, (..., n_states); arguments as in :meth:`definitions`."""
        return self._backend.stack(self._run(self._transition, [parameters, states, controls]))

    def arbitrage(
        self,
        parameters: Any,
        states: Any,
        controls: Any,
        next_states: Any,
        next_controls: Any,
        given: Mapping[str, Any] | None = None,
    ) -> Any:
        """The residuals of the arbitrage equations, left side minus right side.

        Args:
            parameters: (n_parameters,).
            states: (..., n_states), of the current date.
            controls: (..., n_controls), of the current date.
            next_states: (..., n_states), of the next date.
            next_controls: (..., n_controls), of the next date.
            given: values, (...,), that replace those of symbols of the current date in these equations, e.g.
                ``{"c": consumption}``; definitions that use the symbol follow it.

        Returns:
            (..., n_equations).
        """
        given = given or {}
        names = tuple(given)
        if names not in self._arbitrage:
            self._arbitrage[names] = self._compile(self._model.trees.arbitrage, (0, 1), names)
        arrays = [parameters, states, controls, next_states, next_controls]
        arrays += [value[..., None] for value in given.values()]
        return self._backend.stack(self._run(self._arbitrage[names], arrays))

    def arbitrage_sides(
        self,
        parameters: Any,
        states: Any,
        controls: Any,
        next_states: Any,
        next_controls: Any,
        given: Mapping[str, Any] | None = None,
    ) -> tuple[Any, Any]:
        """The two sides of the arbitrage equations, (..., n_equations) each; arguments as in :meth:`arbitrage`.

        The sides of an expression that must be zero are those of its outermost difference: 1 and X of ``1 - X``.
        """
        given = given or {}
        names = tuple(given)
        if names not in self._sides:
            sides = [side for residual in self._model.trees.arbitrage for side in _sides_of(residual)]
            self._sides[names] = self._compile(sides, (0, 1), names)
        arrays = [parameters, states, controls, next_states, next_controls]
        arrays += [value[..., None] for value in given.values()]
        values = self._run(self._sides[names], arrays)
        return self._backend.stack(values[::2]), self._backend.stack(values[1::2])

    def _compile(
        self, expressions: Sequence[Expression], dates: Sequence[int], given: tuple[str, ...] = ()
    ) -> _Compiled:
        """Compile for the arrays: parameters, states and controls of each date, then one for each given symbol."""
        axes: list[list[Key]] = [[(name, None) for name in self._model.parameters]]
        for date in dates:
            axes.append([(name, date) for name in self._model.states])
            axes.append([(name, date) for name in self._model.controls])
        axes += [[(name, 0)] for name in given]
        places = {key: (array, column) for array, axis in enumerate(axes) for column, key in enumerate(axis)}
        program = compile_program(
            expressions, frozenset(places), self._model.trees.definitions, self._backend
        )
        return _Compiled(program, tuple(places[key] for key in program.inputs))

    def _run(self, compiled: _Compiled, arrays: Sequence[Any]) -> list[Any]:
        """Evaluate, and spread each value over the leading axes of the state arrays."""
        values = compiled.program([arrays[array][..., column] for array, column in compiled.places])
        leading = [states[..., 0] for states in arrays[1:5:2]]
        return [self._backend.spread(value, leading) for value in values]


def _sides_of(residual: Expression) -> tuple[Expression, Expression]:
    if isinstance(residual, Operation) and residual.operator == "-":
        left, right = residual.arguments
        return left, right
    return residual, Number(0.0)
