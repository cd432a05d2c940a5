"""The frame: the linear rule and the units that a family corrects it in."""

import math

import numpy as np
import pytest

from solver.calibrate import Calibration, calibrate
from solver.classical.perturbation import LinearRule
from solver.model.process import build_process
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.policy.frame import build_frame, pair_scale
from solver.policy.output_map import Condition, OutputMap, output_map
from solver.policy.policy import Policy, numpy_rule
from solver.settings import PolicySettings

LOWER, UPPER = np.array([-0.2, 2.0]), np.array([0.2, 7.0])
STEADY, CONTROLS = np.array([0.0, 4.0]), np.array([0.4, -3.0])
RULE = np.array([[1.0, 0.05], [0.0, -2.0]])
PLAIN = OutputMap((None, None), ())


def calibration(slope=RULE, controls=CONTROLS, offsets=None, system=None):
    """Of two states and some controls, with a given linear rule."""
    n = len(controls)
    rule = LinearRule(
        slope=slope,
        offsets=np.zeros((1, n)) if offsets is None else offsets,
        system=np.eye(n) if system is None else system,
        covariance=None,
        n_stable=2,
        n_states=2,
    )
    names = tuple(f"x{place}" for place in range(n))
    return Calibration(
        parameters={},
        steady_state={"a": STEADY[0], "k": STEADY[1], **dict(zip(names, controls, strict=True))},
        domain={"a": (LOWER[0], UPPER[0]), "k": (LOWER[1], UPPER[1])},
        controls=names,
        process=build_process((), lambda expressions: np.zeros(len(expressions))),
        rule=rule,
    )


def linear_part(frame, states, regime=0):
    """Notional controls where the family says nothing."""
    return frame.base[regime] + frame.scaled(states) @ frame.slope


@pytest.fixture
def frame():
    return build_frame(calibration(), PLAIN)


@pytest.fixture
def states():
    return np.random.default_rng(0).uniform(LOWER - 1, UPPER + 1, (20, 2))


def test_the_domain_is_scaled_to_one(frame):
    ends = np.stack([LOWER, UPPER, (LOWER + UPPER) / 2])
    np.testing.assert_allclose(frame.scaled(ends), [[-1, -1], [1, 1], [0, 0]], atol=1e-14)


def test_the_linear_rule_is_the_one_given(frame, states):
    np.testing.assert_allclose(
        linear_part(frame, states), CONTROLS + (states - STEADY) @ RULE.T, rtol=1e-12, atol=1e-12
    )


def test_a_share_of_the_rule_keeps_the_steady_state(states):
    frame = build_frame(calibration(), PLAIN, share=0.25)
    expected = CONTROLS + 0.25 * (states - STEADY) @ RULE.T
    np.testing.assert_allclose(linear_part(frame, states), expected, rtol=1e-12, atol=1e-12)


def test_without_a_unique_rule_the_steady_controls_are_held(states):
    frame = build_frame(calibration(slope=None), PLAIN)
    np.testing.assert_allclose(linear_part(frame, states), np.tile(CONTROLS, (20, 1)), rtol=1e-13)
    np.testing.assert_allclose(frame.scale, np.abs(CONTROLS))


def test_each_regime_has_its_offset(states):
    offsets = np.array([[0.3, 0.0], [-0.1, 2.0], [0.0, 0.0]])
    frame = build_frame(calibration(offsets=offsets), PLAIN)
    for regime, offset in enumerate(offsets):
        expected = CONTROLS + offset + (states - STEADY) @ RULE.T
        np.testing.assert_allclose(linear_part(frame, states, regime), expected, rtol=1e-12, atol=1e-12)


def test_the_scale_is_the_larger_of_variation_and_level(frame):
    # |1.0| * 0.2 + |0.05| * 2.5 = 0.325 is less than the level 0.4, and |-2| * 2.5 = 5 more than 3.
    np.testing.assert_allclose(frame.scale, [0.4, 5.0])


def test_a_control_that_is_zero_everywhere_has_a_scale_of_one():
    frame = build_frame(calibration(np.zeros((1, 2)), np.zeros(1)), OutputMap((None,), ()))
    np.testing.assert_array_equal(frame.scale, [1.0])


@pytest.mark.parametrize("interval", [(0.0, math.inf), (-math.inf, 1.0), (0.1, 0.9)], ids=str)
def test_a_natural_domain_keeps_level_and_slope_at_the_steady_state(interval):
    outputs = OutputMap((interval, None), ())
    frame = build_frame(calibration(offsets=np.array([[1e-6, 0.0]])), outputs)
    plain = build_frame(calibration(offsets=np.zeros((1, 2))), outputs)

    def control(frame, states):
        controls, _ = outputs.controls(np, linear_part(frame, states), [], [])
        return controls[:, 0]

    np.testing.assert_allclose(control(plain, STEADY[None]), CONTROLS[:1], rtol=1e-12)
    np.testing.assert_allclose(control(frame, STEADY[None]), CONTROLS[:1] + 1e-6, rtol=1e-9)
    for unit, slope in zip(np.eye(2), RULE[0], strict=True):
        moved = control(plain, (STEADY + 1e-6 * unit)[None]) - control(plain, (STEADY - 1e-6 * unit)[None])
        # Rounding of central differences.
        np.testing.assert_allclose(moved / 2e-6, slope, rtol=1e-6)


def test_a_multiplier_pair_keeps_the_linear_rule_of_its_control(states):
    """A slack pair: the control follows the rule, and its multiplier's scale is the price of holding it."""
    slope = np.array([[1.0, 0.05], [0.0, 0.0]])
    # Residual 0 falls by 3 for each unit of the control, and by 2 for each unit of the multiplier: the two trade at 1.5.
    system = np.array([[-3.0, -2.0], [0.0, 1.0]])[:1]
    outputs = OutputMap((None, None), (Condition(equation=1, control=0, multiplier=1),))
    controls = np.array([0.4, 0.0])
    frame = build_frame(calibration(slope, controls, system=system), outputs)
    assert pair_scale(system, control=0, multiplier=1) == pytest.approx(1.5)
    notional = linear_part(frame, states)
    np.testing.assert_allclose(notional[:, 0], 0.4 + (states - STEADY) @ slope[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(notional[:, 1], math.log(1.5), rtol=1e-12)
    assert frame.scale[1] == 1.0
    found, beyond = outputs.controls(np, notional, [np.full(20, 0.5)], [np.full(20, np.inf)])
    assert beyond == []
    np.testing.assert_allclose(found[:, 1], 1.5 * np.maximum(0.5 - notional[:, 0], 0.0), rtol=1e-12)


def test_a_pair_that_binds_at_the_steady_state_has_its_multiplier_there():
    slope = np.array([[0.0, 0.0], [0.7, -0.2]])
    system = np.array([[-3.0, -2.0]])
    outputs = OutputMap((None, None), (Condition(equation=1, control=0, multiplier=1),))
    controls = np.array([0.5, 0.3])
    frame = build_frame(calibration(slope, controls, system=system), outputs)

    def decide(states):
        notional = linear_part(frame, states)
        n = len(states)
        return outputs.controls(np, notional, [np.full(n, 0.5)], [np.full(n, np.inf)])[0]

    np.testing.assert_allclose(decide(STEADY[None]), [[0.5, 0.3]], rtol=1e-12)
    near = STEADY + np.array([[0.01, 0.0], [-0.01, 0.02]])
    np.testing.assert_allclose(decide(near)[:, 0], 0.5)
    np.testing.assert_allclose(decide(near)[:, 1], 0.3 + (near - STEADY) @ slope[1], rtol=1e-12)


def test_beyond_the_trained_box_the_correction_is_what_it_is_at_the_edge():
    model = load_zoo("neoclassical")
    solved = calibrate(model)
    settings = PolicySettings(family="polynomial", degree=3).resolve(problem_size(model))
    rng = np.random.default_rng(7)
    weights = tuple(rng.normal(size=shape) for shape in numpy_rule(model, settings).family.shapes)
    free = build_frame(solved, output_map(model))
    held = free._replace(lowest=np.array([-1.0, -1.0]), highest=np.array([1.0, 1.5]))
    inside, outside = np.array([[0.9, 1.4], [-1.0, -1.0]]), np.array([[3.0, 1.4], [-4.0, 7.0]])
    nearest = np.array([[1.0, 1.4], [-1.0, 1.5]])

    def correction(frame, u):
        policy = Policy(model, solved, settings, frame, weights)
        states = frame.center + frame.half_width * u
        return policy.evaluate(states) - (frame.base[0] + u @ frame.slope)

    np.testing.assert_array_equal(correction(held, inside), correction(free, inside))
    np.testing.assert_allclose(correction(held, outside), correction(free, nearest), rtol=1e-9)
