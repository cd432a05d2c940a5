"""Where training starts: the linear rule as far as it is feasible, and the box that states are taken from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.calibrate import Calibration
from solver.expectation.ahead import Expectation
from solver.model.spec import Model
from solver.model.state_space import StateSpace
from solver.numerics.sampling import corners, edge_weighted_box
from solver.policy.frame import Frame, build_frame
from solver.policy.kinks import rests_on_bound
from solver.policy.output_map import output_map
from solver.policy.policy import Decide, Policy
from solver.simulation.cases import next_states
from solver.simulation.paths import draw_shocks, simulate

_STREAM = 5
_STATES = 128
_PERIODS = 10
#: How far beyond the domain training states go, in half domains.
_FARTHEST = 0.5
#: How far beyond the states that an expectation asks about a family is still asked, in half domains.
_EDGE = 0.1


def first_rule(
    model: Model, calibration: Calibration, error_of: Callable[[Decide], float], *, is_trained: bool
) -> Policy:
    """The linear rule, its slope reduced until it is feasible all over the domain.

    Where the linear rule is not unique there is none to start from, and the steady controls are held constant.
    It is where training starts; what training finds is judged by the certificate all the same.

    Args:
        model: the economy.
        calibration: with its linear rule.
        error_of: the largest error of a decision rule; not finite where it is not feasible.
        is_trained: whether anything corrects the rule; if not, it is taken as it is.

    Returns:
        The first feasible rule; the whole linear rule where none is.
    """
    shares = (1.0, 0.5, 0.25, 0.0) if is_trained else (1.0,)
    frames = [build_frame(calibration, output_map(model), share) for share in shares]
    rules = [Policy.of_linear_rule(model, calibration, frame) for frame in frames]
    return next((rule for rule in rules if np.isfinite(error_of(rule.evaluate))), rules[0])


def reach(
    rule: Policy, errors_at: Callable[[np.ndarray], np.ndarray], margin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The box of the states that training keeps: the domain, and where the economy goes from there in a few periods.

    Equations at the domain's edge depend on decisions beyond it. Were these left to extrapolation, the equations could be
    met by decisions that are wrong on both sides of the edge. It is the box around simulated paths, on each side at most
    a quarter of the domain's width beyond the domain; less where the rule is not feasible so far out. Where a bound holds a
    control at the steady state, the linear rule is that of the bound, under which nobody saves, say, and the economy goes
    nowhere; there paths are simulated with the steady controls as well.

    Args:
        rule: what training starts from, or what it has found.
        errors_at: ``(n, n_columns) -> (n,)`` its Euler errors at states; not finite where it is not feasible.
        margin: what is added on each side that paths go beyond, in half domains.

    Returns:
        The lower and upper ends, (n_continuous,) each.
    """
    calibration, space = rule.calibration, rule.space
    lower, upper = calibration.lower(), calibration.upper()
    rng = np.random.default_rng([1, _STREAM])
    states = _box(space, lower, upper)
    with np.errstate(all="ignore"):
        draws = draw_shocks(calibration.process, rng, _PERIODS, len(states))
        paths = [simulate(one, states, draws).states for one in _rules_to_follow(rule)]
        visited = space.continuous(np.concatenate(paths))
    most = _FARTHEST * (upper - lower) / 2
    below, above = lower - np.nanmin(visited, axis=(0, 1)), np.nanmax(visited, axis=(0, 1)) - upper
    more = margin * (upper - lower) / 2
    below, above = (np.clip(np.where(beyond > 0, beyond + more, 0.0), 0.0, most) for beyond in (below, above))
    for share in (1.0, 0.5, 0.25):
        reached = lower - share * below, upper + share * above
        if np.all(np.isfinite(errors_at(_box(space, *reached)))):
            return reached
    return lower, upper


def farthest(calibration: Calibration) -> tuple[np.ndarray, np.ndarray]:
    """The largest box that :func:`reach` may answer."""
    lower, upper = calibration.lower(), calibration.upper()
    most = _FARTHEST * (upper - lower) / 2
    return lower - most, upper + most


def bounded_frame(rule: Policy, expectation: Expectation, lower: np.ndarray, upper: np.ndarray) -> Frame:
    """The frame of a rule, with a correction that stays what it is beyond the states that an expectation asks about.

    Far out a family says anything; within what training and certificate ask it must not have the kink of being held.

    Args:
        rule: what training starts from.
        expectation: the finest that will be asked for.
        lower: (n_continuous,) lower ends of the box of today's states.
        upper: (n_continuous,) upper ends.
    """
    box = _box(rule.space, lower, upper)
    following = np.concatenate([next_states(one, expectation, box) for one in _rules_to_follow(rule)])
    u = rule.frame.scaled(following[np.isfinite(following).all(axis=1)])
    lowest, highest = u.min(axis=0, initial=-1.0), u.max(axis=0, initial=1.0)
    return rule.frame._replace(lowest=lowest - _EDGE, highest=highest + _EDGE)


def _rules_to_follow(rule: Policy) -> list[Policy]:
    """The rule, and the steady controls held constant where a bound holds one of them at the steady state."""
    calibration = rule.calibration
    if not rests_on_bound(rule.model, calibration):
        return [rule]
    frame = build_frame(calibration, rule.structure.outputs, 0.0)
    return [rule, Policy.of_linear_rule(rule.model, calibration, frame)]


def _box(space: StateSpace, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """States (n, n_columns) of a box, its corners among them, in every regime."""
    rng = np.random.default_rng([0, _STREAM])
    box = np.concatenate([edge_weighted_box(rng, lower, upper, _STATES), corners(lower, upper)])
    return space.in_every_regime(box)
