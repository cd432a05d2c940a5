"""The compiler against hand-written formulas, and TensorFlow against NumPy."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.language.compiler import compile_program
from solver.language.dual_backend import DUAL
from solver.language.numpy_backend import NUMPY
from solver.language.order import CircularError, in_order
from solver.language.parser import parse_expression
from solver.language.tensorflow_backend import TENSORFLOW
from solver.language.tree import ARITHMETIC, FUNCTIONS

FORMULAS = {
    "a + b - 2*a/b": lambda a, b: a + b - 2 * a / b,
    "-a^b": lambda a, b: -np.power(a, b),
    "exp(-a)*log(b) + sqrt(a*b)": lambda a, b: np.exp(-a) * np.log(b) + np.sqrt(a * b),
    "abs(a - b)": lambda a, b: np.abs(a - b),
    "min(a, b)/max(a, b)": lambda a, b: np.minimum(a, b) / np.maximum(a, b),
    "sin(a) + cos(b)*tan(a)": lambda a, b: np.sin(a) + np.cos(b) * np.tan(a),
    "sinh(a) + cosh(b) - tanh(a)": lambda a, b: np.sinh(a) + np.cosh(b) - np.tanh(a),
    "log10(a) - log10(b)": lambda a, b: np.log10(a) - np.log10(b),
    "max(a, b, 0.5, 2*a*b)": lambda a, b: np.maximum(np.maximum(a, b), np.maximum(0.5, 2 * a * b)),
    "min(0.9, a, b)": lambda a, b: np.minimum(0.9, np.minimum(a, b)),
    "crra(a, b)": lambda a, b: (a ** (1 - b) - 1) / (1 - b),
    "3": lambda a, b: 3.0 + 0 * a,
}
GIVEN = frozenset({("a", None), ("b", None)})
A, B = np.random.default_rng(0).uniform(0.2, 1.4, (2, 50))


def run(text, backend, **values):
    program = compile_program([parse_expression(text)], frozenset((n, None) for n in values), {}, backend)
    return program([values[name] for name, _ in program.inputs])[0]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("backend", [NUMPY, TENSORFLOW], ids=lambda backend: backend.name)
def test_a_formula_is_computed_as_written(text, backend):
    value = run(text, backend, a=backend.constant(A), b=backend.constant(B))
    # Relative to what cancels in the oracle's crra near b = 1.
    np.testing.assert_allclose(np.broadcast_to(value, A.shape), FORMULAS[text](A, B), rtol=1e-11)


@pytest.mark.parametrize("text", FORMULAS)
def test_gradients_are_those_of_finite_differences(text):
    a, b = tf.constant(A), tf.constant(B)
    with tf.GradientTape() as tape:
        tape.watch(a)
        value = run(text, TENSORFLOW, a=a, b=b) + 0.0 * a
    step = 1e-6
    slope = (run(text, NUMPY, a=A + step, b=B) - run(text, NUMPY, a=A - step, b=B)) / (2 * step)
    # Rounding of central differences: 1e-16 / 1e-6, times slopes up to about 10.
    np.testing.assert_allclose(tape.gradient(value, a), np.broadcast_to(slope, A.shape), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("backend", [NUMPY, TENSORFLOW, DUAL], ids=lambda backend: backend.name)
def test_every_function_of_the_language_is_in_every_backend(backend):
    assert set(backend.operations) == {*ARITHMETIC, *FUNCTIONS}


@pytest.mark.parametrize("backend", [NUMPY, TENSORFLOW], ids=lambda backend: backend.name)
def test_crra_is_the_logarithm_at_one_and_near_it(backend):
    for gamma in (1.0, 1.0 + 1e-12):
        value = run("crra(a, b)", backend, a=backend.constant(A), b=backend.constant(gamma))
        np.testing.assert_allclose(value, np.log(A), rtol=1e-11)


@settings(deadline=None, derandomize=True)
@given(st.floats(0.01, 100), st.floats(0.01, 20))
def test_crra_has_the_marginal_utility_of_crra(consumption, gamma):
    c = tf.constant(consumption, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(c)
        utility = run("crra(a, b)", TENSORFLOW, a=c, b=tf.constant(gamma, tf.float64))
    # The Taylor series below |x| = 1e-4 and expm1 above it lose at most a few digits in the derivative.
    assert math.isclose(tape.gradient(utility, c), consumption**-gamma, rel_tol=1e-9)


@pytest.mark.parametrize(
    "text", ["log(-1)", "(-1)^0.5", "1/0", "0/0", "exp(1000)", "sqrt(-a)", "crra(-a, 2)"]
)
def test_arithmetic_outside_its_domain_is_silent(text):
    assert not np.isfinite(run(text, NUMPY, a=np.ones(3))).any()


def test_definitions_are_entered_at_their_date_once_and_only_where_needed():
    definitions = in_order(
        {
            "c": parse_expression("y[t] - i[t]"),
            "y": parse_expression("exp(k[t])"),
            "unused": parse_expression("log(k[t])"),
        }
    )
    given = frozenset((name, date) for name in ("k", "i") for date in (0, 1))
    program = compile_program([parse_expression("y[t+1] + c[t+1] + y[t+1]*y[t]")], given, definitions, NUMPY)
    assert set(program.inputs) == {("k", 0), ("k", 1), ("i", 1)}
    functions = [function for function, _ in program.instructions]
    assert functions.count(np.exp) == 2
    assert np.log not in functions
    values = {("k", 0): 0.3, ("k", 1): 0.5, ("i", 1): 2.0}
    now, later = math.exp(0.3), math.exp(0.5)
    assert program([values[key] for key in program.inputs]) == [later + (later - 2.0) + later * now]


def test_what_is_given_wins_over_its_definition():
    definitions = {"y": parse_expression("k[t]"), "c": parse_expression("y[t]^2")}
    program = compile_program([parse_expression("c[t] + y[t]")], frozenset({("y", 0)}), definitions, NUMPY)
    assert program.inputs == (("y", 0),)
    assert program([3.0]) == [12.0]


def test_a_circle_is_told_in_order():
    with pytest.raises(CircularError) as caught:
        in_order({name: parse_expression(uses) for name, uses in {"a": "b+1", "b": "2*c", "c": "a"}.items()})
    circle = caught.value.circle
    assert circle[0] == circle[-1]
    assert "".join(circle[:-1]) in ("abc", "bca", "cab")
