"""The state of a policy: which variables a decision depends on, and where they stand in an array of states.

A decision depends on the model's own states, on every exogenous variable whose present value matters (an autocorrelated
one; an independent one that stands in an equation of today), and on the regime of the Markov chain, where there is one. An
array of states, (..., n), has them in this order; the regime, last, is a whole number from 0. Several chains make one
regime, the last chain's turning fastest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from solver.language.tree import Expression, symbols_in
from solver.model.conditions import conditions_of
from solver.model.exogenous import Autoregression, Constant, Discretised, MarkovChain, regimes_of
from solver.model.kinked_functions import has_kinked_functions, kinks_of
from solver.model.spec import Model
from solver.settings import ProblemSize

REGIME = "regime"

Array = Any


@dataclass(frozen=True)
class StateSpace:
    """The columns of a state array.

    Attributes:
        exogenous: positions, among the exogenous variables, of those that are states.
        n_exogenous: number of exogenous variables.
        names: of all columns.
        n_continuous: number of columns before the regime.
        n_regimes: 1 where there is no chain; then there is no column for it.
    """

    exogenous: tuple[int, ...]
    n_exogenous: int
    names: tuple[str, ...]
    n_continuous: int
    n_regimes: int

    def continuous(self, states: Array) -> Array:
        """The columns before the regime, (..., n_continuous)."""
        return states[..., : self.n_continuous]

    def endogenous(self, states: Array) -> Array:
        """The model's own states, (..., n_states)."""
        return states[..., len(self.exogenous) : self.n_continuous]

    def regime_weights(self, xp: Any, states: Array) -> Array:
        """(..., n_regimes) one at the regime, zero elsewhere."""
        if self.n_regimes == 1:
            return xp.ones_like(states[..., :1])
        one = xp.ones_like(states[..., :1])
        regimes = xp.arange(self.n_regimes, dtype=one.dtype)
        return xp.where(xp.abs(states[..., -1:] - regimes) < 0.5, one, 0.0) + 0.0 * states[..., :1]

    def exogenous_of(self, xp: Any, mean: Array, values: Array, states: Array) -> Array:
        """The exogenous variables (n, n_exogenous) at states (n, n_columns); the mean of those that do not matter today.

        Args:
            xp: the array namespace.
            mean: (n_exogenous,) of the process.
            values: (n_regimes, n_exogenous) of the process.
            states: the states.
        """
        if self.n_exogenous == 0:
            return states[..., :0]
        total = mean + xp.matmul(self.regime_weights(xp, states), values)
        columns = [total[..., place] for place in range(self.n_exogenous)]
        for column, place in enumerate(self.exogenous):
            columns[place] = states[..., column]
        return xp.stack(columns, axis=-1)

    def with_regimes(self, rng: np.random.Generator, continuous: np.ndarray) -> np.ndarray:
        """States from continuous ones (n, n_continuous), each in a regime drawn uniformly."""
        if self.n_regimes == 1:
            return continuous
        regimes = rng.integers(self.n_regimes, size=(len(continuous), 1))
        return np.concatenate([continuous, regimes], axis=1)

    def in_every_regime(self, continuous: np.ndarray) -> np.ndarray:
        """States (n * n_regimes, n_columns) from continuous ones (n, n_continuous)."""
        if self.n_regimes == 1:
            return continuous
        regimes = np.repeat(np.arange(self.n_regimes), len(continuous))[:, None]
        return np.concatenate([np.tile(continuous, (self.n_regimes, 1)), regimes], axis=1)

    def join(self, xp: Any, exogenous: Array, endogenous: Array, regimes: Array) -> Array:
        """A state array from exogenous variables (..., n_exogenous), the model's states and regimes (...,)."""
        columns = [exogenous[..., position : position + 1] for position in self.exogenous]
        columns.append(endogenous)
        if self.n_regimes > 1:
            columns.append(regimes[..., None])
        return xp.concatenate(columns, axis=-1) if len(columns) > 1 else endogenous


@lru_cache(maxsize=256)
def state_space(model: Model) -> StateSpace:
    """The state of a policy of a model."""
    at_today = _exogenous_of_today(model)
    is_state: dict[str, bool] = {}
    n_regimes = 1
    for block in model.trees.exogenous:
        law = block.law
        n_regimes *= regimes_of(law)
        for name in block.names:
            if isinstance(law, MarkovChain | Discretised | Constant):
                is_state[name] = False
            else:
                is_state[name] = isinstance(law, Autoregression) or name in at_today
    exogenous = tuple(place for place, name in enumerate(model.exogenous) if is_state[name])
    names = (*(model.exogenous[place] for place in exogenous), *model.states)
    return StateSpace(
        exogenous=exogenous,
        n_exogenous=len(model.exogenous),
        names=(*names, REGIME) if n_regimes > 1 else names,
        n_continuous=len(names),
        n_regimes=n_regimes,
    )


def _exogenous_of_today(model: Model) -> frozenset[str]:
    """Exogenous variables that stand in an equation at the date of a decision, directly or through definitions."""
    trees = model.trees
    bounds = [
        bound
        for condition in trees.complementarity
        if condition is not None
        for bound in (condition.lower, condition.upper)
        if bound is not None
    ]
    felicity = () if trees.felicity is None else (trees.felicity,)
    found = _names_at(model, (*trees.arbitrage, *bounds, *felicity, *trees.definitions.values()), 0)
    return frozenset(found | _names_at(model, trees.transition, -1))


def _names_at(model: Model, expressions: Iterable[Expression], date: int) -> set[str]:
    found: set[str] = set()
    seen: set[tuple[str, int]] = set()
    pending = [(expression, 0) for expression in expressions]
    while pending:
        expression, offset = pending.pop()
        for symbol in symbols_in(expression):
            if symbol.shift is None:
                continue
            key = (symbol.name, symbol.shift + offset)
            if key in seen:
                continue
            seen.add(key)
            if symbol.name in model.trees.definitions:
                pending.append((model.trees.definitions[symbol.name], key[1]))
            elif symbol.name in model.exogenous and key[1] == date:
                found.add(symbol.name)
    return found


@lru_cache(maxsize=256)
def problem_size(model: Model) -> ProblemSize:
    """What the default method depends on."""
    space, trees = state_space(model), model.trees
    return ProblemSize(
        n_states=space.n_continuous,
        n_controls=len(model.controls) + sum(one.multiplier is None for one in conditions_of(model)),
        n_regimes=space.n_regimes,
        n_shocks=sum(
            len(block.names)
            for block in trees.exogenous
            if not isinstance(block.law, MarkovChain | Discretised | Constant)
        ),
        has_kinks=any(trees.complementarity) or has_kinked_functions(model),
        has_bounds=any(trees.complementarity),
        n_kinks=len(kinks_of(model)),
    )
