"""Training at states that follow the errors, against as many states of the box."""

from functools import cache

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve
from solver.status import Status
from tests.oracles.zoo import box_states, euler_errors
from tests.solver.test_solve import errors_on_a_grid


@cache
def solved(region, way, name="neoclassical", target=1e-9, states=None):
    method = WAYS[way] | {"sampling": {"region": region, "states": states}}
    model = load_zoo(name)
    return solve(model, calibrate(model), SolveSettings.model_validate({"method": method, "target": target}))


WAYS = {
    "adam": {"policy": {"hidden": [16, 16]}, "training": {"algorithm": "adam", "steps": 3000}},
    "kinked adam": {
        "policy": {"hidden": [16]},
        "training": {"algorithm": "adam", "steps": 1000, "learning_rate": 3e-3},
    },
    "gauss_newton": {"policy": {"hidden": [32]}, "training": {"algorithm": "gauss_newton"}},
    "polynomial": {"policy": {"family": "polynomial", "degree": 5}},
    "staged": {"policy": {"hidden": [6]}, "training": {"steps": 60}},
    "default": {},
}


def largest_error(solution):
    return errors_on_a_grid(solution).max()


def test_descent_leaves_a_smaller_largest_error_after_as_many_steps_of_as_many_states():
    """10^-3.55 against 10^-2.96 where it was measured; half of that gain is asked for."""
    box, adaptive = (solved(region, "adam") for region in ("box", "adaptive"))
    for solution in (box, adaptive):
        assert (solution.status, solution.history[-1].step) == (Status.OUT_OF_STEPS, 3000)
    assert box.history[-1].states_visited == adaptive.history[-1].states_visited
    assert largest_error(adaptive) < 0.5 * largest_error(box)


def test_descent_resolves_a_kink_better():
    """Investment that cannot be negative: 10^-2.24 against 10^-1.99 where it was measured; half of that is asked for."""
    errors = {}
    for region in ("box", "adaptive"):
        solution = solved(region, "kinked adam", "irreversible_investment", 1e-6)
        calibration = solution.calibration
        states = box_states(calibration.lower(), calibration.upper(), 77, 1)
        errors[region] = euler_errors(
            "irreversible_investment", calibration.parameters, states, solution.policy.evaluate
        )
    assert errors["adaptive"].max() < 0.75 * errors["box"].max()


@pytest.mark.parametrize("way", ["gauss_newton", "polynomial"])
def test_what_has_stalled_is_fitted_again_and_the_better_is_kept(way):
    """A fifth less where it was measured; the states of a fit are as many. Much of it is the choice among several draws."""
    box, adaptive = (solved(region, way, states=256) for region in ("box", "adaptive"))
    assert box.status is adaptive.status is Status.STALLED
    n_first = len(box.history)
    errors = [[report.euler_error_max_log10 for report in one.history] for one in (box, adaptive)]
    assert errors[1][:n_first] == errors[0]
    assert min(errors[1]) < min(errors[0])
    assert largest_error(adaptive) < 0.9 * largest_error(box)


def test_all_weights_are_fitted_again_too():
    box, adaptive = (solved(region, "staged", target=1e-12) for region in ("box", "adaptive"))
    assert len(adaptive.history) >= len(box.history)
    best = [min(report.euler_error_max_log10 for report in one.history) for one in (box, adaptive)]
    assert best[1] <= best[0]


def test_a_target_that_is_met_at_the_states_of_the_box_is_met_by_the_same_policy():
    box, adaptive = (solved(region, "default", target=1e-6) for region in ("box", "adaptive"))
    assert adaptive.status is Status.CONVERGED
    for ours, theirs in zip(adaptive.policy.weights, box.policy.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("way", ["gauss_newton", "adam"])
def test_the_same_seed_gives_the_same_policy(way):
    first, again = solved("adaptive", way), solved.__wrapped__("adaptive", way)
    for ours, theirs in zip(first.policy.weights, again.policy.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
