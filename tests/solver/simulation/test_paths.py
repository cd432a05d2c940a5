"""Paths against the closed-form law of motion."""

import numpy as np

from solver.simulation.paths import no_shocks, simulate
from tests.oracles.growth import Growth
from tests.solver.diagnostics.rules import formula_policy, growth_case

MODEL, CALIBRATION = growth_case(delta=1.0, gamma=1.0)
GROWTH = Growth(delta=1.0, gamma=1.0)
PERIODS = 60


def paths_of(rule, initial):
    policy = formula_policy(MODEL, CALIBRATION, rule)
    return simulate(policy, initial, no_shocks(CALIBRATION.process, PERIODS))


def test_paths_follow_the_closed_form():
    initial = np.random.default_rng(0).uniform(CALIBRATION.lower(), CALIBRATION.upper(), (20, 2))
    paths = paths_of(GROWTH.closed_form, initial)
    assert paths.states.shape == (PERIODS + 1, 20, 2)
    assert paths.controls.shape == (PERIODS + 1, 20, 1)
    # log k_t = θ^t log k_0 + Σ_j θ^(t-1-j) (log βθ + (1-ρ)^j a_0)
    a_0, log_k = initial[:, 0], np.log(initial[:, 1])
    for t in range(PERIODS + 1):
        np.testing.assert_allclose(paths.states[t, :, 0], (1 - GROWTH.rho) ** t * a_0, rtol=1e-12)
        np.testing.assert_allclose(paths.states[t, :, 1], np.exp(log_k), rtol=1e-12)
        np.testing.assert_allclose(
            paths.controls[t, :, 0], GROWTH.closed_form(*paths.states[t].T), rtol=1e-13
        )
        log_k = GROWTH.theta * log_k + np.log(GROWTH.beta * GROWTH.theta) + (1 - GROWTH.rho) ** t * a_0


def test_a_path_that_leaves_the_economy_is_nan_from_there_on_and_alone():
    def rule(a, k):
        return np.where((a < 0) & (k > 0), -0.1, GROWTH.closed_form(a, k))

    with np.errstate(invalid="ignore"):
        paths = paths_of(rule, np.array([[-0.1, 0.2], [0.1, 0.2]]))
    assert np.isfinite(paths.states[:, 1]).all() and np.isfinite(paths.controls[:, 1]).all()
    # Capital of -0.1 has no output: no control there, and nothing afterwards.
    assert paths.states[1, 0, 1] == -0.1
    assert np.isnan(paths.controls[1:, 0, 0]).all()
    assert np.isnan(paths.states[2:, 0, 1]).all()
