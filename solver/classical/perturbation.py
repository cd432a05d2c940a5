"""First-order perturbation: the linear rule at the steady state, on the saddle path.

With deviations ``y = (m, s, x)`` of exogenous variables, states and controls from the steady state, exogenous
``m' = Φ m``, transition ``s' = G_m m + G_s s + G_x x + G_m' m'`` and arbitrage ``F_m m + F_s s + F_x x + F_m' m' + F_s'
s' + F_x' x' = 0`` read ``A y' = B y``. The generalised Schur form orders the roots of ``B v = λ A v``, the stable ones
first; the rule is ``x = Z_21 Z_11⁻¹ (m, s)`` (Klein 2000). It is unique exactly when as many roots are stable as there
are predetermined variables (Blanchard and Kahn 1980). Derivatives are exact, by dual numbers. Where a complementarity
condition binds at the steady state, its bound holds in the place of its equation.

A Markov chain enters by the offset of each regime: with the slopes known, the offsets ``b_r`` solve one linear
system, exact to first order in the chain's deviations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import ordqz, solve_discrete_lyapunov

from solver.language.dual_backend import DUAL, Dual
from solver.language.numpy_backend import NUMPY
from solver.model.economy import Date, Economy
from solver.model.process import Process
from solver.model.spec import Model
from solver.model.state_space import state_space
from solver.model.steady_state import SteadyState

_UNIT_ROOT = 1 + 1e-9
_BINDING = 1e-9


class Derivatives(NamedTuple):
    """Derivatives of a model at its steady state.

    Attributes:
        transition: (n_states, n_exogenous + n_states + n_controls + n_exogenous): today's variables, then tomorrow's
            exogenous ones.
        arbitrage: (n_equations, 2 (n_exogenous + n_states + n_controls)): today's variables, then tomorrow's.
    """

    transition: np.ndarray
    arbitrage: np.ndarray


@dataclass(frozen=True)
class LinearRule:
    """The first-order decision rule.

    Attributes:
        slope: (n_controls, n_continuous) derivatives with respect to the policy's continuous states; None unless the
            rule is unique.
        offsets: (n_regimes, n_controls) what each regime adds at the steady state.
        system: (n_equations, n_controls) total derivatives of the arbitrage conditions with respect to today's controls,
            tomorrow following the rule.
        covariance: (n_continuous, n_continuous) ergodic covariance of the continuous states; None where a root is not
            below 1.
        n_stable: roots within the unit circle, beside those of the exogenous variables; a unit root counts as stable.
        n_states: how many there must be.
        unstable_root: the smallest root outside the unit circle, in modulus; infinite where there is none.
    """

    slope: np.ndarray | None
    offsets: np.ndarray
    system: np.ndarray
    covariance: np.ndarray | None
    n_stable: int
    n_states: int
    unstable_root: float = np.inf

    @property
    def verdict(self) -> str:
        """What the Blanchard-Kahn count says: ``"unique"``, ``"none"`` or ``"many"``."""
        if self.slope is not None:
            return "unique"
        return "none" if self.n_stable < self.n_states else "many"

    @property
    def sentence(self) -> str:
        """The count in words."""
        count = f"{self.n_stable} stable root(s) for {self.n_states} state(s)"
        meaning = {
            "unique": "one stable solution near the steady state",
            "none": "no stable solution near the steady state: every path explodes",
            "many": "many stable solutions near the steady state: expectations alone can move this economy",
        }
        return f"{count}: {meaning[self.verdict]}"


@lru_cache(maxsize=64)
def _economy(model: Model) -> tuple[Economy, Economy]:
    return Economy(model, DUAL), Economy(model, NUMPY)


def steady_state_derivatives(model: Model, steady: SteadyState) -> Derivatives:
    """Derivatives of transition and arbitrage at a steady state."""
    economy, by_value = _economy(model)
    sizes = [len(model.exogenous), len(model.states), len(model.controls)]
    point = _point(model, steady)
    parameters = np.array(list(steady.parameters.values()))
    seeds = np.eye(2 * len(point))
    fixed = Dual(parameters, np.zeros((len(parameters), len(seeds))))
    parts = [
        Dual(values, rows)
        for values, rows in zip(
            np.split(np.tile(point, 2), np.cumsum([*sizes, *sizes])[:-1]),
            np.split(seeds, np.cumsum([*sizes, *sizes])[:-1]),
            strict=True,
        )
    ]
    today, tomorrow = Date(*parts[:3]), Date(*parts[3:])
    n_moved = len(point) + sizes[0]
    transition = economy.transition(fixed, today, tomorrow.exogenous).tangent[:, :n_moved]
    left, right = economy.arbitrage_sides(fixed, today, tomorrow)
    arbitrage = np.array(left.tangent - right.tangent)
    _bind(model, economy, by_value, fixed, today, arbitrage, left.value - right.value)
    return Derivatives(np.array(transition), arbitrage)


def _bind(
    model: Model,
    economy: Economy,
    by_value: Economy,
    parameters: Dual,
    today: Date,
    arbitrage: np.ndarray,
    residuals: np.ndarray,
) -> None:
    """Put the bound in the place of each equation whose condition binds."""
    lowers, uppers = economy.bounds(parameters, today.exogenous, today.states)
    places = [place for place, one in enumerate(model.trees.complementarity) if one is not None]
    for place, control, lower, upper in zip(places, by_value.bounded, lowers, uppers, strict=True):
        held, residual = today.controls[..., control], residuals[place]
        for bound, is_pushed in ((lower, residual > _BINDING), (upper, residual < -_BINDING)):
            distance = abs(held.value - bound.value)
            if is_pushed and np.isfinite(bound.value) and distance <= 1e-6 * (1 + abs(held.value)):
                arbitrage[place] = held.tangent - bound.tangent


def _point(model: Model, steady: SteadyState) -> np.ndarray:
    names = (*model.exogenous, *model.states, *model.controls)
    return np.array([steady.values[name] for name in names])


def linear_rule(model: Model, steady: SteadyState) -> LinearRule:
    """The linear rule of a model at its steady state."""
    point, process = _point(model, steady), steady.process
    deviations = np.where(process.values.any(axis=0), process.values - point[: len(model.exogenous)], 0.0)
    persistence = process.persistence + _chain_persistence(process, deviations)
    return solve_first_order(
        steady_state_derivatives(model, steady),
        persistence,
        _total_innovations(process, deviations, persistence),
        (process.transitions, deviations),
        np.array(state_space(model).exogenous, dtype=int),
        np.where(point != 0, np.abs(point), 1.0),
    )


def _chain_persistence(process: Process, deviations: np.ndarray) -> np.ndarray:
    """The best linear forecast of a chain's variables from their present values, as a persistence."""
    share = process.stationary_regimes()
    centred = deviations - share @ deviations
    variance = centred.T @ (share[:, None] * centred)
    ahead = (process.transitions @ centred).T @ (share[:, None] * centred)
    return np.asarray(ahead @ np.linalg.pinv(variance, rcond=1e-10))


def _total_innovations(process: Process, deviations: np.ndarray, persistence: np.ndarray) -> np.ndarray:
    share = process.stationary_regimes()
    centred = deviations - share @ deviations
    variance = centred.T @ (share[:, None] * centred)
    return np.asarray(process.innovation_covariance + variance - persistence @ variance @ persistence.T)


def solve_first_order(
    derivatives: Derivatives,
    persistence: np.ndarray,
    innovations: np.ndarray,
    chain: tuple[np.ndarray, np.ndarray],
    exogenous_states: np.ndarray,
    units: np.ndarray,
) -> LinearRule:
    """The linear rule from derivatives at the steady state.

    Args:
        derivatives: of transition and arbitrage.
        persistence: (n_exogenous, n_exogenous) Φ.
        innovations: (n_exogenous, n_exogenous) covariance of their innovations.
        chain: transitions (R, R) of the regimes, and the deviations (R, n_exogenous) of their values.
        exogenous_states: positions of the exogenous variables that are states of the policy.
        units: (n_exogenous + n_states + n_controls,) the size of each variable, in which the system is well scaled.
    """
    n_exogenous, n_states = len(persistence), len(derivatives.transition)
    n_all = len(units)
    moved_m, moved_s, moved_x, moved_next = np.split(
        derivatives.transition, np.cumsum([n_exogenous, n_states, n_all - n_exogenous - n_states]), axis=1
    )
    today, tomorrow = np.split(derivatives.arbitrage, 2, axis=1)
    n_fixed = n_exogenous + n_states
    law = np.zeros((n_fixed, n_all))
    law[:n_exogenous, :n_exogenous] = persistence
    law[n_exogenous:] = np.concatenate([moved_m + moved_next @ persistence, moved_s, moved_x], axis=1)
    a = np.concatenate([np.eye(n_fixed, n_all), tomorrow])
    b = np.concatenate([law, -today])
    rows = np.concatenate([units[:n_fixed], np.ones(n_all - n_fixed)])
    rule, n_stable, unstable = _schur(_scaled(a, rows, units), _scaled(b, rows, units), n_fixed)
    system = today[:, n_fixed:] + tomorrow[:, n_exogenous:n_fixed] @ moved_x
    offsets = np.zeros((len(chain[0]), n_all - n_fixed))
    if rule is None:
        return LinearRule(None, offsets, system, None, n_stable - n_exogenous, n_states, unstable)
    rule = units[n_fixed:, None] * rule / units[:n_fixed]
    ahead = tomorrow[:, n_exogenous:n_fixed] + tomorrow[:, n_fixed:] @ rule[:, n_exogenous:]
    system = today[:, n_fixed:] + ahead @ moved_x
    if len(offsets) > 1:
        pieces = (today[:, :n_exogenous] + ahead @ moved_m, tomorrow[:, :n_exogenous] + ahead @ moved_next)
        offsets = _offsets(system, tomorrow[:, n_fixed:], pieces, *chain)
    kept = np.concatenate([exogenous_states, np.arange(n_exogenous, n_fixed)])
    closed = law[:, :n_fixed] + law[:, n_fixed:] @ rule
    impact = np.concatenate([np.eye(n_exogenous), moved_next])
    return LinearRule(
        slope=rule[:, kept],
        offsets=offsets,
        system=system,
        covariance=_ergodic(closed, impact @ innovations @ impact.T, kept, units[:n_fixed]),
        n_stable=n_stable - n_exogenous,
        n_states=n_states,
        unstable_root=unstable,
    )


def _scaled(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.asarray(matrix * columns / rows[:, None])


def _schur(a: np.ndarray, b: np.ndarray, n_fixed: int) -> tuple[np.ndarray | None, int, float]:
    """The stable rule of ``a y' = b y``, None unless unique, the number of stable roots, the smallest unstable one."""
    size = np.maximum(np.abs(a).max(axis=1), np.abs(b).max(axis=1))
    size = np.where(size > 0, size, 1.0)[:, None]

    def is_stable(alpha: Any, beta: Any) -> Any:
        """Elementwise, as ``ordqz`` calls it; its stub knows scalars only."""
        return np.abs(alpha) <= _UNIT_ROOT * np.abs(beta)

    _, _, alpha, beta, _, z = ordqz(b / size, a / size, sort=is_stable, output="complex")
    stable = is_stable(alpha, beta)
    n_stable = int(np.sum(stable))
    finite = ~stable & (beta != 0)
    unstable = float(np.min(np.abs(alpha[finite] / beta[finite]), initial=np.inf))
    z_11, z_21 = z[:n_fixed, :n_fixed], z[n_fixed:, :n_fixed]
    if n_stable != n_fixed or np.linalg.matrix_rank(z_11) < n_fixed:
        return None, n_stable, unstable
    return np.real(np.linalg.solve(z_11.T, z_21.T).T), n_stable, unstable


def _offsets(
    system: np.ndarray,
    next_controls: np.ndarray,
    pieces: tuple[np.ndarray, np.ndarray],
    transitions: np.ndarray,
    deviations: np.ndarray,
) -> np.ndarray:
    """``system b_r + F_x' E[b_r'] = -(pieces[0] δ_r + pieces[1] E[δ_r'])``, for every regime at once."""
    matrix = np.kron(np.eye(len(transitions)), system) + np.kron(transitions, next_controls)
    aim = deviations @ pieces[0].T + transitions @ deviations @ pieces[1].T
    return np.asarray(np.linalg.lstsq(matrix, -aim.ravel(), rcond=None)[0].reshape(len(transitions), -1))


def _ergodic(
    closed: np.ndarray, shocks: np.ndarray, kept: np.ndarray, units: np.ndarray
) -> np.ndarray | None:
    closed, shocks = _scaled(closed, units, units), shocks / np.outer(units, units)
    if np.abs(np.linalg.eigvals(closed)).max() >= 1:
        return None
    covariance = solve_discrete_lyapunov(closed, shocks) * np.outer(units, units)
    return np.asarray(covariance[np.ix_(kept, kept)])
