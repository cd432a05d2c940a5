"""The Euler residual against the closed form and a formula written by hand."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation
from solver.language.tensorflow_backend import TENSORFLOW
from solver.model.economy import Economy
from solver.model.zoo import load_zoo
from solver.objective.euler import EulerObjective
from solver.policy.family import PolynomialFamily
from solver.policy.frame import Frame, build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import numpy_rule
from solver.policy.rule import Setting
from solver.settings import ExpectationSettings, PolicySettings
from tests.oracles.growth import Growth

GROWTH = Growth(beta=0.95, delta=0.08, theta=0.4, gamma=3.0, rho=0.2, loading=0.7)
FULL = Growth(delta=1.0, gamma=1.0)
BARE = Frame(
    np.zeros(2),
    np.ones(2),
    np.zeros((1, 1)),
    np.zeros((2, 1)),
    np.ones(1),
    np.full(2, -np.inf),
    np.full(2, np.inf),
)
NO_SHOCKS = ExpectationSettings(rule="gauss_hermite", nodes=1)


@dataclass(frozen=True)
class Formula:
    """A family of one function and no weights."""

    function: object
    shapes = ()

    def layers(self, xp, weights, u):
        return [(u, self.function(xp, u[:, 0], u[:, 1])[:, None])]


def calibration_of(growth):
    return calibrate(load_zoo("neoclassical"), vars(growth))


def objective_of(model, family, as_ratio, in_tensorflow=False):
    """The objective of some family in the place of a usual one."""
    rule = replace(numpy_rule(model, PolicySettings(family="linear")), family=family)
    if in_tensorflow:
        rule = replace(rule, economy=Economy(model, TENSORFLOW), xp=tf.experimental.numpy)
    return EulerObjective(rule, as_ratio)


def numbers_of(calibration, frame=BARE):
    """What the objective takes from a calibration."""
    process = calibration.process
    setting = Setting(calibration.parameter_vector(), process.mean, process.values, frame)
    return setting, build_expectation(process, NO_SHOCKS)


def found_by(growth, family, weights, states, as_ratio, frame=BARE):
    objective = objective_of(load_zoo("neoclassical"), family, as_ratio)
    with np.errstate(all="ignore"):
        return objective.residuals(*numbers_of(calibration_of(growth), frame), weights, states)


def residuals_of(*arguments, **options):
    return found_by(*arguments, **options).values


def states_of(growth, count=100):
    calibration = calibration_of(growth)
    return np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), (count, 2))


def near_solution(seed, size):
    """A family, a frame and weights near the steady rule, and the same policy as a rule of (a, k)."""
    calibration = calibration_of(GROWTH)
    family = PolynomialFamily(2, 3, 1)
    frame = build_frame(calibration, output_map(load_zoo("neoclassical")))
    weights = [size * np.random.default_rng(seed).normal(size=family.shapes[0])]

    def rule(a, k):
        u = frame.scaled(np.stack([a, k], axis=-1))
        correction = family.layers(np, weights, u)[-1][1]
        return (frame.base[0] + u @ frame.slope + frame.scale * correction)[:, 0]

    return SimpleNamespace(family=family, frame=frame, weights=weights, rule=rule)


@pytest.mark.parametrize("as_ratio", [True, False])
@pytest.mark.parametrize("in_tensorflow", [False, True], ids=["numpy", "tensorflow"])
@pytest.mark.parametrize("name", ["neoclassical", "brock_mirman"])
def test_the_closed_form_has_no_residual(name, in_tensorflow, as_ratio):
    model = load_zoo(name)
    calibration = calibrate(model, {"delta": 1, "gamma": 1} if name == "neoclassical" else None)
    share = FULL.beta * FULL.theta
    family = Formula(lambda xp, a, k: share * xp.exp(a) * k**FULL.theta)
    numbers, states = numbers_of(calibration), states_of(FULL)
    if in_tensorflow:
        numbers, states = tf.nest.map_structure(tf.constant, (numbers, states))
    found = objective_of(model, family, as_ratio, in_tensorflow).residuals(*numbers, [], states)
    assert found.values.shape == (100, 1)
    np.testing.assert_allclose(found.values, 0, atol=1e-14)


def test_residuals_are_those_of_the_formula():
    policy, states = near_solution(seed=1, size=0.05), states_of(GROWTH)
    product = GROWTH.discounted_return(*states.T, policy.rule)
    arguments = (GROWTH, policy.family, policy.weights, states)
    as_written = residuals_of(*arguments, as_ratio=False, frame=policy.frame)
    as_ratio = residuals_of(*arguments, as_ratio=True, frame=policy.frame)
    np.testing.assert_allclose(as_written[:, 0], 1 - product, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(as_ratio[:, 0], -np.log(product), rtol=1e-10, atol=1e-13)


def test_the_evaluations_are_those_of_today_and_of_tomorrow():
    policy, states = near_solution(seed=1, size=0.05), states_of(GROWTH)
    found = found_by(GROWTH, policy.family, policy.weights, states, as_ratio=True, frame=policy.frame)
    a, k = states.T
    dates = states, np.column_stack(GROWTH.next_state(a, k, policy.rule(a, k)))
    np.testing.assert_allclose(found.today.date.controls[:, 0], policy.rule(a, k), rtol=1e-13)
    np.testing.assert_array_equal(found.today.date.states, states)
    for ((h, z),), date in zip((found.today.layers, found.tomorrow), dates, strict=True):
        ((expected, value),) = policy.family.layers(np, policy.weights, policy.frame.scaled(date))
        np.testing.assert_allclose(h, expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(z, value, rtol=1e-12, atol=1e-14)


def test_both_forms_are_the_same_to_first_order():
    policy, states = near_solution(seed=2, size=1e-4), states_of(GROWTH)
    arguments = (GROWTH, policy.family, policy.weights, states)
    as_written = residuals_of(*arguments, as_ratio=False, frame=policy.frame)
    as_ratio = residuals_of(*arguments, as_ratio=True, frame=policy.frame)
    assert 1e-6 < np.abs(as_written).max() < 0.3
    # 1 - e^(-r) = r - r²/2 + …
    assert np.all(np.abs(as_written - as_ratio) <= as_ratio**2)


@pytest.mark.parametrize("as_ratio", [True, False])
def test_there_is_no_residual_where_consumption_is_not_positive(as_ratio):
    growth = Growth(gamma=2.0)
    states = states_of(growth)

    def is_defined(function):
        family = Formula(lambda xp, a, k: function(a, k))
        return np.isfinite(residuals_of(growth, family, [], states, as_ratio))[:, 0]

    def eats_ten_percent(a, k):
        return 0.9 * growth.output(a, k)

    # Nothing is left today, at states of little capital only.
    today = is_defined(lambda a, k: np.where(k < growth.k_ss, 1.0, 0.5) * growth.output(a, k))
    assert not np.any(today[states[:, 1] < growth.k_ss])
    assert np.any(today)
    # Something is left today, and less than nothing tomorrow.
    tomorrow = is_defined(lambda a, k: np.where(np.isin(k, states[:, 1]), 0.9, 1.1) * growth.output(a, k))
    assert not np.any(tomorrow)
    # Less than nothing on both days: the ratio of the two is positive, and its square as well.
    assert not np.any(is_defined(lambda a, k: growth.output(a, k) + 0.1))
    assert np.all(is_defined(eats_ten_percent))
