"""Checks at the steady state: that it stays, attracts, is the only answer, and is left as perturbation says."""

from __future__ import annotations

import numpy as np

from solver.diagnostics.case import Case
from solver.diagnostics.certificate import Check

_STEADY_PASS, _STEADY_WARN = 1e-4, 1e-2
_SLOPE_PASS, _SLOPE_WARN = 0.1, 0.5


def check_steady_state(case: Case) -> Check:
    """Without shocks the steady state is a fixed point of the policy."""
    controls, next_states = case.step(case.steady[None])
    known = case.calibration.control_steady()
    off = np.abs(controls[0] - known) / np.maximum(np.abs(known), case.policy.frame.scale)
    value = float(np.maximum(off.max(), case.distance(next_states)[0]))
    return Check.of(
        "steady-state",
        value,
        _STEADY_PASS,
        _STEADY_WARN,
        "How far the policy, applied at the steady state, leads away from it: relative to each control's "
        "size and each state's half domain.",
    )


def check_determinacy(case: Case) -> Check:
    """The Blanchard-Kahn count: with no stable solution nothing can be right, with many nothing is the answer."""
    rule = case.calibration.rule
    return Check(
        name="determinacy",
        verdict={"unique": "pass", "many": "warn", "none": "fail"}[rule.verdict],
        value=float(rule.n_stable - rule.n_states),
        threshold=0.0,
        meaning=f"Blanchard-Kahn at the steady state: {rule.sentence}.",
    )


def check_slopes(case: Case) -> Check:
    """The policy's derivatives at the steady state against those of first-order perturbation."""
    rule, space = case.calibration.rule, case.policy.space
    if rule.slope is None:
        return Check(
            name="slopes",
            verdict="pass" if rule.verdict == "many" else "fail",
            value=None,
            threshold=_SLOPE_PASS,
            meaning="The slopes of the policy are not compared: first-order perturbation has no unique rule.",
        )
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
    return Check.of(
        "slopes",
        float(off.max()),
        _SLOPE_PASS,
        _SLOPE_WARN,
        "How far the policy's slopes at the steady state are from those of first-order perturbation: the difference it "
        "makes over half a domain, relative to each control's size.",
    )


def check_spectral_radius(case: Case) -> Check:
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
