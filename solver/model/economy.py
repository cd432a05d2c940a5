"""A model's equations as functions of arrays, on NumPy or TensorFlow.

The last axis of an array is the variable, in the model's order; the axes before it are free and broadcast. Where
arithmetic leaves its domain (a negative number to a fractional power), results are nan or inf, silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.language.compiler import Backend, Key, Program, compile_program
from solver.language.tree import Expression, Symbol
from solver.model.spec import Model


class Economy:
    """The compiled equations of one model. Compile once and keep: a call only computes."""

    def __init__(self, model: Model, backend: Backend) -> None:
        self._model = model
        self._backend = backend
        self._definitions = self._compile([Symbol(name, 0) for name in model.definitions], (0,))
        self._transition = self._compile(model.trees.transition, (-1,))
        self._arbitrage: dict[frozenset[str], Program] = {}

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
        values = self._run(self._definitions, parameters, {0: (states, controls)})
        return dict(zip(self._model.definitions, values, strict=True))

    def transition(self, parameters: Any, states: Any, controls: Any) -> Any:
        """The states of the next date, (..., n_states); arguments as in :meth:`definitions`."""
        return self._backend.stack(self._run(self._transition, parameters, {-1: (states, controls)}))

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
        names = frozenset(given)
        if names not in self._arbitrage:
            self._arbitrage[names] = self._compile(self._model.trees.arbitrage, (0, 1), names)
        dates = {0: (states, controls), 1: (next_states, next_controls)}
        return self._backend.stack(self._run(self._arbitrage[names], parameters, dates, given))

    def _compile(
        self, expressions: Sequence[Expression], dates: Sequence[int], given: frozenset[str] = frozenset()
    ) -> Program:
        variables = (*self._model.states, *self._model.controls)
        keys: set[Key] = {(name, date) for name in variables for date in dates}
        keys |= {(name, None) for name in self._model.parameters} | {(name, 0) for name in given}
        return compile_program(expressions, frozenset(keys), self._model.trees.definitions, self._backend)

    def _run(
        self,
        program: Program,
        parameters: Any,
        dates: Mapping[int, tuple[Any, Any]],
        given: Mapping[str, Any] | None = None,
    ) -> list[Any]:
        given = given or {}
        values = [
            given[name] if date == 0 and name in given else self._column(name, date, parameters, dates)
            for name, date in program.inputs
        ]
        leading = [states[..., 0] for states, _ in dates.values()]
        return [self._backend.spread(value, leading) for value in program(values)]

    def _column(
        self, name: str, date: int | None, parameters: Any, dates: Mapping[int, tuple[Any, Any]]
    ) -> Any:
        if date is None:
            return parameters[..., self._model.parameters.index(name)]
        states, controls = dates[date]
        if name in self._model.states:
            return states[..., self._model.states.index(name)]
        return controls[..., self._model.controls.index(name)]
