"""Rules for the normal against its exact moments and against closed forms."""

import itertools
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import factorial2
from scipy.stats import norm

from solver.numerics.quadrature import (
    Rule,
    equidistant,
    gauss_hermite,
    mixture,
    monomial_degree_3,
    monomial_degree_5,
    product,
)
from solver.numerics.quasi_monte_carlo import quasi_monte_carlo

NORMAL_RULES = {
    "gauss_hermite": lambda mean, covariance: gauss_hermite(mean, covariance, 3),
    "monomial_degree_3": monomial_degree_3,
    "monomial_degree_5": monomial_degree_5,
    "equidistant": lambda mean, covariance: equidistant(mean, covariance, 13),
    "quasi_monte_carlo": lambda mean, covariance: quasi_monte_carlo(mean, covariance, 16, 0),
}
# Odd moments vanish by symmetry, so that a rule of odd degree is exact to that degree.
DEGREE = {
    "gauss_hermite": 5,
    "monomial_degree_3": 3,
    "monomial_degree_5": 5,
    "equidistant": 3,
    "quasi_monte_carlo": 2,
}


def isserlis(covariance, indices):
    """``E x_i x_j …`` of a centred normal: the sum over all pairings (Isserlis 1918)."""
    if not indices:
        return 1.0
    if len(indices) % 2:
        return 0.0
    first, *others = indices
    return sum(
        covariance[first, other] * isserlis(covariance, others[:place] + others[place + 1 :])
        for place, other in enumerate(others)
    )


@st.composite
def normals(draw):
    """A mean and a covariance of any rank, some rows of it zero, in units that differ."""
    d = draw(st.integers(1, 4))
    rank = draw(st.integers(0, d))
    entries = st.integers(-3, 3).map(float)
    units = draw(arrays(float, d, elements=st.sampled_from([0.0, 1e-3, 1.0, 50.0])))
    root = units[:, None] * draw(arrays(float, (d, rank), elements=entries))
    return draw(arrays(float, d, elements=st.floats(-10, 10))), root @ root.T


@pytest.mark.parametrize("name", NORMAL_RULES)
@settings(deadline=None, derandomize=True, max_examples=60)
@given(normal=normals())
def test_moments_are_exact_up_to_the_degree(name, normal):
    mean, covariance = normal
    rule = NORMAL_RULES[name](mean, covariance)
    scale = np.sqrt(np.where(np.diag(covariance) > 0, np.diag(covariance), 1.0))
    deviations = (rule.nodes - mean) / scale
    correlation = covariance / scale[:, None] / scale
    assert rule.weights.sum() == pytest.approx(1, abs=1e-14)
    for degree in range(1, DEGREE[name] + 1):
        for indices in itertools.combinations_with_replacement(range(len(mean)), degree):
            moment = rule.weights @ np.prod(deviations[:, indices], axis=1)
            # Rounding of nodes far from zero relative to their spread.
            rounding = 1e-11 * max(1.0, np.max(np.abs(mean) / scale))
            assert moment == pytest.approx(isserlis(correlation, list(indices)), abs=rounding)


@pytest.mark.parametrize("n", range(1, 12))
def test_gauss_hermite_is_exact_to_degree_twice_n_less_one(n):
    rule = gauss_hermite(np.zeros(1), np.eye(1), n)
    for degree in range(2, 2 * n, 2):
        assert rule.weights @ rule.nodes[:, 0] ** degree == pytest.approx(factorial2(degree - 1), rel=1e-12)


@pytest.mark.parametrize("r", range(1, 9))
def test_monomial_rules_have_their_sizes_and_degrees_in_many_dimensions(r):
    third, fifth = monomial_degree_3(np.zeros(r), np.eye(r)), monomial_degree_5(np.zeros(r), np.eye(r))
    assert third.nodes.shape == (2 * r, r)
    assert fifth.nodes.shape == (2 * r**2 + 1, r)
    for powers in itertools.product(range(0, 5, 2), repeat=min(r, 3)):
        exact = prod(factorial2(power - 1) if power else 1.0 for power in powers)
        for rule, degree in ((third, 3), (fifth, 5)):
            if sum(powers) <= degree:
                moment = rule.weights @ np.prod(rule.nodes[:, : len(powers)] ** powers, axis=1)
                assert moment == pytest.approx(exact, abs=1e-13)


def test_directions_without_variance_cost_no_nodes():
    root = np.array([[1.0, 0.0], [0.0, 0.0], [2.0, 1.0], [3.0, -1.0]])
    rule = gauss_hermite(np.arange(4.0), root @ root.T, 3)
    assert rule.nodes.shape == (9, 4)
    assert (rule.nodes[:, 1] == 1.0).all()
    # The fourth is five times the first less the third, around their means.
    combination = 5 * rule.nodes[:, 0] - (rule.nodes[:, 2] - 2)
    np.testing.assert_allclose(rule.nodes[:, 3] - 3, combination, atol=1e-12)


@pytest.mark.parametrize("name", NORMAL_RULES)
@pytest.mark.parametrize("d", [0, 1, 3])
def test_of_no_variance_there_is_one_node(name, d):
    rule = NORMAL_RULES[name](np.ones(d), np.zeros((d, d)))
    np.testing.assert_array_equal(rule.nodes, np.ones((1, d)))
    np.testing.assert_array_equal(rule.weights, [1.0])


def test_rank_does_not_depend_on_units():
    rule = gauss_hermite(np.zeros(2), np.diag([1e-24, 1e6]), 3)
    assert len(rule.weights) == 9
    np.testing.assert_allclose(rule.weights @ rule.nodes**2, [1e-24, 1e6], rtol=1e-12)


def test_independent_variables_have_nodes_on_their_axes():
    rule = gauss_hermite(np.zeros(3), np.diag([4.0, 1.0, 9.0]), 3)
    for column, deviation in zip(rule.nodes.T, [2.0, 1.0, 3.0], strict=True):
        np.testing.assert_allclose(np.unique(column.round(12)), deviation * np.sqrt(3) * np.array([-1, 0, 1]))


def worst_error_at_kinks(rule, scale):
    """Largest error of ``E max(x - a, 0)`` over kinks a between the nodes; closed form φ(a) - a (1 - Φ(a))."""
    kinks = np.linspace(-1, 1, 401)
    exact = norm.pdf(kinks) - kinks * norm.sf(kinks)
    values = np.maximum(rule.nodes - kinks, 0)
    return scale * np.max(np.abs(rule.weights @ values - exact))


def test_at_a_kink_equidistant_nodes_are_of_second_order_and_gauss_hermite_of_first():
    sizes = [21, 41, 81, 161]
    equal = [worst_error_at_kinks(equidistant(np.zeros(1), np.eye(1), n), (n - 1) ** 2) for n in sizes]
    gauss = [worst_error_at_kinks(gauss_hermite(np.zeros(1), np.eye(1), n), n) for n in sizes]
    # Scaled by their orders, the errors no longer depend on the number of nodes.
    np.testing.assert_allclose(equal, equal[0], rtol=0.1)
    np.testing.assert_allclose(gauss, gauss[0], rtol=0.1)
    # The kink's error of a trapezoidal rule is at most h² φ(0) / 12.
    assert equal[-1] == pytest.approx(12**2 * norm.pdf(0) / 12, rel=0.05)


@pytest.mark.parametrize(("n", "error"), [(7, 2e-4), (9, 2e-5), (13, 3e-8), (25, 1e-8)])
def test_equidistant_is_spectral_for_smooth_functions(n, error):
    rule = equidistant(np.zeros(1), np.eye(1), n)
    assert rule.weights @ np.exp(0.5 * rule.nodes[:, 0]) == pytest.approx(np.exp(0.125), rel=error)


def test_equidistant_nodes_are_equidistant_and_as_wide_as_said():
    rule = equidistant(np.array([2.0]), np.array([[9.0]]), 41, width=5.0)
    np.testing.assert_allclose(np.diff(rule.nodes[:, 0]), 3 * 10 / 40, rtol=1e-4)


def test_mixture_and_product_of_normals():
    first = gauss_hermite(np.array([1.0]), np.array([[0.25]]), 3)
    second = gauss_hermite(np.array([-2.0]), np.array([[4.0]]), 5)
    mixed = mixture([first, second], [0.3, 0.7])
    assert mixed.weights @ mixed.nodes[:, 0] == pytest.approx(0.3 - 1.4)
    assert mixed.weights @ mixed.nodes[:, 0] ** 2 == pytest.approx(0.3 * 1.25 + 0.7 * 8)
    pair = product([first, mixed])
    assert pair.nodes.shape == (3 * 8, 2)
    assert pair.weights @ pair.nodes.prod(axis=1) == pytest.approx(1.0 * (0.3 - 1.4))
    assert pair.weights @ (pair.nodes**2).prod(axis=1) == pytest.approx(1.25 * (0.3 * 1.25 + 0.7 * 8))


def test_product_of_nothing_is_certain():
    rule = product([])
    assert rule.nodes.shape == (1, 0)
    np.testing.assert_array_equal(rule.weights, [1.0])


LINE, PLANE = Rule(np.zeros((1, 1)), np.ones(1)), Rule(np.zeros((1, 2)), np.ones(1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gauss_hermite(np.zeros(1), np.eye(1), 0), "nodes_per_dimension = 0 must be at least 1"),
        (lambda: equidistant(np.zeros(1), np.eye(1), 1), "nodes_per_dimension = 1 must be at least 2"),
        (lambda: equidistant(np.zeros(1), np.eye(1), 5, width=0.0), "width = 0.0 must be positive"),
        (
            lambda: monomial_degree_3(np.zeros(2), np.eye(3)),
            r"shape \(2,\) and a covariance of shape \(3, 3\)",
        ),
        (lambda: monomial_degree_5(np.array([np.nan]), np.eye(1)), "must be finite"),
        (lambda: monomial_degree_3(np.zeros(1), -np.eye(1)), "a variance is negative"),
        (
            lambda: monomial_degree_3(np.zeros(2), np.array([[1.0, 2], [2, 1]])),
            "not symmetric and positive semi",
        ),
        (
            lambda: monomial_degree_3(np.zeros(2), np.array([[1.0, 0.5], [0, 1]])),
            "not symmetric and positive semi",
        ),
        (
            lambda: monomial_degree_3(np.zeros(2), np.array([[0.0, 0.1], [0.1, 1]])),
            "not symmetric and positive",
        ),
        (lambda: mixture([], []), "a mixture of 0 components"),
        (lambda: mixture([LINE], [0.5, 0.5]), r"1 components cannot have weights of shape \(2,\)"),
        (lambda: mixture([LINE, PLANE], [0.5, 0.5]), r"different dimensions, \[1, 2\]"),
        (lambda: mixture([LINE, LINE], [1.5, -0.5]), "must not be negative and must sum to one"),
        (lambda: mixture([LINE, LINE], [0.5, 0.4]), "must not be negative and must sum to one"),
        (lambda: mixture([LINE, LINE], [0.5, np.nan]), "must not be negative and must sum to one"),
    ],
)
def test_what_is_no_rule_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
