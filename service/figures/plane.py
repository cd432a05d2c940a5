"""Which states a figure of a policy's domain shows: one or two along the axes, the others held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from service.errors import RequestError
from service.evaluation import Evaluator
from service.faults import shown
from service.figures.labels import short_number, symbol_of, values_of
from solver.errors import Fault
from solver.model.spec import Model
from solver.model.state_space import REGIME

#: States along a line: several in the width of a line where it is drawn.
POINTS = 601
MAX_REGIMES = 7


@dataclass(frozen=True)
class Line:
    """A line of states along an axis.

    Attributes:
        label: what makes it differ from the other lines.
        states: (POINTS, n_states).
    """

    label: str
    states: np.ndarray


@dataclass(frozen=True)
class Plane:
    """The states that are looked at.

    Attributes:
        model: whose states they are.
        domain: lower and upper end of every state.
        along: the state of the horizontal axis.
        across: the state of the vertical axis of a map; None where no other state is free.
        point: every state: where it is held, or its steady state.
        steady: every continuous state's steady state.
        regimes: those that are drawn, the first one for maps.
    """

    model: Model
    domain: Mapping[str, tuple[float, float]]
    along: str
    across: str | None
    point: Mapping[str, float]
    steady: Mapping[str, float]
    regimes: tuple[int, ...]

    def lines(self) -> list[Line]:
        """Lines along the axis: for each regime, or else across the other free state."""
        if len(self.regimes) > 1:
            return [Line(f"{REGIME} {regime}", self._line({REGIME: regime})) for regime in self.regimes]
        if self.across is None:
            return [Line("policy", self._line({}))]
        low, high = self.domain[self.across]
        symbol, middle = symbol_of(self.model, self.across), self.point[self.across]
        values = (low, (low + middle) / 2, middle, (middle + high) / 2, high)
        return [
            Line(
                f"{symbol} = {short_number(value)}" + (" (steady state)" if value == middle else ""),
                self._line({self.across: value}),
            )
            for value in dict.fromkeys(values)
        ]

    def square(self, side: int) -> np.ndarray:
        """States (side * side, n_states) in the middle of the cells of a map, row by row, ``across`` the slower."""
        assert self.across is not None
        (left, right), (low, high) = self.domain[self.along], self.domain[self.across]
        middles = (np.arange(side) + 0.5) / side
        across, along = np.meshgrid(
            low + (high - low) * middles, left + (right - left) * middles, indexing="ij"
        )
        return self._rows({self.along: along.ravel(), self.across: across.ravel()}, side * side)

    @property
    def is_through_steady_state(self) -> bool:
        """Whether every state that is held is at its steady state."""
        return all(self.point[name] == value for name, value in self.steady.items())

    def held(self) -> str:
        """What is held where, and for maps alone; empty where nothing is."""
        shown_states = {self.along, self.across}
        values = {name: value for name, value in self.point.items() if name not in shown_states}
        if len(self.regimes) > 1:
            values.pop(REGIME, None)
        parts = [f"held: {values_of(self.model, values)}"] if values else []
        if len(self.regimes) > 1 and self.across is not None:
            at = values_of(self.model, {self.across: self.point[self.across]})
            parts.append(f"lines: {at}; map: {REGIME} {self.point[REGIME]:.0f}")
        return "; ".join(parts)

    def _line(self, fixed: Mapping[str, float]) -> np.ndarray:
        return self._rows({**fixed, self.along: np.linspace(*self.domain[self.along], POINTS)}, POINTS)

    def _rows(self, given: Mapping[str, np.ndarray | float], count: int) -> np.ndarray:
        columns = [np.broadcast_to(given.get(name, value), count) for name, value in self.point.items()]
        return np.stack(columns, axis=-1).astype(float)


def choose_plane(
    evaluator: Evaluator, along: str | None, across: str | None, given: Mapping[str, float]
) -> Plane:
    """The plane through given states, or the steady state where none are.

    Left to choose, it takes the last states that are not given: a model's own come after its exogenous ones.

    Raises:
        RequestError: axes that are no states, or are given at the same time.
        StateError: given states at which the economy is not defined.
    """
    policy = evaluator.policy
    names = policy.space.names[: policy.space.n_continuous]
    free = [name for name in names if name not in given]
    _check_axes(names, free, along, across)
    along = along or [name for name in free if name != across][-1]
    others = [name for name in free if name != along]
    steady = {name: policy.calibration.steady_state[name] for name in names}
    point = {**steady, **given} if policy.space.n_regimes == 1 else {**steady, REGIME: 0.0, **given}
    regimes: tuple[int, ...] = ()
    if policy.space.n_regimes > 1:
        shares = policy.calibration.process.stationary_regimes()
        if REGIME not in given:
            point[REGIME] = float(np.argmax(shares))
        count = min(MAX_REGIMES, len(shares))
        every = np.unique(np.linspace(0, len(shares) - 1, count).round().astype(int)).tolist()
        regimes = (int(point[REGIME]),) if REGIME in given else tuple(every)
    evaluator.evaluate(np.array([list(point.values())]))
    return Plane(
        policy.model,
        evaluator.domain,
        along,
        across or (others[-1] if others else None),
        point,
        steady,
        regimes,
    )


def _check_axes(names: tuple[str, ...], free: list[str], along: str | None, across: str | None) -> None:
    faults = []
    for field, name in (("along", along), ("across", across)):
        if name is None:
            continue
        if name not in names:
            message = (
                f"{field} = {shown(name)} is none of the states of an axis; choose one of: {', '.join(names)}"
            )
            faults.append(Fault((field,), message))
        elif name not in free:
            faults.append(Fault((name,), f"{name} is given and {field} an axis; leave out one of the two"))
    if along is not None and along == across:
        faults.append(Fault(("across",), f"across = {shown(across)} is along, too; choose another state"))
    if not free:
        faults.append(
            Fault((), "every state is given, so that none is left for the axis; leave out one of them")
        )
    elif along is None and free == [across]:
        faults.append(
            Fault(("across",), f"across = {shown(across)} is the only free state; give it as along")
        )
    if faults:
        raise RequestError(faults)
