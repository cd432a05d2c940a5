"""Dual numbers against finite differences and complex steps, operator by operator, and against gradients of TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.language.compiler import compile_program
from solver.language.dual_backend import DUAL, Dual
from solver.language.numpy_backend import NUMPY
from solver.language.parser import parse_expression
from solver.language.tensorflow_backend import TENSORFLOW
from solver.language.tree import ARITHMETIC, FUNCTIONS, NEGATION

#: Where each argument of an operator may lie for it to be smooth.
ANY, POSITIVE, SHORT = (-3.0, 3.0), (0.2, 4.0), (-1.3, 1.3)
ARGUMENTS = {
    "+": (ANY, ANY),
    "-": (ANY, ANY),
    "*": (ANY, ANY),
    "/": (ANY, POSITIVE),
    "^": (POSITIVE, ANY),
    NEGATION: (ANY,),
    "exp": (ANY,),
    "log": (POSITIVE,),
    "log10": (POSITIVE,),
    "sqrt": (POSITIVE,),
    "abs": (POSITIVE,),
    "sin": (ANY,),
    "cos": (ANY,),
    "tan": (SHORT,),
    "sinh": (ANY,),
    "cosh": (ANY,),
    "tanh": (ANY,),
    "min": (ANY, ANY),
    "max": (ANY, ANY),
    "crra": (POSITIVE, POSITIVE),
}
STEP = 1e-4


def dual(value, *tangent):
    return Dual(np.asarray(value, dtype=float), np.array(tangent, dtype=float))


def run(text, backend, **values):
    program = compile_program(
        [parse_expression(text)], frozenset((name, None) for name in values), {}, backend
    )
    return program([values[name] for name, _ in program.inputs])[0]


def derivatives(text, **values):
    """Derivatives of a formula of scalars, in the order of the values."""
    rows = np.eye(len(values))
    arguments = {
        name: Dual(np.float64(value), row) for (name, value), row in zip(values.items(), rows, strict=True)
    }
    found = run(text, DUAL, **arguments)
    return DUAL.spread(found, list(arguments.values())).tangent


def test_every_operator_is_tested():
    assert set(ARGUMENTS) == {*ARITHMETIC, *FUNCTIONS}


@pytest.mark.parametrize("operator", ARGUMENTS)
@given(data=st.data())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_partial_derivatives_are_those_of_finite_differences(operator, data):
    point = np.array([data.draw(st.floats(*ends)) for ends in ARGUMENTS[operator]])
    if operator in ("min", "max") and abs(point[0] - point[1]) < 4 * STEP:
        point[0] += 1.0  # away from the kink
    rows = np.eye(len(point))
    result = DUAL.operations[operator](*(Dual(value, row) for value, row in zip(point, rows, strict=True)))
    function = NUMPY.operations[operator]
    assert result.value == function(*point)
    for row, tangent in zip(rows, result.tangent, strict=True):
        near, far = (function(*(point + d * row)) - function(*(point - d * row)) for d in (STEP, 2 * STEP))
        slope = (8 * near - far) / (12 * STEP)
        # Rounding, 1e-16 / 1e-4 of values up to 30, and truncation, STEP^4 times a fifth derivative.
        np.testing.assert_allclose(tangent, slope, rtol=1e-9, atol=2e-10)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("operator", ARGUMENTS)
def test_a_complex_step_in_numpy_gives_the_same(operator, sign):
    rng = np.random.default_rng(0)
    points = [rng.uniform(*ends, size=50) * (sign if ends == ANY else 1) for ends in ARGUMENTS[operator]]
    points = [-point for point in points] if operator == "abs" and sign < 0 else points
    directions = rng.normal(size=(len(points), 50))
    steps = [point + 1e-30j * direction for point, direction in zip(points, directions, strict=True)]
    duals = [Dual(point, direction[:, None]) for point, direction in zip(points, directions, strict=True)]
    expected = DUAL.operations[operator](*duals)
    found = NUMPY.operations[operator](*steps)
    np.testing.assert_allclose(found.real, expected.value, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found.imag / 1e-30, expected.tangent[:, 0], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("distance", [0.0, 1e-12, 1e-6, 9e-5, 1.1e-4, 1e-3])
@pytest.mark.parametrize("consumption", [0.3, 1.0, 2.5])
def test_crra_is_differentiated_by_risk_aversion_near_one(consumption, distance):
    (tangent,) = derivatives(f"crra({consumption}, gamma)", gamma=1.0 + distance)
    # ∂/∂γ of Σ_k (1-γ)^k log(c)^(k+1)/(k+1)!
    log, x = np.log(consumption), -distance
    expected = -(log**2 / 2 + x * log**3 / 3 + x**2 * log**4 / 8 + x**3 * log**5 / 30)
    # What is left of 16 digits where two terms that agree up to a share of 1e-4 are subtracted.
    np.testing.assert_allclose(tangent, expected, rtol=1e-9, atol=1e-15)


def one(pattern):
    return lambda argument: pattern.format(argument)


def two(pattern):
    return lambda pair: pattern.format(*pair)


def nested(inner):
    pairs = st.tuples(inner, inner)
    binary = [
        "({} + {})",
        "({} - {})",
        "({} * {})",
        "({} / (2 + cos({})))",
        "(1.5 + sin({}))^cos({})",
        "min({}, {})",
        "max({}, {})",
        "crra(1.5 + sin({}), 1.5 + cos({}))",
    ]
    unary = ["(-{})", "abs({})", "sin({})", "cos({})", "tanh({})", "({})^2"]
    unary += [f"{name}(tanh({{}}))" for name in ("exp", "tan", "sinh", "cosh")]
    unary += [f"{name}(1.5 + sin({{}}))" for name in ("log", "log10", "sqrt")]
    return st.one_of(*(inner.map(one(each)) for each in unary), *(pairs.map(two(each)) for each in binary))


@given(
    text=st.recursive(st.sampled_from(["a", "b", "0.7", "2"]), nested, max_leaves=8),
    a=st.floats(-2, 2),
    b=st.floats(-2, 2),
)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_gradients_of_formulas_are_those_of_tensorflow(text, a, b):
    tensors = [tf.constant(a, tf.float64), tf.constant(b, tf.float64)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = run(text, TENSORFLOW, a=tensors[0], b=tensors[1]) + 0.0 * (tensors[0] + tensors[1])
    expected = np.array(tape.gradient(value, tensors, unconnected_gradients="zero"))
    # Rounding, of derivatives that may be products of a dozen others.
    np.testing.assert_allclose(derivatives(text, a=a, b=b), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "text, at, expected",
    [
        ("a^2", -3.0, -6.0),  # log(-3) is not defined, and the exponent does not move
        ("a^2", 0.0, 0.0),
        ("a^1", 0.0, 1.0),
        ("a*(1/0)^0", 2.0, 1.0),
        ("2^a", 3.0, 8 * np.log(2)),
        ("crra(2, a)*0 + a", 0.5, 1.0),
        ("abs(a)", -2.0, -1.0),
        ("abs(a)", 0.0, 0.0),
        ("min(a, 1)", 2.0, 0.0),
        ("max(1, a)", 2.0, 1.0),
        ("min(a, a)", 2.0, 1.0),
    ],
)
def test_what_does_not_move_has_no_derivative(text, at, expected):
    np.testing.assert_allclose(derivatives(text, a=at), [expected], rtol=1e-13)


def test_parts_are_taken_of_value_and_tangent_alike():
    rng = np.random.default_rng(0)
    whole = Dual(rng.normal(size=(4, 3)), rng.normal(size=(4, 3, 2)))
    part = whole[..., 1]
    np.testing.assert_array_equal(part.value, whole.value[:, 1])
    np.testing.assert_array_equal(part.tangent, whole.tangent[:, 1, :])
    several = whole[..., 1:]
    np.testing.assert_array_equal(several.tangent, whole.tangent[:, 1:, :])


def test_constants_broadcast_and_stacks_join():
    a = Dual(np.arange(3.0), np.ones((3, 2)))
    shifted = DUAL.operations["+"](a, DUAL.constant(1.0))
    np.testing.assert_array_equal(shifted.value, [1, 2, 3])
    np.testing.assert_array_equal(shifted.tangent, np.ones((3, 2)))
    spread = DUAL.spread(DUAL.constant(5.0), [a])
    assert (spread.value.shape, spread.tangent.shape) == ((3,), (3, 2))
    stacked = DUAL.stack([a, spread])
    np.testing.assert_array_equal(stacked.value, [[0, 5], [1, 5], [2, 5]])
    np.testing.assert_array_equal(stacked.tangent[:, 0], np.ones((3, 2)))
    np.testing.assert_array_equal(stacked.tangent[:, 1], np.zeros((3, 2)))


@pytest.mark.parametrize("text", ["log(a - 2)", "1/(a - 1)", "sqrt(a - 2)", "exp(a*1000)"])
def test_outside_the_domain_nothing_warns(text):
    assert not np.isfinite(run(text, DUAL, a=dual(1.0, 1.0)).value)
