"""Certifying a policy: every check, on fresh states that training never saw.

A low Euler error is not a solution: a policy that saves everything can have one over a whole box. So a policy must also
keep the steady state, lead back to it from the corners of the domain, contract near it, agree there with first-order
perturbation, and stay away from where the economy ends (consumption zero, capital zero). Where there are shocks, paths
from different corners that meet the same shocks must meet each other, and time must be spent around the steady state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solver.calibrate import Calibration
from solver.diagnostics.certificate import (
    Certificate,
    Check,
    ErrorSummary,
    EulerErrors,
    judge,
    summarise,
    worst,
)
from solver.diagnostics.euler_errors import ConditionErrors, EulerJudge
from solver.expectation.ahead import build_expectation
from solver.model.consumption import consumption
from solver.model.economy import Date
from solver.numerics.sampling import corners, edge_weighted_box, uniform_box
from solver.policy.policy import Policy
from solver.settings import SolveSettings
from solver.simulation.paths import Draws, Paths, draw_shocks, no_shocks, simulate

_BOX_STATES = 512
_EDGE_STATES = 512
_PATHS = 32
_PATH_PERIODS = 100
_HORIZON = 20 * _PATH_PERIODS
_RANDOM_PATHS = 50
_BURN_IN = 200
_RANDOM_PERIODS = 200
_JUDGED_STATES = 1000
_STREAM = 3

_ERROR_PASS, _ERROR_WARN = -4.0, -2.0
_STEADY_PASS, _STEADY_WARN = 1e-4, 1e-2
_AROUND_PASS, _AROUND_WARN = 0.5, 1.0
_RETURN_PASS, _RETURN_WARN = 1e-3, 1e-2
_SLACK = 3.0
_LEAVE_PASS, _LEAVE_WARN = 0.3, 1.0
#: A tenth of a per cent of consumption is less than such models are trusted to; a tenth of it is no answer.
_ADDED_PASS, _ADDED_WARN = 1e-3, 1e-1
_EDGE_PASS, _EDGE_WARN = 0.0, 0.01
_SLOPE_PASS, _SLOPE_WARN = 0.1, 0.5
_MARGIN = 1e-3


@dataclass(frozen=True)
class _Case:
    """A policy under examination, with what every check needs."""

    policy: Policy
    settings: SolveSettings

    @property
    def calibration(self) -> Calibration:
        return self.policy.calibration

    @cached_property
    def lower(self) -> np.ndarray:
        return self.calibration.lower()

    @cached_property
    def upper(self) -> np.ndarray:
        return self.calibration.upper()

    @cached_property
    def steady(self) -> np.ndarray:
        """The steady state of the continuous states, (n_continuous,)."""
        return self.calibration.state_steady()

    @property
    def is_random(self) -> bool:
        """Whether anything is left to chance."""
        process = self.calibration.process
        return process.n_regimes > 1 or bool(np.any(process.innovation_covariance))

    @cached_property
    def parameters(self) -> np.ndarray:
        return self.calibration.parameter_vector()

    def step(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Controls (n, n_controls) and next states (n, n_columns), without shocks."""
        paths = simulate(self.policy, states, no_shocks(self.calibration.process, 1))
        return paths.controls[0], paths.states[1]

    def scaled(self, states: np.ndarray) -> np.ndarray:
        """Continuous states in half domains around the middle of the domain."""
        return np.asarray(self.policy.frame.scaled(self.policy.space.continuous(states)))

    def distance(self, states: np.ndarray) -> np.ndarray:
        """Largest distance (…,) to the steady state, in half domains."""
        away = self.policy.space.continuous(states) - self.steady
        return np.asarray((np.abs(away) / ((self.upper - self.lower) / 2)).max(axis=-1))


def certify(policy: Policy, settings: SolveSettings) -> Certificate:
    """Judge a policy.

    Args:
        policy: what is judged.
        settings: resolved; the target and the seed, and the rule for E[.], of which the next finer one is taken.

    Returns:
        The certificate; its verdict is the worst of its checks.
    """
    assert settings.target is not None
    case = _Case(policy, settings)
    calibration, space = case.calibration, policy.space
    rng = np.random.default_rng([settings.seed, _STREAM])
    ends = space.in_every_regime(corners(case.lower, case.upper))
    initial = space.with_regimes(rng, uniform_box(rng, case.lower, case.upper, _PATHS))
    box = np.concatenate(
        [
            space.with_regimes(rng, uniform_box(rng, case.lower, case.upper, _BOX_STATES)),
            space.with_regimes(rng, edge_weighted_box(rng, case.lower, case.upper, _EDGE_STATES)),
            ends,
        ]
    )
    rule = build_expectation(calibration.process, settings.method.expectation, finer=True)
    measure = EulerJudge(policy.model, calibration, rule)
    with np.errstate(all="ignore"):
        home = simulate(
            policy, np.concatenate([ends, initial]), no_shocks(calibration.process, _PATH_PERIODS)
        )
        visited = _random_states(case, rng, box) if case.is_random else home.states
        over_box = measure.errors(policy.evaluate, box)
        along = measure.errors(policy.evaluate, _thinned(visited))
        errors = EulerErrors(
            units=measure.units,
            box=summarise(over_box.largest()),
            ergodic=summarise(along.largest()),
            binding=_where_binding(over_box),
        )
        spectral_radius = _check_spectral_radius(case)
        checks = (
            _check_errors("euler-box", errors.box, "over fresh states of the whole domain"),
            _check_errors("euler-ergodic", errors.ergodic, "along simulated paths"),
            _check_target(errors.box, settings.target),
            _check_accumulated(case, errors),
            _check_around(case, visited) if case.is_random else _check_steady_state(case),
            _check_determinacy(case),
            _check_slopes(case),
            spectral_radius,
            _check_meeting(case, rng, ends, spectral_radius)
            if case.is_random
            else _check_convergence(case, home, spectral_radius),
            _check_stays(case, visited),
            _check_interior(case, box[_BOX_STATES:]),
        )
    return Certificate(
        verdict=worst(check.verdict for check in checks),
        steady_state=calibration.steady_state,
        euler_errors=errors,
        checks=checks,
    )


def _random_states(case: _Case, rng: np.random.Generator, box: np.ndarray) -> np.ndarray:
    """States (periods, paths, n_columns) along simulated paths, after a burn-in."""
    draws = draw_shocks(case.calibration.process, rng, _BURN_IN + _RANDOM_PERIODS, _RANDOM_PATHS)
    return simulate(case.policy, box[:_RANDOM_PATHS], draws).states[_BURN_IN:]


def _thinned(states: np.ndarray) -> np.ndarray:
    """About ``_JUDGED_STATES`` of the states along paths, evenly, (n, n_columns)."""
    flat = states.reshape(-1, states.shape[-1])
    return flat[:: max(1, len(flat) // _JUDGED_STATES)]


def _where_binding(errors: ConditionErrors) -> ErrorSummary | None:
    is_bound = errors.binds.any(axis=1)
    return summarise(errors.largest()[is_bound]) if is_bound.any() else None


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


def _check_accumulated(case: _Case, errors: EulerErrors) -> Check:
    """A policy is off by the errors of every period ahead, discounted by the smallest unstable root λ.

    Solved forward, a constant error of each period makes one of 1 / (1 - 1/λ) times its size: a slow economy, whose λ is
    near one, makes a wrong policy of small errors.
    """
    root = case.calibration.rule.unstable_root
    means = [one.mean_log10 for one in (errors.box, errors.ergodic)]
    value = (
        None if None in means else 10.0 ** max(mean for mean in means if mean is not None) / (1 - 1 / root)
    )
    return Check(
        name="accumulated",
        verdict=judge(value, _ADDED_PASS, _ADDED_WARN),
        value=value,
        threshold=_ADDED_PASS,
        meaning="How far the policy may be off, to first order, by the mean Euler errors of all periods ahead: one's "
        f"times {1 / (1 - 1 / root):.3g}, as the smallest unstable root of the economy has it.",
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


def _check_around(case: _Case, visited: np.ndarray) -> Check:
    """With shocks the deterministic steady state is no fixed point, but the economy's means must lie about it."""
    value = _finite(float(case.distance(visited.mean(axis=(0, 1)))))
    return Check(
        name="steady-state",
        verdict=judge(value, _AROUND_PASS, _AROUND_WARN),
        value=value,
        threshold=_AROUND_PASS,
        meaning="How far the means of the states along simulated paths are from the deterministic steady state, in half "
        "domains.",
    )


def _check_determinacy(case: _Case) -> Check:
    """The Blanchard-Kahn count: with no stable solution nothing can be right, with many nothing is the answer."""
    rule = case.calibration.rule
    return Check(
        name="determinacy",
        verdict={"unique": "pass", "many": "warn", "none": "fail"}[rule.verdict],
        value=float(rule.n_stable - rule.n_states),
        threshold=0.0,
        meaning=f"Blanchard-Kahn at the steady state: {rule.sentence}.",
    )


def _check_slopes(case: _Case) -> Check:
    """The policy's derivatives at the steady state against those of first-order perturbation."""
    rule, space = case.calibration.rule, case.policy.space
    if rule.slope is None:
        value = None
        verdict = judge(0.0 if rule.verdict == "many" else None, 0.0, 0.0)
        meaning = "The slopes of the policy are not compared: first-order perturbation has no unique rule."
    else:
        width = 1e-5 * (case.upper - case.lower)
        shape = (space.n_regimes, len(width), -1)
        here, above, below = (
            case.policy.evaluate(space.in_every_regime(case.steady + sign * np.diag(width))).reshape(shape)
            for sign in (0, 1, -1)
        )
        # At a kink, of a bound that begins to bind just there, perturbation knows one of the two sides.
        sides = np.stack([above - here, here - below]).mean(axis=1).swapaxes(1, 2) / width
        nearer = np.abs(sides - rule.slope).argmin(axis=0)
        slopes = np.take_along_axis(sides, nearer[None], axis=0)[0]
        half = (case.upper - case.lower) / 2
        size = np.maximum((np.abs(rule.slope) * half).sum(axis=1), np.abs(case.calibration.control_steady()))
        off = (np.abs(slopes - rule.slope) * half).sum(axis=1) / np.where(size > 0, size, 1.0)
        value = _finite(float(off.max()))
        verdict = judge(value, _SLOPE_PASS, _SLOPE_WARN)
        meaning = (
            "How far the policy's slopes at the steady state are from those of first-order perturbation: the difference it "
            "makes over half a domain, relative to each control's size."
        )
    return Check(name="slopes", verdict=verdict, value=value, threshold=_SLOPE_PASS, meaning=meaning)


def _check_spectral_radius(case: _Case) -> Check:
    """The largest root of the closed loop without shocks at the steady state, by central differences."""
    space = case.policy.space
    width = 1e-5 * (case.upper - case.lower)
    moved = [
        space.continuous(case.step(space.in_every_regime(case.steady + sign * np.diag(width)))[1])
        for sign in (1, -1)
    ]
    shape = (space.n_regimes, len(width), -1)
    jacobians = ((moved[0] - moved[1]).reshape(shape) / (2 * width[:, None])).transpose(0, 2, 1)
    value = None
    if np.all(np.isfinite(jacobians)):
        value = float(np.abs(np.linalg.eigvals(jacobians)).max())
    return Check(
        name="spectral-radius",
        verdict="pass" if value is not None and value < 1 else "fail",
        value=value,
        threshold=1.0,
        meaning="The largest root of the economy under the policy at its steady state; below one, small deviations "
        "die out.",
    )


def _check_convergence(case: _Case, paths: Paths, spectral_radius: Check) -> Check:
    """From the corners of the domain, and from random states of it, the economy must come home.

    Where its largest root is so near one that this takes longer than anybody looks, it must be as far on its way as
    that root explains; then the check warns.
    """
    periods, states = _PATH_PERIODS, paths.states[-1]
    draws = no_shocks(case.calibration.process, _PATH_PERIODS)
    while periods < _HORIZON and np.any(case.distance(states) > _RETURN_PASS):
        states = simulate(case.policy, states, draws).states[-1]
        periods += _PATH_PERIODS
    value = _finite(float(case.distance(states).max()))
    return Check(
        name="convergence",
        verdict=judge(value, _RETURN_PASS, max(_RETURN_WARN, _on_its_way(spectral_radius, periods))),
        value=value,
        threshold=_RETURN_PASS,
        meaning=f"How far from the steady state, in half domains, paths from the corners of the domain and from "
        f"random states still are after {periods} periods.",
    )


def _on_its_way(spectral_radius: Check, periods: int) -> float:
    """How much of a distance the largest root may leave after some periods, at most 1; 0 where it is not below one."""
    root = spectral_radius.value
    return min(_SLACK * root**periods, 1.0) if root is not None and root < 1 else 0.0


def _check_meeting(case: _Case, rng: np.random.Generator, ends: np.ndarray, spectral_radius: Check) -> Check:
    """Economies that start at different corners in the same regime and meet the same shocks must become one.

    As long as the largest root explains that they have not yet, the check warns.
    """
    groups = case.policy.space.n_regimes
    states, periods, gap = ends, 0, np.inf
    while periods < _HORIZON and not gap <= _RETURN_PASS:
        draws = draw_shocks(case.calibration.process, rng, _PATH_PERIODS, 1)
        states = simulate(case.policy, states, Draws(draws.innovations, draws.chances)).states[-1]
        periods += _PATH_PERIODS
        scaled = case.scaled(states).reshape(groups, len(ends) // groups, -1)
        gap = float((scaled.max(axis=1) - scaled.min(axis=1)).max())
    value = _finite(gap)
    return Check(
        name="convergence",
        verdict=judge(value, _RETURN_PASS, max(10 * _RETURN_WARN, _on_its_way(spectral_radius, periods))),
        value=value,
        threshold=_RETURN_PASS,
        meaning="How far apart, in half domains, paths from the corners of the domain that meet the same shocks still are "
        f"after {periods} periods.",
    )


def _check_stays(case: _Case, visited: np.ndarray) -> Check:
    """Paths should not go where the policy is extrapolated; what they meet there is in the ergodic errors."""
    beyond = np.abs(case.scaled(visited)).max(axis=-1) - 1
    value = _finite(float(np.quantile(beyond, 0.99) if case.is_random else beyond.max()))
    which = (
        "99 % of the periods of simulated paths"
        if case.is_random
        else "paths from its corners and from random states"
    )
    return Check(
        name="stays-in-domain",
        verdict=judge(value, _LEAVE_PASS, _LEAVE_WARN),
        value=None if value is None else max(value, 0.0),
        threshold=_LEAVE_PASS,
        meaning=f"How far beyond the domain, in half domains, {which} go: the policy is extrapolated there.",
    )


def _check_interior(case: _Case, states: np.ndarray) -> Check:
    """A policy that saves everything, or nothing, sits where a slightly larger or smaller control ends the economy."""
    today = case.policy.decide(states)
    size = np.maximum(np.abs(case.calibration.control_steady()), np.abs(today.controls).max(axis=0))
    moves = _MARGIN * np.diag(np.where(size > 0, size, 1.0))
    is_interior = np.ones(len(states), dtype=bool)
    process, space = case.calibration.process, case.policy.space
    for move in (*moves, *-moves):
        moved = today._replace(controls=today.controls + move)
        mean = process.mean + (today.exogenous - process.mean) @ process.persistence.T
        following = np.where(np.any(process.values != 0, axis=0), today.exogenous, mean)
        next_states = case.policy.economy.transition(case.parameters, moved, following)
        regimes = states[:, -1]
        is_interior &= _is_defined(case, moved)
        is_interior &= _is_defined(case, case.policy.decide(space.join(np, following, next_states, regimes)))
    value = float(np.mean(~is_interior))
    return Check(
        name="interior",
        verdict=judge(value, _EDGE_PASS, _EDGE_WARN),
        value=value,
        threshold=_EDGE_PASS,
        meaning=f"Share of states at which moving a control by {100 * _MARGIN:g} % of its size would end the "
        "economy (no consumption today or tomorrow, or an equation undefined): an artificial bound.",
    )


def _is_defined(case: _Case, today: Date) -> np.ndarray:
    """(n,) whether every definition is finite and consumption, where there is one, positive."""
    definitions = case.policy.economy.definitions(case.parameters, today)
    values = np.stack([*np.moveaxis(today.controls, -1, 0), *definitions.values()])
    is_defined: np.ndarray = np.isfinite(values).all(axis=0)
    eaten = consumption(case.policy.economy, case.parameters, today)
    return is_defined if eaten is None else is_defined & (eaten > 0)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
