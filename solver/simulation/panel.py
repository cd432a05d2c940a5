"""What every variable of an economy does along simulated paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solver.model.economy import Date
from solver.model.state_space import REGIME
from solver.policy.defined import has_finite_equations
from solver.policy.policy import Policy
from solver.simulation.paths import Draws, Paths, draw_shocks, simulate_in_blocks


@dataclass(frozen=True)
class Panel:
    """The variables along some paths, by name, (periods, paths) each.

    A path that leaves the states at which the economy is defined is NaN from there on.

    Attributes:
        states: of the policy; the regime of a Markov chain is one of them.
        controls: what the policy decides.
        definitions: what follows from these.
        shocks: the values of the exogenous variables that are no states; what no draw led to, in the period of departure,
            is NaN.
        is_defined: (periods, paths) whether the path is still where the economy is defined.
    """

    states: Mapping[str, np.ndarray]
    controls: Mapping[str, np.ndarray]
    definitions: Mapping[str, np.ndarray]
    shocks: Mapping[str, np.ndarray]
    is_defined: np.ndarray

    @property
    def n_lost(self) -> int:
        """How many paths do not reach the last period."""
        return int((~self.is_defined[-1]).sum())

    def quantities(self) -> dict[str, np.ndarray]:
        """Every variable but the regime, whose number measures nothing."""
        groups = self.groups().values()
        return {name: values for group in groups for name, values in group.items() if name != REGIME}

    def groups(self) -> dict[str, Mapping[str, np.ndarray]]:
        """The variables by what they are: ``states``, ``controls``, ``definitions`` and ``shocks``."""
        return {
            "states": self.states,
            "controls": self.controls,
            "definitions": self.definitions,
            "shocks": self.shocks,
        }

    def since(self, period: int) -> Panel:
        """The same from a period on."""

        def cut(group: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {name: values[period:] for name, values in group.items()}

        groups = cut(self.states), cut(self.controls), cut(self.definitions), cut(self.shocks)
        return Panel(*groups, self.is_defined[period:])

    @staticmethod
    def side_by_side(panels: Sequence[Panel]) -> Panel:
        """The paths of several panels of the same variables and periods, one panel's after the other's."""
        if len(panels) == 1:
            return panels[0]

        def join(groups: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
            return {name: np.concatenate([group[name] for group in groups], axis=1) for name in groups[0]}

        return Panel(
            join([panel.states for panel in panels]),
            join([panel.controls for panel in panels]),
            join([panel.definitions for panel in panels]),
            join([panel.shocks for panel in panels]),
            np.concatenate([panel.is_defined for panel in panels], axis=1),
        )


def record(policy: Policy, paths: Paths, innovations: np.ndarray) -> Panel:
    """Every variable along paths.

    Args:
        policy: that they were simulated under.
        paths: periods of paths.
        innovations: (periods, paths or 1, n_exogenous) that led to each period; NaN where none did.
    """
    space, process = policy.space, policy.calibration.process
    parameters = policy.calibration.parameter_vector()
    with np.errstate(all="ignore"):
        exogenous = space.exogenous_of(np, process.mean, process.values, paths.states)
        today = Date(exogenous, space.endogenous(paths.states), paths.controls)
        definitions = policy.economy.definitions(parameters, today)
        alive = np.logical_and.accumulate(_is_defined(policy, paths, today, definitions), axis=0)
        is_random = np.diag(process.innovation_covariance) > 0
        shocks = {
            name: exogenous[..., place] + (innovations[..., place] if is_random[place] else 0.0)
            for place, name in enumerate(policy.model.exogenous)
            if place not in space.exogenous
        }

    def kept(group: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.where(alive, values, np.nan) for name, values in group.items()}

    return Panel(
        kept({name: paths.states[..., place] for place, name in enumerate(space.names)}),
        kept({name: paths.controls[..., place] for place, name in enumerate(policy.model.controls)}),
        kept(definitions),
        kept(shocks),
        alive,
    )


def simulate_panel(
    policy: Policy, initial: np.ndarray, draws: Draws, on_period: Callable[[], None] | None = None
) -> Panel:
    """Every variable along the paths of :func:`solver.simulation.paths.simulate`, the states of departure first."""
    with np.errstate(all="ignore"):
        paths = simulate_in_blocks(policy, initial, draws, on_period)
    none = np.full((1, *draws.innovations.shape[1:]), np.nan)
    return record(policy, paths, np.concatenate([none, draws.innovations]))


def at_rest(policy: Policy, rng: np.random.Generator, paths: int) -> np.ndarray:
    """The steady state of the calibration, (paths, n_columns), each in a regime drawn from their long-run shares."""
    steady = np.tile(policy.calibration.state_steady(), (paths, 1))
    process = policy.calibration.process
    if process.n_regimes == 1:
        return steady
    regimes = rng.choice(process.n_regimes, size=(paths, 1), p=process.stationary_regimes())
    return np.concatenate([steady, regimes], axis=1)


def ergodic_panel(policy: Policy, rng: np.random.Generator, paths: int, burn_in: int, periods: int) -> Panel:
    """Paths of some periods in the long run: those before, from the steady state on, are not kept."""
    initial = at_rest(policy, rng, paths)
    draws = draw_shocks(policy.calibration.process, rng, burn_in + periods - 1, paths)
    return simulate_panel(policy, initial, draws).since(burn_in)


def _is_defined(
    policy: Policy, paths: Paths, today: Date, definitions: Mapping[str, np.ndarray]
) -> np.ndarray:
    """(periods, paths) whether a period is one of the economy; the equations are asked outside the domain."""
    is_defined: np.ndarray = np.isfinite(paths.states).all(axis=-1) & np.isfinite(paths.controls).all(axis=-1)
    for values in definitions.values():
        is_defined &= np.isfinite(values)
    continuous = policy.space.continuous(paths.states)
    calibration = policy.calibration
    outside = ((continuous < calibration.lower()) | (continuous > calibration.upper())).any(axis=-1)
    is_defined[outside] &= has_finite_equations(policy, Date(*(array[outside] for array in today)))
    return is_defined
