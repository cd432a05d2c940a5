"""The output map: bounds and complementarity hold exactly, whatever a family says."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.model.load import load_model
from solver.numerics.complementarity import min_map
from solver.policy.output_map import Condition, OutputMap, output_map

INF = math.inf
NOTIONAL = st.floats(-60, 60)
PAIR = OutputMap((None, None), (Condition(equation=1, control=0, multiplier=1),))
FREE = OutputMap((None,), (Condition(equation=0, control=0, multiplier=None),))


def ends():
    """Lower and upper bounds, each of which may be missing."""
    both = st.tuples(st.floats(-50, 50), st.floats(0, 50)).map(lambda pair: (pair[0], pair[0] + pair[1]))
    return st.one_of(
        both,
        both.map(lambda pair: (pair[0], INF)),
        both.map(lambda pair: (-INF, pair[1])),
        st.just((-INF, INF)),
    )


def model_of(arbitrage, variables="", controls="i, mu"):
    return load_model(f"""
name: bounded
symbols: {{states: [k], controls: [{controls}], exogenous: [], parameters: []}}
equations:
  transition: k[t] = 0.5*k[t-1] + i[t-1]
  arbitrage: {arbitrage}
calibration: {{k: 1, i: 0.5, mu: 0, n: 0.2}}
domain: {{k: [0.5, 1.5]}}
{variables}
""")


@given(wanted=NOTIONAL, log_scale=st.floats(-20, 20), bounds=ends())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_multiplier_pair_meets_its_condition_exactly(wanted, log_scale, bounds):
    lower, upper = bounds
    controls, multipliers = PAIR.controls(
        np, np.array([[wanted, log_scale]]), [np.array([lower])], [np.array([upper])]
    )
    ((held, multiplier),) = controls
    assert multipliers == []
    assert lower <= held <= upper
    # That of ``mu ⟂ lower <= i <= upper``: positive at the lower bound only, negative at the upper only.
    assert min_map(np, held, lower, upper, multiplier) == 0
    if lower < wanted < upper:
        assert (held, multiplier) == (wanted, 0)
    elif wanted < lower:
        assert held == lower and multiplier > 0
    elif wanted > upper:
        assert held == upper and multiplier < 0


@given(wanted=NOTIONAL, bounds=ends())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_free_condition_has_a_multiplier_beside_its_controls(wanted, bounds):
    lower, upper = bounds
    controls, (multiplier,) = FREE.controls(
        np, np.array([[wanted, 0.5]]), [np.array([lower])], [np.array([upper])]
    )
    assert FREE.n_notional == 2
    assert controls.shape == (1, 1)
    held = controls[0, 0]
    assert held == min(max(wanted, lower), upper)
    assert min_map(np, held, lower, upper, multiplier[0]) == 0
    assert multiplier[0] == pytest.approx(np.exp(0.5) * (held - wanted), rel=1e-15)


@given(notional=st.floats(-30, 30), lower=st.floats(-10, 10), width=st.floats(0.1, 10))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_natural_domains_hold_and_are_undone(notional, lower, width):
    upper = lower + width
    for interval in ((lower, INF), (-INF, upper), (lower, upper)):
        outputs = OutputMap((interval,), ())
        controls, multipliers = outputs.controls(np, np.array([[notional]]), [], [])
        assert multipliers == []
        assert interval[0] <= controls[0, 0] <= interval[1]
        is_inside = interval[0] + 1e-6 < controls[0, 0] < interval[1] - 1e-6
        if is_inside:
            values, slopes = outputs.notional(controls[0])
            # Where the control is 1e-6 from an end that is of size 10, 1e-15 of rounding are 1e-8 of its distance.
            np.testing.assert_allclose(values[0], notional, rtol=1e-7, atol=1e-7)
            moved = [outputs.controls(np, np.array([[notional + d]]), [], [])[0][0, 0] for d in (-1e-5, 1e-5)]
            np.testing.assert_allclose(slopes[0] * (moved[1] - moved[0]) / 2e-5, 1, rtol=1e-3)


@pytest.mark.parametrize("interval", [(0.0, INF), (-INF, 1.0), (0.0, 1.0)])
@pytest.mark.parametrize("control", [0.0, 1.0, -3.0, 5.0])
def test_a_control_at_an_end_or_multipliers_has_a_finite_notional_value(interval, control):
    values, slopes = OutputMap((interval,), ()).notional(np.array([control]))
    assert np.isfinite(values).all() and np.isfinite(slopes).all() and slopes[0] > 0


def test_bounds_may_differ_from_state_to_state_and_controls_keep_their_places():
    outputs = OutputMap(
        (None, (0.0, INF), None, None, None),
        (
            Condition(equation=0, control=3, multiplier=None),
            Condition(equation=2, control=0, multiplier=4),
            Condition(equation=3, control=2, multiplier=None),
        ),
    )
    assert [condition.control for condition in outputs.free] == [3, 2]
    assert outputs.n_notional == 7
    # Those of the controls, then the scales of the multipliers of the conditions on controls 3 and 2.
    notional = np.array(
        [
            [-1.0, 0.5, 9.0, 2.0, 0.0, 0.0, np.log(3)],
            [3.0, -0.5, 0.5, 4.0, np.log(2), np.log(5), 0.0],
        ]
    )
    lowers = [np.array([0.0, 5.0]), np.array([0.0, 4.0]), np.array([-INF, -INF])]
    uppers = [np.array([1.0, 6.0]), np.array([INF, INF]), np.array([8.0, INF])]
    controls, multipliers = outputs.controls(np, notional, lowers, uppers)
    np.testing.assert_allclose(controls, [[0, np.exp(0.5), 8, 1, 1], [4, np.exp(-0.5), 0.5, 5, 2]])
    np.testing.assert_allclose(multipliers, [[-1.0, 5.0], [-3.0, 0.0]])


def test_tensorflow_computes_what_numpy_computes():
    rng = np.random.default_rng(0)
    outputs = OutputMap(
        (None, None, (0.0, INF), (-INF, 2.0), (-1.0, 1.0), None),
        (Condition(0, 0, 1), Condition(1, 5, None)),
    )
    notional = rng.normal(scale=2, size=(50, 7))
    lowers, uppers = [np.zeros(50), rng.normal(size=50) - 2], [np.full(50, INF), rng.normal(size=50) + 2]
    expected, multipliers = outputs.controls(np, notional, lowers, uppers)
    found, also = outputs.controls(
        tf.experimental.numpy,
        tf.constant(notional),
        list(map(tf.constant, lowers)),
        list(map(tf.constant, uppers)),
    )
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    np.testing.assert_allclose(also[0], multipliers[0], rtol=1e-14)


def test_a_model_says_its_conditions():
    free = output_map(model_of("['i[t] - 0.5*k[t] ⟂ 0 <= i[t] <= k[t]', 'mu[t] = 0*k[t]']"))
    assert free == OutputMap((None, None), (Condition(0, 0, None),))
    paired = output_map(model_of("['i[t] - 0.5*k[t] - mu[t]', 'mu[t] ⟂ 0 <= i[t] <= inf']"))
    assert paired == OutputMap((None, None), (Condition(1, 0, 1),))


def test_a_lone_control_that_is_bounded_itself_is_no_multiplier():
    model = model_of("['mu[t] ⟂ 0 <= mu[t] <= 1', 'i[t] - 0.5*k[t]']")
    assert output_map(model) == OutputMap((None, None), (Condition(0, 1, None),))


def test_natural_domains_are_those_of_the_file_except_where_a_condition_rules():
    model = model_of(
        "['i[t] - 0.5*k[t] - mu[t]', 'mu[t] ⟂ 0 <= i[t] <= inf', 'n[t] - 0.2*k[t]']",
        "variables: {n: {bounds: [0, 1]}, i: {bounds: [0, inf]}}",
        "i, mu, n",
    )
    assert output_map(model) == OutputMap((None, None, (0.0, 1.0)), (Condition(1, 0, 1),))
