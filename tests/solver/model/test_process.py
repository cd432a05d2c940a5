"""The exogenous process: laws in numbers, what a product of them is, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.calibrate import calibrate
from solver.errors import CalibrationError
from solver.expectation.ahead import build_expectation
from solver.language.tree import Number
from solver.model.exogenous import Autoregression, Block, Constant, MarkovChain, Mixture, Normal
from solver.model.load import load_model
from solver.model.process import MAX_COMPONENTS, MAX_REGIMES, build_process
from solver.settings import ExpectationSettings


def vector(*values):
    return tuple(Number(float(value)) for value in values)


def matrix(*rows):
    return tuple(vector(*row) for row in rows)


def numbers_of(expressions):
    return np.array([expression.value for expression in expressions])


def process_of(**laws):
    """Of laws by the names of their variables, joined by underscores."""
    blocks = [Block(tuple(names.split("_")), law) for names, law in laws.items()]
    return build_process(blocks, numbers_of)


NORMAL = Normal(vector(0.5), matrix([0.04]))
PAIR = Autoregression(vector(1, -1), matrix([0.9, 0.2], [0, 0.5]), matrix([0.01, 0.002], [0.002, 0.04]))
CHAIN = MarkovChain(matrix([-1, 3], [2, 4]), matrix([0.75, 0.25], [0.5, 0.5]))
THREE = MarkovChain(matrix([0], [1], [2]), matrix([0, 1, 0], [0, 0, 1], [1, 0, 0]))
SKEWED = Mixture(vector(0.8, 0.2), (Normal(vector(1), matrix([0.01])), Normal(vector(-2), matrix([0.25]))))


def test_no_variables_are_one_regime_of_nothing():
    process = process_of()
    assert process.n_regimes == 1
    assert process.mean.shape == (0,) and process.persistence.shape == (0, 0)
    assert process.values.shape == (1, 0)
    np.testing.assert_array_equal(process.transitions, [[1.0]])
    assert process.stationary_mean().shape == (0,)


def test_a_normal_has_a_mean_and_no_persistence():
    process = process_of(e=NORMAL)
    np.testing.assert_array_equal(process.mean, [0.5])
    np.testing.assert_array_equal(process.persistence, [[0.0]])
    np.testing.assert_array_equal(process.innovation_covariance, [[0.04]])
    np.testing.assert_array_equal(process.stationary_mean(), [0.5])


def test_an_autoregression_keeps_its_matrices():
    process = process_of(x_y=PAIR)
    np.testing.assert_array_equal(process.mean, [1, -1])
    np.testing.assert_array_equal(process.persistence, [[0.9, 0.2], [0, 0.5]])
    np.testing.assert_array_equal(process.innovation_covariance, [[0.01, 0.002], [0.002, 0.04]])


def test_a_chain_has_values_and_long_run_shares():
    process = process_of(x_y=CHAIN)
    assert process.n_regimes == 2
    np.testing.assert_array_equal(process.values, [[-1, 3], [2, 4]])
    # Two thirds of the time in the first: 2/3 * 0.25 = 1/3 * 0.5.
    np.testing.assert_allclose(process.stationary_regimes(), [2 / 3, 1 / 3], rtol=1e-14)
    np.testing.assert_allclose(process.stationary_mean(), [0, 10 / 3], atol=1e-14)
    np.testing.assert_array_equal(process.innovation_covariance, np.zeros((2, 2)))


def test_a_periodic_chain_has_long_run_shares():
    np.testing.assert_allclose(process_of(x=THREE).stationary_regimes(), np.full(3, 1 / 3), rtol=1e-14)


def test_a_mixture_is_centred_and_keeps_mean_and_variance():
    process = process_of(e=SKEWED)
    np.testing.assert_allclose(process.mean, [0.4])
    assert sum(part.weight * part.mean[0] for part in process.innovations) == pytest.approx(0, abs=1e-15)
    # E x² - (E x)²
    second_moment = 0.8 * (0.01 + 1) + 0.2 * (0.25 + 4)
    np.testing.assert_allclose(process.innovation_covariance, [[second_moment - 0.16]], rtol=1e-14)


def test_a_chain_of_one_regime_is_a_constant():
    process = process_of(w_x=MarkovChain(matrix([2, -1]), matrix([1])), e=NORMAL)
    np.testing.assert_array_equal(process.mean, [2, -1, 0.5])
    np.testing.assert_array_equal(process.values, [[0, 0, 0]])
    np.testing.assert_array_equal(process.stationary_mean(), process.mean)


def test_a_constant_is_its_mean():
    process = process_of(x=Constant(vector(7)))
    np.testing.assert_array_equal(process.stationary_mean(), [7])
    np.testing.assert_array_equal(process.innovation_covariance, [[0]])


def test_blocks_are_independent_and_in_order():
    process = process_of(e=NORMAL, x_y=PAIR, u_v=CHAIN, n=SKEWED, w=Constant(vector(7)), z=THREE)
    np.testing.assert_allclose(process.mean, [0.5, 1, -1, 0, 0, 0.4, 7, 0])
    expected = np.zeros((8, 8))
    expected[1:3, 1:3] = [[0.9, 0.2], [0, 0.5]]
    np.testing.assert_array_equal(process.persistence, expected)
    covariance = process.innovation_covariance
    np.testing.assert_array_equal(covariance[0], [0.04, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(covariance[1:3, 1:3], [[0.01, 0.002], [0.002, 0.04]])
    assert covariance[5, 5] == pytest.approx(process_of(n=SKEWED).innovation_covariance[0, 0])
    assert np.count_nonzero(covariance) == 6
    # Two chains: the last turns fastest.
    np.testing.assert_array_equal(
        process.values[:, [3, 4, 7]], [[u, v, z] for u, v in ((-1, 3), (2, 4)) for z in range(3)]
    )
    assert np.count_nonzero(process.values[:, [0, 1, 2, 5, 6]]) == 0
    np.testing.assert_allclose(process.transitions.sum(axis=1), np.ones(6))
    # From (first, 0) to (second, 1) and to (first, 1); never to another value of the second chain than 1.
    assert process.transitions[0, 4] == 0.25 and process.transitions[0, 1] == 0.75
    assert process.transitions[0, [0, 2, 3, 5]].tolist() == [0, 0, 0, 0]


def test_two_mixtures_are_all_pairs_of_their_parts():
    process = process_of(m=SKEWED, n=SKEWED)
    assert [part.weight for part in process.innovations] == pytest.approx([0.64, 0.16, 0.16, 0.04])
    np.testing.assert_allclose(
        [part.mean for part in process.innovations], [[0.6, 0.6], [0.6, -2.4], [-2.4, 0.6], [-2.4, -2.4]]
    )
    covariance = process.innovation_covariance
    np.testing.assert_allclose(covariance, np.eye(2) * process_of(n=SKEWED).innovation_covariance, atol=1e-15)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 6))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_long_run_shares_are_those_of_a_high_power(seed, n):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(n), size=n)
    chain = MarkovChain(matrix(*[[place] for place in range(n)]), matrix(*table))
    shares = process_of(x=chain).stationary_regimes()
    np.testing.assert_allclose(shares, np.linalg.matrix_power(table, 4096)[0], atol=1e-9)
    np.testing.assert_allclose(shares.sum(), 1, rtol=1e-12)


FAULTS = {
    "probabilities above one": (
        MarkovChain(matrix([0], [1]), matrix([0.7, 0.4], [0.5, 0.5])),
        "the transition probabilities of x must be at least 0 and sum to 1, and they sum to 1.1, 1",
    ),
    "a negative probability": (MarkovChain(matrix([0], [1]), matrix([1.2, -0.2], [0.5, 0.5])), "at least 0"),
    "weights below one": (Mixture(vector(0.5, 0.4), (NORMAL, NORMAL)), "the probabilities of its mixture"),
    "a negative variance": (Normal(vector(0), matrix([-0.1])), "without negative eigenvalues"),
    "a unit root": (
        Autoregression(vector(0), matrix([1.0]), matrix([0.1])),
        "the autoregression of x has a root of 1: it must lie below 1",
    ),
    "an explosive root": (Autoregression(vector(0), matrix([-1.5]), matrix([0.1])), "a root of 1.5"),
    "not a number": (Normal(vector(np.nan), matrix([0.1])), "numbers that are not finite"),
    "an infinite value": (
        MarkovChain(matrix([0], [np.inf]), matrix([0.5, 0.5], [0.5, 0.5])),
        "numbers that are not finite",
    ),
    "an infinite variance": (Mixture(vector(1), (Normal(vector(0), matrix([np.inf])),)), "not finite"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_law_that_is_none_is_refused_with_its_variable(case):
    law, words = FAULTS[case]
    with pytest.raises(CalibrationError) as caught:
        process_of(x=law)
    (fault,) = caught.value.faults
    assert words in fault.message
    assert fault.symbol == "x"
    assert fault.pointer[0] == "exogenous"


@pytest.mark.parametrize(
    "covariance",
    [
        [[1, 2], [2, 1]],
        [[1, 0.5], [0.4, 1]],
        # In the units of each variable its correlation is 100.
        [[1, 1e-10], [1e-10, 1e-24]],
        [[0, 1e-6], [1e-6, 1]],
    ],
    ids=["indefinite", "asymmetric", "indefinite in other units", "covariance of what does not move"],
)
def test_a_covariance_that_is_none_is_refused(covariance):
    for law in (
        Normal(vector(0, 0), matrix(*covariance)),
        Autoregression(vector(0, 0), matrix([0, 0], [0, 0]), matrix(*covariance)),
        Mixture(vector(1), (Normal(vector(0, 0), matrix(*covariance)),)),
    ):
        with pytest.raises(CalibrationError, match="the covariance of x, y must be symmetric"):
            process_of(x_y=law)


def test_all_faults_come_at_once():
    with pytest.raises(CalibrationError) as caught:
        process_of(x=FAULTS["a unit root"][0], y=NORMAL, z=FAULTS["probabilities above one"][0])
    assert [fault.symbol for fault in caught.value.faults] == ["x", "z"]


def test_too_many_regimes_and_components_are_refused():
    two = MarkovChain(matrix([0], [1]), matrix([0.5, 0.5], [0.5, 0.5]))
    most = {f"x{place}": two for place in range(6)}
    assert process_of(**most).n_regimes == MAX_REGIMES
    with pytest.raises(CalibrationError, match="128 regimes of its Markov chains together, above 64"):
        process_of(**most, y=two)
    most = {f"x{place}": SKEWED for place in range(4)}
    assert len(process_of(**most).innovations) == MAX_COMPONENTS
    with pytest.raises(CalibrationError, match="32 components of its mixtures together, above 16"):
        process_of(**most, y=SKEWED)


def test_the_size_of_a_product_is_refused_before_it_is_built():
    """Thirty-two chains of 4 regimes are 1.8e19 together, more than an integer of 64 bits holds."""
    four = MarkovChain(matrix([0], [1], [2], [3]), matrix(*np.full((4, 4), 0.25)))
    with pytest.raises(CalibrationError, match="18446744073709551616 regimes"):
        process_of(**{f"x{place}": four for place in range(32)})


@pytest.mark.parametrize("excess", [0.0, 5e-9, -5e-9])
def test_probabilities_that_sum_to_one_but_for_rounding_serve_as_well(excess):
    mixture = Mixture(vector(0.8, 0.2 + excess), (NORMAL, NORMAL))
    chain = MarkovChain(matrix([0], [1]), matrix([0.7, 0.3 + excess], [0.5, 0.5]))
    process = process_of(m=mixture, x=chain)
    assert sum(part.weight for part in process.innovations) == pytest.approx(1, abs=1e-15)
    np.testing.assert_allclose(process.transitions.sum(axis=1), 1, rtol=1e-15)
    rule = build_expectation(process, ExpectationSettings(rule="gauss_hermite", nodes=3))
    np.testing.assert_allclose(rule.weights.sum(), 1, rtol=1e-14)


def test_laws_follow_the_parameters():
    model = load_model("""
name: laws
symbols: {states: [k], controls: [i], exogenous: [z, w], parameters: [rho, s, p]}
equations:
  transition: k[t] = 0.9*k[t-1] + i[t-1] + w[t]
  arbitrage: i[t] = 0.1*k[t] + z[t]
calibration: {rho: 0.5, s: 0.2, p: 0.25, k: 0, i: 0, w: 0, z: 0}
exogenous:
  z: !AR1 {rho: rho^2, sigma: 2*s}
  w: !MarkovChain {values: [[-s], [s]], transitions: [[1 - p, p], [p, 1 - p]]}
domain: {k: [-5, 5], z: [-2, 2]}
""")
    process = calibrate(model, {"rho": 0.8, "p": 0.4}).process
    np.testing.assert_allclose(process.persistence[0, 0], 0.64)
    np.testing.assert_allclose(process.innovation_covariance[0, 0], 0.16)
    np.testing.assert_allclose(process.values[:, 1], [-0.2, 0.2])
    np.testing.assert_allclose(process.transitions, [[0.6, 0.4], [0.4, 0.6]])
    with pytest.raises(CalibrationError, match="sum to 1"):
        calibrate(model, {"p": -0.1})
    with pytest.raises(CalibrationError, match="a root of 1"):
        calibrate(model, {"rho": 1.0})
