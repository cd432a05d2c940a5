"""Expectations over the next period against the moments of its law."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation, look_ahead
from solver.model.load import load_model
from solver.model.state_space import problem_size, state_space
from solver.settings import ExpectationSettings, SolveSettings

#: An AR(1), a VAR(1), a mixture, a normal and two chains at once, each moving the state.
LAWS = load_model("""
name: laws
symbols: {states: [k], controls: [i], exogenous: [z, u, v, m, e, w, x], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + i[t-1] + z[t] + u[t] + v[t] + m[t] + e[t] + w[t] + x[t]
  arbitrage: i[t] = 0.1*k[t] + z[t] + m[t]
calibration: {k: 0, i: 0}
exogenous:
  z: !AR1 {rho: 0.9, sigma: 0.1, mu: 0.5}
  u, v: !VAR1 {rho: [[0.5, 0.2], [0, 0.3]], Sigma: [[0.04, 0.01], [0.01, 0.09]]}
  m: !Mixture {weights: [0.9, 0.1], distributions: [!UNormal {sigma: 0.1, mu: 0.2}, !UNormal {sigma: 0.4, mu: -1}]}
  e: !UNormal {sigma: 0.3}
  w: !MarkovChain {values: [[-1], [2]], transitions: [[0.7, 0.3], [0.4, 0.6]]}
  x: !MarkovChain {values: [[0], [1], [5]], transitions: [[0.5, 0.5, 0], [0.2, 0.3, 0.5], [1, 0, 0]]}
""")
PROCESS, SPACE = calibrate(LAWS).process, state_space(LAWS)
RULES = {
    "gauss_hermite": ExpectationSettings(rule="gauss_hermite", nodes=3),
    "equidistant": ExpectationSettings(rule="equidistant", nodes=4),
    "monomial": ExpectationSettings(rule="monomial"),
    "quasi_monte_carlo": ExpectationSettings(rule="quasi_monte_carlo", nodes=16),
}


def ahead_of(rule, states, *, finer=False):
    exogenous = SPACE.exogenous_of(np, PROCESS.mean, PROCESS.values, states)
    return exogenous, look_ahead(
        np, SPACE, build_expectation(PROCESS, RULES[rule], finer=finer), states, exogenous
    )


def random_states(seed, count=20):
    rng = np.random.default_rng(seed)
    return SPACE.with_regimes(rng, rng.normal(size=(count, SPACE.n_continuous)))


def test_the_states_are_those_that_the_test_means():
    assert SPACE.names == ("z", "u", "v", "m", "k", "regime")


@pytest.mark.parametrize("finer", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_weights_are_probabilities_that_sum_to_one(rule, finer):
    _, ahead = ahead_of(rule, random_states(0), finer=finer)
    assert ahead.exogenous.shape == (20, *ahead.weights.shape[1:], 7)
    np.testing.assert_allclose(ahead.weights.sum(axis=1), 1, rtol=1e-13)
    if not (rule == "monomial" and finer):  # whose degree costs it negative weights in five dimensions
        assert np.all(ahead.weights >= 0)


@pytest.mark.parametrize("finer", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_first_and_second_moments_are_exact(rule, finer):
    states = random_states(1)
    exogenous, ahead = ahead_of(rule, states, finer=finer)
    mean = np.einsum("nc,nce->ne", ahead.weights, ahead.exogenous)
    centred = ahead.exogenous - mean[:, None]
    covariance = np.einsum("nc,nci,ncj->nij", ahead.weights, centred, centred)
    z, u, v = exogenous[:, 0], exogenous[:, 1], exogenous[:, 2]
    row_w = np.array([[0.7, 0.3], [0.4, 0.6]])[states[:, -1].astype(int) // 3]
    row_x = np.array([[0.5, 0.5, 0], [0.2, 0.3, 0.5], [1, 0, 0]])[states[:, -1].astype(int) % 3]
    w, x = np.array([-1, 2]), np.array([0, 1, 5])
    expected = [0.5 + 0.9 * (z - 0.5), 0.5 * u + 0.2 * v, 0.3 * v, np.full(20, 0.9 * 0.2 - 0.1), np.zeros(20)]
    expected += [row_w @ w, row_x @ x]
    np.testing.assert_allclose(mean, np.stack(expected, axis=-1), rtol=1e-11, atol=1e-12)
    expected = np.zeros((20, 7, 7))
    expected[:, 0, 0] = 0.01
    expected[:, 1:3, 1:3] = [[0.04, 0.01], [0.01, 0.09]]
    expected[:, 3, 3] = 0.9 * (0.01 + 0.04) + 0.1 * (0.16 + 1) - 0.08**2
    expected[:, 4, 4] = 0.09
    expected[:, 5, 5] = row_w @ w**2 - (row_w @ w) ** 2
    expected[:, 6, 6] = row_x @ x**2 - (row_x @ x) ** 2
    np.testing.assert_allclose(covariance, expected, atol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_each_regime_comes_with_its_probability_and_its_values(rule):
    states = random_states(2)
    _, ahead = ahead_of(rule, states)
    for regime in range(6):
        cases = ahead.regimes == regime
        chances = np.array([[0.7, 0.3], [0.4, 0.6]])[states[:, -1].astype(int) // 3, regime // 3]
        chances = (
            chances
            * np.array([[0.5, 0.5, 0], [0.2, 0.3, 0.5], [1, 0, 0]])[states[:, -1].astype(int) % 3, regime % 3]
        )
        np.testing.assert_allclose(ahead.weights[:, cases].sum(axis=1), chances, rtol=1e-13, atol=1e-16)
        np.testing.assert_allclose(ahead.exogenous[:, cases, 5], [-1, 2][regime // 3], rtol=1e-14)
        np.testing.assert_allclose(ahead.exogenous[:, cases, 6], [0, 1, 5][regime % 3], atol=1e-14)


@given(seed=st.integers(0, 2**32 - 1), slope=st.floats(-1, 1))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_an_exponential_has_the_moment_generating_function(seed, slope):
    """Smooth functions by the finer rule: E exp(λ z') of a normal, and of the mixture."""
    states = random_states(seed, count=5)
    exogenous, ahead = ahead_of("gauss_hermite", states, finer=True)
    found = np.einsum("nc,nc->n", ahead.weights, np.exp(slope * ahead.exogenous[:, :, 0]))
    expected = np.exp(slope * (0.5 + 0.9 * (exogenous[:, 0] - 0.5)) + slope**2 * 0.01 / 2)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    found = np.einsum("nc,nc->n", ahead.weights, np.exp(slope * ahead.exogenous[:, :, 3]))
    parts = [np.exp(0.2 * slope + slope**2 * 0.01 / 2), np.exp(-slope + slope**2 * 0.16 / 2)]
    # Six nodes of a deviation of 0.4: (0.4)^12 / 12! relative.
    np.testing.assert_allclose(found, 0.9 * parts[0] + 0.1 * parts[1], rtol=1e-9)


ONE_LAW = """
name: one
symbols: {states: [k], controls: [i], exogenous: [e], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + i[t-1] + e[t]
  arbitrage: i[t] = 0.1*k[t]
calibration: {k: 0, i: 0, e: 0}
exogenous: {e: LAW}
domain: {k: [-1, 1]}
"""
ONE = load_model(ONE_LAW.replace("LAW", "!UNormal {sigma: 0.3}"))


@pytest.mark.parametrize("rule", ["gauss_hermite", "equidistant"])
def test_the_finer_rule_is_finer(rule):
    """E max(e, 0) = σ / √(2π): with a kink the errors of both rules show."""
    settings = ExpectationSettings(rule=rule, nodes=15)

    def error(finer):
        expectation = build_expectation(calibrate(ONE).process, settings, finer=finer)
        ahead = look_ahead(np, state_space(ONE), expectation, np.zeros((1, 1)), np.zeros((1, 1)))
        found = float(ahead.weights[0] @ np.maximum(ahead.exogenous[0, :, 0], 0))
        return abs(found - 0.3 / np.sqrt(2 * np.pi))

    # The equidistant rule halves its distances, and its error falls as their square.
    assert error(True) < (0.9 if rule == "gauss_hermite" else 0.3) * error(False)


def test_the_finer_points_are_more_of_another_scrambling():
    settings = ExpectationSettings(rule="quasi_monte_carlo", nodes=16)
    process = calibrate(ONE).process
    rule, finer = (build_expectation(process, settings, finer=finer) for finer in (False, True))
    assert (len(rule.weights), len(finer.weights)) == (16, 32)
    assert not np.isin(rule.nodes, finer.nodes).any()


def test_tensorflow_looks_ahead_as_numpy_does():
    states = random_states(4)
    exogenous, expected = ahead_of("monomial", states)
    rule = tf.nest.map_structure(tf.constant, build_expectation(PROCESS, RULES["monomial"]))
    found = look_ahead(tf.experimental.numpy, SPACE, rule, tf.constant(states), tf.constant(exogenous))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-15)


def test_without_shocks_there_is_one_case():
    model = load_model(
        "{name: still, symbols: {states: [k], controls: [i], exogenous: [], parameters: []}, equations: "
        "{transition: ['k[t] = i[t-1]'], arbitrage: ['i[t] = 0.5*k[t]']}, calibration: {k: 0, i: 0}, domain: {k: [-1, 1]}}"
    )
    rule = build_expectation(
        calibrate(model).process, ExpectationSettings().resolve(problem_size(model)), finer=True
    )
    ahead = look_ahead(np, state_space(model), rule, np.array([[0.3], [0.4]]), np.zeros((2, 0)))
    assert ahead.exogenous.shape == (2, 1, 0)
    np.testing.assert_array_equal(ahead.weights, [[1.0], [1.0]])
    np.testing.assert_array_equal(ahead.regimes, [0.0])


@pytest.mark.parametrize(
    "law, n_cases",
    [
        ("!MarkovChain {values: [[-1], [2]], transitions: [[0.7, 0.3], [0.4, 0.6]]}", 2),
        ("!AR1 {rho: 0.9, sigma: 0.1}", 5),
        ("!AR1 {rho: 0.9, sigma: 0}", 1),
        ("!ConstantProcess {mu: 0}", 1),
        ("!Mixture {weights: [0.9, 0.1], distributions: [!UNormal {sigma: 0.1}, !UNormal {sigma: 0}]}", 6),
    ],
)
def test_what_does_not_move_costs_no_nodes(law, n_cases):
    model = load_model(f"""
name: one
symbols: {{states: [k], controls: [i], exogenous: [z], parameters: []}}
equations:
  transition: k[t] = 0.5*k[t-1] + i[t-1] + z[t]
  arbitrage: i[t] = 0.1*k[t]
calibration: {{k: 0, i: 0, z: 0}}
exogenous: {{z: {law}}}
domain: {{k: [-1, 1], z: [-1, 1]}}
""")
    rule = build_expectation(calibrate(model).process, ExpectationSettings(rule="gauss_hermite", nodes=5))
    space = state_space(model)
    states = space.in_every_regime(np.zeros((1, space.n_continuous)))
    ahead = look_ahead(np, space, rule, states, np.zeros((len(states), 1)))
    assert ahead.weights.shape[1] == n_cases


@pytest.mark.parametrize("finer", [False, True])
@pytest.mark.parametrize("nodes", [None, 1, 2, 3, 4, 7, 20])
@pytest.mark.parametrize("rule", [None, "gauss_hermite", "equidistant", "quasi_monte_carlo"])
@pytest.mark.parametrize("law", ["!UNormal {sigma: 0.3}", "!ConstantProcess {mu: 0}"])
def test_every_choice_is_a_rule_of_the_right_moments_or_refused(law, rule, nodes, finer):
    model = load_model(ONE_LAW.replace("LAW", law))
    size = problem_size(model)
    if rule == "quasi_monte_carlo" and nodes in (3, 7, 20):
        with pytest.raises(ValueError, match=f"nodes = {nodes} is no power of two"):
            ExpectationSettings(rule=rule, nodes=nodes)
        return
    if rule == "quasi_monte_carlo" and nodes == 1 and size.n_shocks:
        with pytest.raises(ValueError, match=r"nodes = 1 is too few for 1 shock\(s\) .* use at least 2"):
            ExpectationSettings(rule=rule, nodes=nodes).resolve(size)
        return
    if rule == "equidistant" and nodes == 1:
        with pytest.raises(ValueError, match="nodes = 1 "):
            ExpectationSettings(rule=rule, nodes=nodes).resolve(size)
        return
    settings = ExpectationSettings(rule=rule, nodes=nodes).resolve(size)
    found = build_expectation(calibrate(model).process, settings, finer=finer)
    np.testing.assert_allclose(found.weights.sum(), 1, rtol=1e-13)
    variance = 0.09 if size.n_shocks and not (nodes == 1 and not finer) else 0.0
    np.testing.assert_allclose(found.weights @ found.nodes[:, 0] ** 2, variance, rtol=1e-12)
    # No node lies where nobody has ever been.
    assert np.abs(found.nodes).max() <= 0.3 * 10


def test_a_chain_of_one_regime_is_expected_to_stay():
    model = load_model("""
name: one regime
symbols: {states: [k], controls: [i], exogenous: [w], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + w[t]
  arbitrage: i[t] = 0.1*k[t]
calibration: {k: 4, i: 0.4}
exogenous: !MarkovChain {values: [[2]], transitions: [[1]]}
""")
    process, space, states = calibrate(model).process, state_space(model), np.array([[4.0]])
    exogenous = space.exogenous_of(np, process.mean, process.values, states)
    rule = build_expectation(process, SolveSettings().resolve(problem_size(model)).method.expectation)
    ahead = look_ahead(np, space, rule, states, exogenous)
    np.testing.assert_array_equal(exogenous, [[2.0]])
    np.testing.assert_array_equal(ahead.exogenous, [[[2.0]]])
