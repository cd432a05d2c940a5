"""Certifying a policy: every check, on fresh states that training never saw.

A low Euler error is not a solution: a policy that saves everything can have one over a whole box. So a policy must also
keep the steady state, lead back to it from the corners of the domain, contract near it, and stay away from where
the economy ends (consumption zero, capital zero).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.diagnostics.certificate import (
    Certificate,
    Check,
    ErrorSummary,
    EulerErrors,
    judge,
    summarise,
    worst,
)
from solver.diagnostics.euler_errors import error_units, euler_errors, policy_euler_errors
from solver.language.numpy_backend import NUMPY
from solver.model.calibration import Calibration
from solver.model.consumption import consumption
from solver.model.economy import Economy
from solver.model.spec import Model
from solver.numerics.sampling import corners, edge_weighted_box, uniform_box
from solver.policy.policy import Policy
from solver.simulation.paths import Paths, simulate

_BOX_STATES = 512
_EDGE_STATES = 512
_PATHS = 32
_PATH_PERIODS = 100
_HORIZON = 20 * _PATH_PERIODS
_STREAM = 3

_ERROR_PASS, _ERROR_WARN = -4.0, -2.0
_STEADY_PASS, _STEADY_WARN = 1e-4, 1e-2
_RETURN_PASS, _RETURN_WARN = 1e-3, 1e-2
_SLACK = 3.0
_LEAVE_PASS, _LEAVE_WARN = 0.3, 1.0
_EDGE_PASS, _EDGE_WARN = 0.0, 0.01
_MARGIN = 1e-3


@dataclass(frozen=True)
class _Case:
    """A policy under examination, with what every check needs."""

    economy: Economy
    calibration: Calibration
    policy: Policy
    parameters: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def step(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Controls (n, n_controls) and next states (n, n_states)."""
        controls = self.policy.evaluate(states)
        return controls, self.economy.transition(self.parameters, states, controls)

    @property
    def steady(self) -> np.ndarray:
        """The steady state, (n_states,)."""
        return self.calibration.state_steady()

    def distance(self, states: np.ndarray) -> np.ndarray:
        """Largest distance (…,) to the steady state, in half-widths of the domain."""
        return np.asarray((np.abs(states - self.steady) / ((self.upper - self.lower) / 2)).max(axis=-1))


def certify(model: Model, calibration: Calibration, policy: Policy, target: float, seed: int) -> Certificate:
    """Judge a policy.

    Args:
        model: the economy.
        calibration: its parameters, steady state and domain.
        policy: what is judged.
        target: the largest Euler error that was asked for.
        seed: of the fresh states.

    Returns:
        The certificate; its verdict is the worst of its checks.
    """
    case = _Case(
        Economy(model, NUMPY),
        calibration,
        policy,
        calibration.parameter_vector(),
        calibration.lower(),
        calibration.upper(),
    )
    rng = np.random.default_rng([seed, _STREAM])
    ends = corners(case.lower, case.upper)
    initial = np.concatenate([ends, uniform_box(rng, case.lower, case.upper, _PATHS)])
    box = np.concatenate(
        [
            uniform_box(rng, case.lower, case.upper, _BOX_STATES),
            edge_weighted_box(rng, case.lower, case.upper, _EDGE_STATES),
            ends,
        ]
    )
    with np.errstate(all="ignore"):
        paths = simulate(case.economy, case.parameters, policy, initial, _PATH_PERIODS)
        errors = EulerErrors(
            units=error_units(case.economy),
            box=summarise(policy_euler_errors(case.economy, case.parameters, policy.evaluate, box)),
            ergodic=_errors_along(case, paths),
        )
        spectral_radius = _check_spectral_radius(case)
        checks = (
            _check_errors("euler-box", errors.box, "over fresh states of the whole domain"),
            _check_errors("euler-ergodic", errors.ergodic, "along simulated paths"),
            _check_target(errors.box, target),
            _check_steady_state(case),
            spectral_radius,
            _check_convergence(case, paths, spectral_radius.value),
            _check_stays(case, paths),
            _check_interior(case, box[_BOX_STATES:]),
        )
    return Certificate(
        verdict=worst(check.verdict for check in checks),
        steady_state=calibration.steady_state,
        euler_errors=errors,
        checks=checks,
    )


def _errors_along(case: _Case, paths: Paths) -> ErrorSummary:
    """Errors along paths; each path's own next period is its tomorrow."""

    def flat(array: np.ndarray) -> np.ndarray:
        return array.reshape(-1, array.shape[-1])

    today = flat(paths.states[:-1]), flat(paths.controls[:-1])
    tomorrow = flat(paths.states[1:]), flat(paths.controls[1:])
    return summarise(euler_errors(case.economy, case.parameters, *today, *tomorrow))


def _check_errors(name: str, summary: ErrorSummary, where: str) -> Check:
    verdict = judge(summary.max_log10, _ERROR_PASS, _ERROR_WARN)
    outcome = "is not defined" if summary.max_log10 is None else f"is 10^{summary.max_log10:.1f}"
    return Check(
        name=name,
        verdict=verdict,
        value=summary.max_log10,
        threshold=_ERROR_PASS,
        meaning=f"The largest Euler error {where} {outcome}; up to 10^{_ERROR_PASS:g} passes, "
        f"above 10^{_ERROR_WARN:g} fails.",
    )


def _check_target(summary: ErrorSummary, target: float) -> Check:
    value, threshold = summary.max_log10, float(np.log10(target))
    is_met = value is not None and value <= threshold
    return Check(
        name="target",
        verdict="pass" if is_met else "warn",
        value=value,
        threshold=threshold,
        meaning=f"The largest Euler error of the fresh states {'meets' if is_met else 'misses'} "
        f"the target of {target:g}.",
    )


def _check_steady_state(case: _Case) -> Check:
    controls, next_states = case.step(case.steady[None])
    known = case.calibration.control_steady()
    off = np.abs(controls[0] - known) / np.maximum(np.abs(known), case.policy.frame.scale)
    value = _finite(max(float(off.max()), float(case.distance(next_states)[0])))
    return Check(
        name="steady-state",
        verdict=judge(value, _STEADY_PASS, _STEADY_WARN),
        value=value,
        threshold=_STEADY_PASS,
        meaning="How far the policy, applied at the steady state, leads away from it: relative to each control's "
        "size and each state's half domain.",
    )


def _check_spectral_radius(case: _Case) -> Check:
    """The largest root of the closed loop ``s' = g(s, x(s))`` at the steady state, by central differences."""
    width = 1e-5 * (case.upper - case.lower)
    shifts = np.diag(width)
    _, above = case.step(case.steady + shifts)
    _, below = case.step(case.steady - shifts)
    jacobian = ((above - below) / (2 * width[:, None])).T
    value = None
    if np.all(np.isfinite(jacobian)):
        value = float(np.abs(np.linalg.eigvals(jacobian)).max())
    return Check(
        name="spectral-radius",
        verdict="pass" if value is not None and value < 1 else "fail",
        value=value,
        threshold=1.0,
        meaning="The largest root of the economy under the policy at its steady state; below one, small deviations "
        "die out.",
    )


def _check_convergence(case: _Case, paths: Paths, root: float | None) -> Check:
    """From the corners of the domain, and from random states of it, the economy must come home.

    Where its largest root is so near one that this takes longer than anybody looks, it must be as far on its way as
    that root explains; then the check warns.
    """
    periods, states = _PATH_PERIODS, paths.states[-1]
    while periods < _HORIZON and np.any(case.distance(states) > _RETURN_PASS):
        states = simulate(case.economy, case.parameters, case.policy, states, _PATH_PERIODS).states[-1]
        periods += _PATH_PERIODS
    value = _finite(float(case.distance(states).max()))
    on_its_way = _SLACK * root**periods if root is not None and root < 1 else 0.0
    return Check(
        name="convergence",
        verdict=judge(value, _RETURN_PASS, max(_RETURN_WARN, min(on_its_way, 1.0))),
        value=value,
        threshold=_RETURN_PASS,
        meaning=f"How far from the steady state, in half domains, paths from the corners of the domain and from "
        f"random states still are after {periods} periods.",
    )


def _check_stays(case: _Case, paths: Paths) -> Check:
    """Paths should not go where the policy is extrapolated; what they meet there is in the ergodic errors."""
    value = _finite(float(np.abs(case.policy.frame.scaled(paths.states)).max() - 1))
    return Check(
        name="stays-in-domain",
        verdict=judge(value, _LEAVE_PASS, _LEAVE_WARN),
        value=None if value is None else max(value, 0.0),
        threshold=_LEAVE_PASS,
        meaning="How far beyond the domain, in half domains, paths from its corners and from random states go: the "
        "policy is extrapolated there.",
    )


def _check_interior(case: _Case, states: np.ndarray) -> Check:
    """A policy that saves everything, or nothing, sits where a slightly larger or smaller control ends the economy."""
    controls = case.policy.evaluate(states)
    moves = _MARGIN * np.diag(case.policy.frame.scale)
    is_interior = np.ones(len(states), dtype=bool)
    for move in (*moves, *-moves):
        moved = controls + move
        next_states = case.economy.transition(case.parameters, states, moved)
        is_interior &= _is_defined(case, states, moved)
        is_interior &= _is_defined(case, next_states, case.policy.evaluate(next_states))
    value = float(np.mean(~is_interior))
    return Check(
        name="interior",
        verdict=judge(value, _EDGE_PASS, _EDGE_WARN),
        value=value,
        threshold=_EDGE_PASS,
        meaning=f"Share of states at which moving a control by {100 * _MARGIN:g} % of its size would end the "
        "economy (no consumption today or tomorrow, or an equation undefined): an artificial bound.",
    )


def _is_defined(case: _Case, states: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """(n,) whether every definition is finite and consumption, where there is one, positive."""
    definitions = case.economy.definitions(case.parameters, states, controls)
    values = np.stack([*np.moveaxis(controls, -1, 0), *definitions.values()])
    is_defined: np.ndarray = np.isfinite(values).all(axis=0)
    eaten = consumption(case.economy, case.parameters, states, controls)
    return is_defined if eaten is None else is_defined & (eaten > 0)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
