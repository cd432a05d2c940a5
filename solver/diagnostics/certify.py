"""Certifying a policy: every check, on fresh states that training never saw.

A low Euler error is not a solution: a policy that saves everything can have one over a whole box. So a policy must also
keep the steady state, lead back to it from the corners of the domain, contract near it, agree there with first-order
perturbation, and stay away from where the economy ends (consumption zero, capital zero). Where there are shocks, paths
from different corners that meet the same shocks must meet each other, and time must be spent around the steady state.
"""

from __future__ import annotations

import numpy as np

from solver.diagnostics.case import Case
from solver.diagnostics.certificate import Certificate, ErrorSummary, EulerErrors, summarise, worst
from solver.diagnostics.error_checks import check_accumulated, check_errors, check_target
from solver.diagnostics.euler_errors import ConditionErrors, EulerJudge
from solver.diagnostics.interior_check import check_interior
from solver.diagnostics.path_checks import (
    PATH_PERIODS,
    check_around,
    check_convergence,
    check_meeting,
    check_stays,
)
from solver.diagnostics.steady_state_checks import (
    check_determinacy,
    check_slopes,
    check_spectral_radius,
    check_steady_state,
)
from solver.expectation.ahead import build_expectation
from solver.numerics.sampling import corners, edge_weighted_box, uniform_box
from solver.policy.kinks import size_of_problem
from solver.policy.policy import Policy
from solver.settings import SolveSettings
from solver.simulation.paths import draw_shocks, no_shocks, simulate

_BOX_STATES = 512
_EDGE_STATES = 512
_PATHS = 32
_RANDOM_PATHS = 50
_BURN_IN = 200
_RANDOM_PERIODS = 200
_JUDGED_STATES = 1000
_STREAM = 3


def certify(policy: Policy, settings: SolveSettings) -> Certificate:
    """Judge a policy.

    Args:
        policy: what is judged.
        settings: resolved; the target and the seed, and the rule for E[.], of which the next finer one is taken; where it
            draws, that of the default rule.

    Returns:
        The certificate; its verdict is the worst of its checks.
    """
    assert settings.target is not None
    case = Case(policy)
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
    judging = settings.method.expectation.judging(size_of_problem(policy.model, calibration))
    rule = build_expectation(calibration.process, judging, finer=True)
    measure = EulerJudge(policy.model, calibration, rule)
    with np.errstate(all="ignore"):
        home = simulate(policy, np.concatenate([ends, initial]), no_shocks(calibration.process, PATH_PERIODS))
        visited = _random_states(case, rng, box) if case.is_random else home.states
        over_box = measure.errors(policy.evaluate, box)
        along = measure.errors(policy.evaluate, _thinned(visited))
        errors = EulerErrors(
            units=measure.units,
            box=summarise(over_box.largest()),
            ergodic=summarise(along.largest()),
            binding=_where_binding(over_box),
        )
        spectral_radius = check_spectral_radius(case)
        checks = (
            check_errors("euler-box", errors.box, "over fresh states of the whole domain"),
            check_errors("euler-ergodic", errors.ergodic, "along simulated paths"),
            check_target(errors.box, settings.target),
            check_accumulated(case, errors),
            check_around(case, visited) if case.is_random else check_steady_state(case),
            check_determinacy(case),
            check_slopes(case),
            spectral_radius,
            check_meeting(case, rng, ends, spectral_radius)
            if case.is_random
            else check_convergence(case, home, spectral_radius),
            check_stays(case, visited),
            check_interior(case, box[_BOX_STATES:]),
        )
    return Certificate(
        verdict=worst(check.verdict for check in checks),
        steady_state=calibration.steady_state,
        euler_errors=errors,
        checks=checks,
    )


def _random_states(case: Case, rng: np.random.Generator, box: np.ndarray) -> np.ndarray:
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
