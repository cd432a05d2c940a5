"""The frame: the linear rule and the units that a family corrects it in."""

import numpy as np
import pytest

from solver.policy.frame import build_frame

LOWER, UPPER = np.array([-0.2, 2.0]), np.array([0.2, 7.0])
STEADY, CONTROLS = np.array([0.0, 4.0]), np.array([0.4, -3.0])
RULE = np.array([[1.0, 0.05], [0.0, -2.0]])


@pytest.fixture
def frame():
    return build_frame(LOWER, UPPER, STEADY, CONTROLS, RULE)


def test_the_domain_is_scaled_to_one(frame):
    states = np.stack([LOWER, UPPER, (LOWER + UPPER) / 2])
    np.testing.assert_allclose(frame.scaled(states), [[-1, -1], [1, 1], [0, 0]], atol=1e-14)


def test_the_linear_rule_is_the_one_given(frame):
    states = np.random.default_rng(0).uniform(LOWER - 1, UPPER + 1, (20, 2))
    np.testing.assert_allclose(frame.linear_rule(states), CONTROLS + (states - STEADY) @ RULE.T, rtol=1e-12)


def test_the_scale_is_the_larger_of_variation_and_level(frame):
    np.testing.assert_allclose(frame.scale, [0.4, 5.0])
    u, correction = np.array([[0.5, -0.5]]), np.array([[2.0, -1.0]])
    moved = frame.controls(np, u, correction) - frame.controls(np, u, 0.0)
    np.testing.assert_allclose(moved, [[0.8, -5.0]])


def test_a_control_that_is_zero_everywhere_has_a_scale_of_one():
    frame = build_frame(LOWER, UPPER, STEADY, np.zeros(1), np.zeros((1, 2)))
    np.testing.assert_array_equal(frame.scale, [1.0])


def test_the_arrays_come_in_the_order_of_the_fields(frame):
    names = ("center", "half_width", "base", "slope", "scale")
    assert all(array is getattr(frame, name) for array, name in zip(frame, names, strict=True))
