"""Overrides of parameters: what follows from them, and every way in which they are refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.calibrate import calibrate
from solver.errors import CalibrationError
from solver.model.load import load_model
from solver.model.zoo import load_zoo

SYMBOLIC = """
name: symbolic
symbols: {states: [k], controls: [n], parameters: [chi, w, unbounded]}
equations:
  transition: k[t] = k[t-1]^0.5*n[t-1]
  arbitrage: chi*n[t] = w*k[t]
calibration: {chi: w*k/n, k: n^2, n: s, s: 2, w: 3, unbounded: 1}
domain: {k: [k - 1, k + s]}
"""


def faults(model, overrides):
    with pytest.raises(CalibrationError) as caught:
        calibrate(model, overrides)
    return caught.value.faults


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("delta", 0, "outside its bounds [0.001, 1.0]"),
        ("delta", -0.1, "delta = -0.1"),
        ("theta", 1, "outside its bounds [0.05, 0.95]"),
        ("beta", 1, "outside its bounds [0.5, 0.9999]"),
        ("gamma", 1e300, "outside"),
        ("beta", math.nan, "must be a finite floating-point number"),
        ("beta", math.inf, "must be a finite floating-point number"),
        pytest.param("beta", 10**5000, "one so large", id="more digits than Python prints"),
        ("beta", True, "must be a finite floating-point number"),
        ("beta", "0.96", "must be a finite floating-point number"),
        ("beta", None, "must be a finite floating-point number"),
        ("betta", 0.96, "did you mean beta or theta?"),
        ("k", 3.0, "not a parameter"),
        ("", 3.0, "not a parameter"),
    ],
)
def test_a_bad_parameter_is_named_with_its_bound(name, value, words):
    (fault,) = faults(load_zoo("neoclassical"), {name: value})
    assert fault.pointer == (name,)
    assert words in fault.message


def test_all_faults_come_at_once():
    found = faults(load_zoo("neoclassical"), {"betta": 1, "delta": math.nan, "k": 2, "theta": 1})
    assert [fault.pointer for fault in found] == [("betta",), ("delta",), ("k",), ("theta",)]
    found = faults(load_zoo("neoclassical"), {"theta": 1.0, "delta": 0})
    assert {fault.pointer for fault in found} == {("theta",), ("delta",)}


@pytest.mark.parametrize("value", [0.001, 1, 1.0, np.float64(0.5)])
def test_bounds_are_inclusive_and_values_become_floats(value):
    parameters = calibrate(load_zoo("neoclassical"), {"delta": value, "loading": -0.0}).parameters
    assert type(parameters["delta"]) is float
    assert all(type(number) is float for number in parameters.values())
    assert math.copysign(1, parameters["loading"]) == 1.0


def test_a_full_calibration_calibrates_to_itself():
    model = load_zoo("neoclassical")
    first = calibrate(model, {"beta": 0.95})
    assert calibrate(model, first.parameters) == first


@settings(deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries(
        {
            name: st.floats(*bounds)
            for name, bounds in {
                "beta": (0.5, 0.9999),
                "delta": (0.001, 1.0),
                "theta": (0.05, 0.95),
                "gamma": (0.1, 20.0),
                "rho": (0.001, 1.0),
                "loading": (0.0, 2.0),
            }.items()
        }
    )
)
def test_within_the_bounds_there_is_always_a_steady_state(overrides):
    p = calibrate(load_zoo("neoclassical"), overrides)
    marginal_product = p.parameters["theta"] * p.steady_state["y"] / p.steady_state["k"]
    assert math.isclose(
        p.parameters["beta"] * (1 - p.parameters["delta"] + marginal_product), 1, rel_tol=1e-9
    )


def test_symbolic_calibrations_follow_in_any_order():
    model = load_model(SYMBOLIC)
    default = calibrate(model)
    assert default.parameters == {"chi": 6.0, "w": 3.0, "unbounded": 1.0}
    assert default.steady_state == {"k": 4.0, "n": 2.0}
    assert default.domain == {"k": (3.0, 6.0)}
    assert calibrate(model, {"w": 5}).parameters["chi"] == 10.0
    # 7 n = 3 k and k = n² leave n = 7/3, or nothing at all: the calibrated k = 4 and n = 2 are off.
    other = calibrate(model, {"chi": 7.0})
    np.testing.assert_allclose(other.state_steady(), [(7 / 3) ** 2], rtol=1e-9)
    np.testing.assert_allclose(other.control_steady(), [7 / 3], rtol=1e-9)
    assert "the largest miss was 2, of chi*n[t] = w*k[t]" in other.notes[0]
    assert default.notes == ()


def test_a_calibrated_steady_state_that_is_off_is_where_the_search_for_one_starts():
    model = load_model(SYMBOLIC.replace("n[t-1]\n", "n[t-1]*w/3\n"))
    # With w = 6 the file sets chi = 12, so n = k/2, and k = 2 k^0.5 n only at k = 1.
    found = calibrate(model, {"w": 6})
    np.testing.assert_allclose(found.state_steady(), [1.0], rtol=1e-9)
    np.testing.assert_allclose(found.control_steady(), [0.5], rtol=1e-9)
    # The domain is about the steady state that was found.
    np.testing.assert_allclose(found.domain["k"], (0.0, 3.0), rtol=1e-9, atol=1e-9)
    assert found.notes == (
        "The calibrated states and controls are not a steady state, which was solved from them; the largest miss was "
        "4, of k.",
    )


@pytest.mark.parametrize(
    ("old", "new", "overrides", "words"),
    [
        ("k: n^2", "k: n^2/w*3", {"w": 0}, "k is not finite (inf) at w = 0"),
        ("k + s]", "k + w]", {"w": -1.5}, "is empty or not finite"),
        ("[k - 1", "[3.5*w/3", {"w": 4}, "does not hold the steady state 4"),
        ("[k - 1", "[k/(w - 4)", {"w": 4}, "is empty or not finite"),
        ("n[t-1]\n", "n[t-1] + log(w) - log(3)\n", {"w": -1}, "moves k by nan"),
        ("n[t-1]\n", "n[t-1] + w - 3 + (w - 3)*k[t-1]^2\n", {"w": 4}, "no steady state was found"),
    ],
)
def test_no_steady_state_is_said_with_its_cause(old, new, overrides, words):
    assert old in SYMBOLIC
    found = faults(load_model(SYMBOLIC.replace(old, new)), overrides)
    assert any(words in fault.message for fault in found), [fault.message for fault in found]


SHOCKED = """
name: shocked
symbols: {states: [k, s], controls: [i, n], exogenous: [z, w, e, f], parameters: [mean, low, width]}
definitions: [y = z*w + k]
equations:
  transition: ['k[t] = 0.8*k[t-1] + i[t-1] + e[t]', 's[t] = s[t-1]/2 + f[t] - 3']
  arbitrage: ['i[t] = 0.1*k[t] + z[t]', 'n[t] - w[t]  ⟂ low <= n[t] <= 9']
calibration: {mean: 2, low: 0, width: 5, k: 20, s: -4, i: 4, n: 3}
exogenous:
  z: !AR1 {rho: 0.5, sigma: 0.1, mu: mean}
  w: !MarkovChain {values: [[1], [4]], transitions: [[0.9, 0.1], [0.2, 0.8]]}
  e: !UNormal {sigma: 0.1}
  f: !ConstantProcess {mu: 1}
domain: {z: [mean - width, mean + width]}
"""


def test_exogenous_variables_are_at_their_means_and_the_rest_follows():
    default = calibrate(load_model(SHOCKED))
    # Two thirds of the time 1 and one third 4.
    expected = {"z": 2, "w": 2, "e": 0, "f": 1, "k": 20, "s": -4, "i": 4, "n": 2, "y": 24}
    assert default.steady_state == pytest.approx(expected, abs=1e-9)
    other = calibrate(load_model(SHOCKED), {"mean": 3})
    assert other.steady_state == pytest.approx(expected | {"z": 3, "k": 30, "i": 6, "y": 36}, abs=1e-8)
    assert other.domain["z"] == (-2.0, 8.0)
    assert tuple(other.domain) == ("z", "k", "s")


def test_a_bound_that_binds_is_part_of_the_steady_state():
    assert calibrate(load_model(SHOCKED), {"low": 2.5}).steady_state["n"] == pytest.approx(2.5)
    assert calibrate(load_model(SHOCKED), {"low": 1.9}).steady_state["n"] == pytest.approx(2.0)


def test_a_state_without_a_domain_gets_what_shocks_reach_or_a_tenth():
    calibration = calibrate(load_model(SHOCKED))
    # k' = 0.9 k + z + e': z is autocorrelated by 0.5.
    variance_z = 0.01 / 0.75
    variance = (variance_z * (1 + 0.9 * 0.5) / (1 - 0.9 * 0.5) + 0.01) / (1 - 0.81)
    reach = 3 * math.sqrt(variance)
    np.testing.assert_allclose(calibration.domain["k"], (20 - reach, 20 + reach), rtol=1e-9)
    # Nothing moves s.
    np.testing.assert_allclose(calibration.domain["s"], (-4.4, -3.6), rtol=1e-9)
    assert calibration.notes[-2].startswith("The domain of k is its steady state ± ")
    assert calibration.notes[-1].endswith("(no shock moves it: a tenth of its size).")


def test_an_empty_domain_of_a_shock_is_refused():
    (fault,) = faults(load_model(SHOCKED), {"width": -1})
    assert fault.symbol == "z"
    assert "is empty" in fault.message


def test_a_calibrated_shock_keeps_its_value():
    model = load_model(SHOCKED.replace("{mean: 2,", "{mean: 2, w: 4,"))
    assert calibrate(model).steady_state["n"] == pytest.approx(4.0)
