"""A model's equations as functions of arrays, on any backend.

The last axis of an array is the variable, in the model's order; the axes before it are free and broadcast. Where
arithmetic leaves its domain (a negative number to a fractional power), results are nan or inf, silently.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from solver.language.compiler import Backend, Key, Program, compile_program
from solver.language.tree import Expression, Number, Operation, Symbol
from solver.model.kinked_functions import kinks_of
from solver.model.lifetime import lifetime_of
from solver.model.spec import Model


class Date(NamedTuple):
    """The variables of one date.

    Attributes:
        exogenous: (..., n_exogenous).
        states: (..., n_states) of the model itself.
        controls: (..., n_controls).
    """

    exogenous: Any
    states: Any
    controls: Any


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
        self._transition = self._compile_transition()
        self._sides: dict[tuple[str, ...], _Compiled] = {}
        self._bounded, bounds = _bounds_of(model)
        self._bounds = self._compile(bounds, (0,))
        self._kinks = self._compile(kinks_of(model), (0,))
        self._lifetimes: dict[tuple[str, ...], _Compiled] = {}

    @property
    def model(self) -> Model:
        """The model that was compiled."""
        return self._model

    def definitions(self, parameters: Any, today: Date) -> dict[str, Any]:
        """What follows from the variables of one date: by name, arrays of shape (...,).

        Args:
            parameters: (n_parameters,).
            today: the variables.
        """
        values = self._run(self._definitions, [parameters, *today], [today.states])
        return dict(zip(self._model.definitions, values, strict=True))

    def kinks(self, parameters: Any, today: Date) -> list[Any]:
        """The differences, (...,) each, whose zeros are the kinks of the model's functions; see :func:`kinks_of`."""
        return self._run(self._kinks, [parameters, *today], [today.states])

    def transition(self, parameters: Any, today: Date, next_exogenous: Any) -> Any:
        """The model's states of the next date, (..., n_states); ``next_exogenous`` is (..., n_exogenous)."""
        leading = [today.states, next_exogenous] if self._model.exogenous else [today.states]
        values = self._run(self._transition, [parameters, *today, next_exogenous], leading)
        return self._backend.stack(values)

    def arbitrage(self, parameters: Any, today: Date, tomorrow: Date) -> Any:
        """The residuals of the arbitrage equations, left side minus right side, (..., n_equations)."""
        left, right = self.arbitrage_sides(parameters, today, tomorrow)
        return left - right

    def arbitrage_sides(
        self, parameters: Any, today: Date, tomorrow: Date, given: Mapping[str, Any] | None = None
    ) -> tuple[Any, Any]:
        """The two sides of the arbitrage equations, (..., n_equations) each.

        The sides of an expression that must be zero are those of its outermost difference: 1 and X of ``1 - X``.

        Args:
            parameters: (n_parameters,).
            today: the variables of the current date.
            tomorrow: those of the next.
            given: values, (...,), that replace those of symbols of the current date in these equations, e.g.
                ``{"c": consumption}``; definitions that use the symbol follow it.
        """
        given = given or {}
        arrays = [parameters, *today, *tomorrow, *(value[..., None] for value in given.values())]
        values = self._run(self._compiled_sides(tuple(given)), arrays, [today.states, tomorrow.states])
        return self._backend.stack(values[::2]), self._backend.stack(values[1::2])

    def sides_by(
        self, name: str, parameters: Any, today: Date, tomorrow: Date
    ) -> Callable[[Sequence[Any]], tuple[Any, Any]]:
        """:meth:`arbitrage_sides` as a function of one symbol of the current date, with a value of it for each equation.

        What does not depend on the symbol is computed once.

        Args:
            name: the symbol whose values replace its own.
            parameters: (n_parameters,).
            today: the variables of the current date.
            tomorrow: those of the next.

        Returns:
            ``values (n_equations, ...) -> sides``.
        """
        compiled = self._compiled_sides((name,))
        arrays = [parameters, *today, *tomorrow, today.states]
        inputs = [arrays[array][..., column] for array, column in compiled.places]
        output = compiled.program.but_for((name, 0), inputs)
        leading = [today.states[..., 0], tomorrow.states[..., 0]]

        def sides(values: Sequence[Any]) -> tuple[Any, Any]:
            found = [
                self._backend.spread(output(2 * place + side, value), [*leading, value])
                for place, value in enumerate(values)
                for side in (0, 1)
            ]
            return self._backend.stack(found[::2]), self._backend.stack(found[1::2])

        return sides

    def bounds(self, parameters: Any, exogenous: Any, states: Any) -> tuple[list[Any], list[Any]]:
        """The lower and the upper bound of each bounded control, (...,) each, in the order of :meth:`bounded`.

        A side without a bound is infinite.
        """
        values = self._run(self._bounds, [parameters, exogenous, states, states[..., :0]], [states])
        return values[::2], values[1::2]

    def lifetime(
        self, parameters: Any, today: Date, given: Mapping[str, Any] | None = None
    ) -> tuple[Any, Any]:
        """The reward of one date and the discount factor, (...,) each, of a model that has a lifetime.

        Args:
            parameters: (n_parameters,).
            today: the variables of the date.
            given: values that replace those of symbols, as in :meth:`arbitrage_sides`.
        """
        given = given or {}
        names = tuple(given)
        if names not in self._lifetimes:
            lifetime = lifetime_of(self._model)
            parts = [] if lifetime is None else [lifetime.reward, lifetime.discount]
            self._lifetimes[names] = self._compile(parts, (0,), names)
        arrays = [parameters, *today, *(value[..., None] for value in given.values())]
        reward, discount = self._run(self._lifetimes[names], arrays, [today.states])
        return reward, discount

    @property
    def bounded(self) -> tuple[int, ...]:
        """The controls that a complementarity condition bounds."""
        return self._bounded

    def _compiled_sides(self, names: tuple[str, ...]) -> _Compiled:
        """The sides of the arbitrage equations in turn, with the named symbols of the current date given."""
        if names not in self._sides:
            sides = [side for residual in self._model.trees.arbitrage for side in _sides_of(residual)]
            self._sides[names] = self._compile(sides, (0, 1), names)
        return self._sides[names]

    def _compile_transition(self) -> _Compiled:
        """Transitions are written for arguments at t - 1 and exogenous variables at t."""
        model = self._model
        axes = self._axes((-1,))
        axes.append([(name, 0) for name in model.exogenous])
        return self._compile_for(model.trees.transition, axes)

    def _compile(
        self, expressions: Sequence[Expression], dates: Sequence[int], given: tuple[str, ...] = ()
    ) -> _Compiled:
        """Compile for the arrays: parameters, the variables of each date, then one for each given symbol."""
        return self._compile_for(expressions, [*self._axes(dates), *([(name, 0)] for name in given)])

    def _axes(self, dates: Sequence[int]) -> list[list[Key]]:
        model = self._model
        axes: list[list[Key]] = [[(name, None) for name in model.parameters]]
        for date in dates:
            for names in (model.exogenous, model.states, model.controls):
                axes.append([(name, date) for name in names])
        return axes

    def _compile_for(self, expressions: Sequence[Expression], axes: Sequence[Sequence[Key]]) -> _Compiled:
        places = {key: (array, column) for array, axis in enumerate(axes) for column, key in enumerate(axis)}
        program = compile_program(
            expressions, frozenset(places), self._model.trees.definitions, self._backend
        )
        return _Compiled(program, tuple(places[key] for key in program.inputs))

    def _run(self, compiled: _Compiled, arrays: Sequence[Any], leading: Sequence[Any]) -> list[Any]:
        """Evaluate, and spread each value over the leading axes of some arrays."""
        values = compiled.program([arrays[array][..., column] for array, column in compiled.places])
        axes = [array[..., 0] for array in leading]
        return [self._backend.spread(value, axes) for value in values]


def _bounds_of(model: Model) -> tuple[tuple[int, ...], list[Expression]]:
    """The bounded controls, and the lower and the upper bound of each in turn."""
    conditions = [condition for condition in model.trees.complementarity if condition is not None]
    bounds: list[Expression] = []
    for condition in conditions:
        bounds.append(Number(-math.inf) if condition.lower is None else condition.lower)
        bounds.append(Number(math.inf) if condition.upper is None else condition.upper)
    return tuple(model.controls.index(condition.control) for condition in conditions), bounds


def _sides_of(residual: Expression) -> tuple[Expression, Expression]:
    if isinstance(residual, Operation) and residual.operator == "-":
        left, right = residual.arguments
        return left, right
    return residual, Number(0.0)
