import dataclasses

import numpy as np
import pytest

from solver.language.numpy_backend import NUMPY
from solver.model.calibration import calibrate
from solver.model.economy import Economy
from solver.model.zoo import load_zoo
from solver.objective.euler import EulerObjective
from solver.policy.family import NeuralFamily
from solver.policy.frame import build_frame
from tests.oracles.growth import Growth

FAMILY = NeuralFamily(n_states=2, hidden=(5,), n_controls=1, activation="tanh")


@pytest.fixture(scope="module")
def growth():
    return Growth(gamma=1.7)


@pytest.fixture(scope="module")
def setting(growth):
    """Economy, parameters and frame of the growth model around its linear rule."""
    model = load_zoo("neoclassical")
    calibration = calibrate(model, {"gamma": growth.gamma})
    frame = build_frame(
        calibration.lower(),
        calibration.upper(),
        calibration.state_steady(),
        calibration.control_steady(),
        np.array([growth.linear_rule()]),
    )
    return Economy(model, NUMPY), calibration, frame


def residuals_of(setting, weights, states, *, as_ratio, overrides=None):
    economy, calibration, frame = setting
    if overrides:
        calibration = calibrate(economy.model, overrides)
    objective = EulerObjective(economy, FAMILY, np, as_ratio)
    with np.errstate(all="ignore"):
        return objective.residuals(calibration.parameter_vector(), frame, weights, states)


def random_weights(seed, size=0.02):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=FAMILY.shapes[0]), size * rng.normal(size=FAMILY.shapes[1])]


def states_in(setting, count=50):
    calibration = setting[1]
    return np.random.default_rng(5).uniform(calibration.lower(), calibration.upper(), size=(count, 2))


def test_residuals_are_the_formula_written_by_hand(setting, growth):
    weights, states = random_weights(0), states_in(setting)
    frame = setting[2]

    def rule(a, k):
        u = frame.scaled(np.column_stack([a, k]))
        return frame.controls(np, u, FAMILY.layers(np, weights, u)[-1][1])[:, 0]

    right = growth.discounted_return(*states.T, rule)
    found, _ = residuals_of(setting, weights, states, as_ratio=False)
    np.testing.assert_allclose(found[:, 0], 1 - right, rtol=1e-10, atol=1e-13)
    ratios, _ = residuals_of(setting, weights, states, as_ratio=True)
    np.testing.assert_allclose(ratios[:, 0], -np.log(right), rtol=1e-10, atol=1e-13)


def test_the_two_forms_agree_to_first_order(setting):
    states = np.add(setting[1].state_steady(), [[1e-4, 1e-3], [-1e-4, 2e-3]])
    difference, _ = residuals_of(setting, random_weights(0, 1e-4), states, as_ratio=False)
    ratio, _ = residuals_of(setting, random_weights(0, 1e-4), states, as_ratio=True)
    # -log(1 - r) = r + r²/2 + …
    np.testing.assert_allclose(
        ratio, difference + difference**2 / 2, rtol=1e-4 * np.abs(difference).max() + 1e-8
    )


@pytest.mark.parametrize("as_ratio", [True, False])
@pytest.mark.parametrize("invested", [3.0, 100.0])
def test_nothing_passes_for_a_solution_where_consumption_is_not_positive(setting, as_ratio, invested):
    """With γ = 2 and consumption negative today and tomorrow, the written residual would be finite."""
    economy, calibration, frame = setting
    broken = dataclasses.replace(frame, base=np.array([invested]))
    weights = random_weights(0, 0.0)
    found, _ = residuals_of(
        (economy, calibration, broken),
        weights,
        states_in(setting),
        as_ratio=as_ratio,
        overrides={"gamma": 2.0},
    )
    assert np.all(np.isnan(found))


def test_it_tells_of_today_and_of_tomorrow(setting):
    weights, states = random_weights(0), states_in(setting)
    economy, calibration, frame = setting
    _, (today, tomorrow) = residuals_of(setting, weights, states, as_ratio=True)
    u = frame.scaled(states)
    np.testing.assert_array_equal(today[0][0], np.column_stack([u, np.ones(len(u))]))
    controls = frame.controls(np, u, today[-1][1])
    ahead = economy.transition(calibration.parameter_vector(), states, controls)
    np.testing.assert_allclose(tomorrow[0][0][:, :2], frame.scaled(ahead), rtol=1e-14)
