"""Paths against the closed-form law of motion."""

import numpy as np

from solver.language.numpy_backend import NUMPY
from solver.model.calibration import calibrate
from solver.model.economy import Economy
from solver.model.zoo import load_zoo
from solver.simulation.paths import simulate
from tests.oracles.growth import Growth

MODEL = load_zoo("brock_mirman")
GROWTH = Growth(delta=1.0, gamma=1.0)
PERIODS = 60


def paths_of(policy_of_rule, rule, initial):
    calibration = calibrate(MODEL)
    policy = policy_of_rule(MODEL, calibration, rule)
    return simulate(Economy(MODEL, NUMPY), calibration.parameter_vector(), policy, initial, PERIODS)


def test_paths_follow_the_closed_form(policy_of_rule):
    calibration = calibrate(MODEL)
    initial = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), (20, 2))
    paths = paths_of(policy_of_rule, GROWTH.closed_form, initial)
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


def test_a_path_that_leaves_the_economy_is_nan_from_there_on_and_alone(policy_of_rule):
    def rule(a, k):
        return np.where(a < 0, -0.1, GROWTH.closed_form(a, k))

    with np.errstate(invalid="ignore"):
        paths = paths_of(policy_of_rule, rule, np.array([[-0.1, 0.2], [0.1, 0.2]]))
    assert np.isfinite(paths.states[:, 1]).all()
    assert paths.states[1, 0, 1] == -0.1
    # Capital of -0.1 to a fractional power.
    y = Economy(MODEL, NUMPY).definitions(
        calibrate(MODEL).parameter_vector(), paths.states[:, 0], paths.controls[:, 0]
    )["y"]
    assert np.isfinite(y[0]) and np.isnan(y[1:]).all()
