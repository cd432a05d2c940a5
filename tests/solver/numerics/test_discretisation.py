"""Chains against exact moments of the process and against known matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from solver.numerics.discretisation import Chain, combine, rouwenhorst, stationary_distribution, tauchen

PERSISTENCES = st.floats(-0.995, 0.995)


@settings(deadline=None, derandomize=True)
@given(n=st.integers(2, 25), rho=PERSISTENCES, sigma=st.floats(1e-4, 10), mean=st.floats(-10, 10))
def test_rouwenhorst_has_the_moments_of_the_process(n, rho, sigma, mean):
    """Kopecky and Suen (2010), proposition 3: conditional mean, mean, variance and autocorrelation."""
    values, transitions = rouwenhorst(n, rho, sigma, mean)
    deviation = sigma / np.sqrt(1 - rho**2)
    scaled = (values - mean) / deviation
    np.testing.assert_allclose(transitions.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(transitions @ scaled, rho * scaled, atol=1e-10)
    # The stationary law is the binomial of n - 1 fair coins, which is the oracle for the distribution as well.
    stationary = rouwenhorst(n, 0.0, sigma).transitions[0]
    np.testing.assert_allclose(stationary @ transitions, stationary, atol=1e-12)
    assert stationary @ scaled == pytest.approx(0, abs=1e-10)
    assert stationary @ scaled**2 == pytest.approx(1, rel=1e-10)
    assert (stationary * scaled) @ (transitions @ scaled) == pytest.approx(rho, abs=1e-10)


@settings(deadline=None, derandomize=True)
@given(n=st.integers(2, 9), rho=st.floats(-0.95, 0.95))
def test_rouwenhorst_has_the_conditional_variance_of_its_recursion(n, rho):
    """``V[x' | x]`` of a sum of n - 1 two-state chains is the same everywhere: σ², exactly."""
    values, transitions = rouwenhorst(n, rho, 1.0)
    conditional = transitions @ values**2 - (transitions @ values) ** 2
    np.testing.assert_allclose(conditional, 1.0, rtol=1e-9)


def test_rouwenhorst_matrix_of_three_states():
    """Rouwenhorst (1995): with p = q, [[p², 2p(1-p), (1-p)²], [p(1-p), p² + (1-p)², p(1-p)], …]."""
    p = 0.9
    values, transitions = rouwenhorst(3, 0.8, 0.3, mean=1.0)
    edge = [p**2, 2 * p * (1 - p), (1 - p) ** 2]
    expected = [edge, [p * (1 - p), p**2 + (1 - p) ** 2, p * (1 - p)], edge[::-1]]
    np.testing.assert_allclose(transitions, expected, rtol=1e-14)
    spread = np.sqrt(2) * 0.3 / 0.6
    np.testing.assert_allclose(values, [1 - spread, 1, 1 + spread], rtol=1e-14)


def test_tauchen_matrix_of_three_states():
    """Tauchen (1986), equations 3a and 3b, written out for three states at -s, 0 and s."""
    rho, sigma = 0.9, 0.1
    s = 3 * sigma / np.sqrt(1 - rho**2)
    values, transitions = tauchen(3, rho, sigma, mean=5.0)
    np.testing.assert_allclose(values, [5 - s, 5, 5 + s], rtol=1e-14)
    for row, x in enumerate([-s, 0.0, s]):
        low, high = norm.cdf((-s / 2 - rho * x) / sigma), norm.cdf((s / 2 - rho * x) / sigma)
        np.testing.assert_allclose(transitions[row], [low, high - low, 1 - high], atol=1e-15)


def test_tauchen_nears_the_process_as_it_gets_finer():
    rho, sigma = 0.8, 0.2
    values, transitions = tauchen(201, rho, sigma, width=6.0)
    inner = np.abs(values) < 3 * sigma / np.sqrt(1 - rho**2)
    # The spacing h adds h²/12 to the variance of what is rounded to the nearest state.
    rounding = (values[1] - values[0]) ** 2 / 12
    np.testing.assert_allclose((transitions @ values)[inner], rho * values[inner], atol=1e-6)
    conditional = transitions @ values**2 - (transitions @ values) ** 2
    np.testing.assert_allclose(conditional[inner], sigma**2 + rounding, rtol=1e-5)


@pytest.mark.parametrize("discretise", [rouwenhorst, tauchen])
def test_of_one_state_the_chain_stays_at_the_mean(discretise):
    values, transitions = discretise(1, 0.9, 0.1, 2.0)
    np.testing.assert_array_equal(values, [2.0])
    np.testing.assert_array_equal(transitions, [[1.0]])


def test_combined_chains_are_independent():
    productivity = rouwenhorst(3, 0.9, 0.1)
    demand = Chain(np.array([[1.0, 10.0], [2.0, 20.0]]), np.array([[0.7, 0.3], [0.4, 0.6]]))
    values, transitions = combine([productivity, demand])
    assert values.shape == (6, 3)
    for state in range(6):
        expected = [productivity.values[state // 2], *demand.values[state % 2]]
        np.testing.assert_array_equal(values[state], expected)
        for successor in range(6):
            chance = productivity.transitions[state // 2, successor // 2]
            chance *= demand.transitions[state % 2, successor % 2]
            assert transitions[state, successor] == pytest.approx(chance, rel=1e-14)


def test_combining_one_or_no_chain():
    values, transitions = combine([rouwenhorst(4, 0.5, 1.0)])
    assert values.shape == (4, 1)
    np.testing.assert_array_equal(transitions, rouwenhorst(4, 0.5, 1.0).transitions)
    assert combine([]).values.shape == (1, 0)


@settings(deadline=None, derandomize=True)
@given(up=st.floats(1e-6, 1), down=st.floats(1e-6, 1))
def test_stationary_distribution_of_two_states(up, down):
    transitions = np.array([[1 - up, up], [down, 1 - down]])
    expected = [down / (up + down), up / (up + down)]
    np.testing.assert_allclose(stationary_distribution(transitions), expected, atol=1e-9)


def test_stationary_distribution_leaves_transient_states_and_joins_independent_chains():
    transient = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.25, 0.75]])
    np.testing.assert_allclose(stationary_distribution(transient), [0, 1 / 3, 2 / 3], atol=1e-14)
    first, second = rouwenhorst(5, 0.99, 1.0), tauchen(4, 0.5, 1.0)
    joint = stationary_distribution(combine([first, second]).transitions)
    marginals = [stationary_distribution(chain.transitions) for chain in (first, second)]
    np.testing.assert_allclose(joint, np.kron(*marginals), atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rouwenhorst(0, 0.9, 0.1), "n = 0 must be at least 1"),
        (lambda: rouwenhorst(3, 1.0, 0.1), "persistence = 1.0 must be above -1 and below 1"),
        (lambda: tauchen(3, float("nan"), 0.1), "persistence = nan must be"),
        (lambda: rouwenhorst(3, 0.9, -0.1), "standard_deviation_of_innovation = -0.1 must be finite and not"),
        (lambda: rouwenhorst(3, 0.9, 0.1, float("inf")), "mean = inf must be finite"),
        (lambda: tauchen(3, 0.9, 0.0), "a standard deviation of 0.0 must be positive"),
        (lambda: tauchen(3, 0.9, 0.1, width=-1.0), "width = -1.0"),
        (lambda: stationary_distribution(np.ones((2, 3))), r"shape \(2, 3\) must be a square matrix"),
        (lambda: stationary_distribution(np.array([[1.5, -0.5], [0.5, 0.5]])), "must not be negative"),
        (
            lambda: stationary_distribution(np.array([[0.5, 0.4], [0.5, 0.5]])),
            "must sum to one; the sums are",
        ),
    ],
)
def test_what_is_no_chain_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_of_several_stationary_distributions_the_one_of_least_norm_is_taken():
    """Regime 0 leads to one of two that are never left, 1 and the pair of 2 and 3."""
    transitions = np.array([[0.2, 0.4, 0.4, 0], [0, 1, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5]])
    # Of all (0, w, (1-w)/2, (1-w)/2) the shortest is that of w = 1/3.
    np.testing.assert_allclose(stationary_distribution(transitions), [0, 1 / 3, 1 / 3, 1 / 3], atol=1e-14)
