"""The state of a policy: which columns it has, and what they hold."""

import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.state_space import problem_size, state_space

LAWS = {
    "normal": "!UNormal {sigma: 0.1}",
    "ar1": "!AR1 {rho: 0.5, sigma: 0.1}",
    "chain": "!MarkovChain {values: [[-1], [1]], transitions: [[0.5, 0.5], [0.5, 0.5]]}",
    "three": "!MarkovChain {values: [[-1], [0], [1]], transitions: [[0, 1, 0], [0, 0, 1], [1, 0, 0]]}",
    "constant": "!ConstantProcess {mu: 2}",
    "mixture": "!Mixture {weights: [0.5, 0.5], distributions: [!UNormal {sigma: 0.1}, !UNormal {sigma: 0.2}]}",
}
FORWARD = "k[t] = 0.9*k[t-1] + i[t-1] + {}[t]"


def model_of(laws, transition="k[t] = 0.9*k[t-1] + i[t-1]", arbitrage="i[t] = 0.4 - 0.1*k[t]", more=""):
    """A model of one state and one control with the exogenous variables x0, x1, …"""
    names = [f"x{place}" for place in range(len(laws))]
    laws = "".join(f"\n  {name}: {LAWS[law]}" for name, law in zip(names, laws, strict=True))
    exogenous = f"exogenous:{laws}" if laws else ""
    return load_model(f"""
name: states
symbols: {{states: [k], controls: [i], exogenous: [{", ".join(names)}], parameters: []}}
{more}
equations:
  transition: {transition}
  arbitrage: {arbitrage}
calibration: {{k: 2, i: 0.2}}
{exogenous}
""")


def names_of(laws, **options):
    return state_space(model_of(laws, **options)).names


@pytest.mark.parametrize("law", ["normal", "mixture"])
@pytest.mark.parametrize(
    "options, is_state",
    [
        ({"transition": FORWARD.format("x0")}, False),
        ({"arbitrage": "i[t] = 0.4 - 0.1*k[t] + x0[t+1]"}, False),
        ({"arbitrage": "i[t] = 0.4 - 0.1*k[t] + x0[t]"}, True),
        ({"transition": "k[t] = 0.9*k[t-1] + i[t-1] + x0[t-1]"}, True),
        ({"arbitrage": "i[t] + 0.1*k[t] - 0.4 ⟂ -1 <= i[t] <= 1 + x0[t]"}, True),
        # A definition is a variable of its own date, whoever uses it.
        ({"arbitrage": "i[t] = 0.4 - 0.1*k[t] + y[t]", "more": "definitions: |\n  y[t] = x0[t]^2"}, True),
        ({"more": "definitions: |\n  y[t] = x0[t]^2"}, True),
    ],
    ids=[
        "transition",
        "tomorrow",
        "today",
        "yesterday in transition",
        "bound",
        "definition",
        "definition alone",
    ],
)
def test_an_independent_variable_is_a_state_where_its_present_value_matters(law, options, is_state):
    assert names_of([law], **options) == (("x0", "k") if is_state else ("k",))


def test_an_autocorrelated_variable_is_a_state_wherever_it_stands():
    assert names_of(["ar1"], transition=FORWARD.format("x0")) == ("x0", "k")
    assert names_of(["ar1"]) == ("x0", "k")


def test_a_chain_is_a_regime_and_a_constant_is_nothing():
    assert names_of(["chain"]) == ("k", "regime")
    assert names_of(["constant"], arbitrage="i[t] = 0.4 - 0.1*k[t] + 0*x0[t]") == ("k",)
    space = state_space(model_of(["chain", "ar1", "three"]))
    assert space.names == ("x1", "k", "regime")
    assert (space.n_continuous, space.n_regimes, space.exogenous) == (2, 6, (1,))


@pytest.fixture
def mixed():
    """An AR(1), two chains, a normal of tomorrow alone and a normal that matters today, of the same model."""
    model = model_of(
        ["ar1", "chain", "normal", "three", "normal"],
        transition=FORWARD.format("x2"),
        arbitrage="i[t] = 0.4 - 0.1*k[t] + 0*x1[t] + x4[t]",
    )
    return state_space(model), calibrate(model).process


def test_columns_are_split_and_joined(mixed):
    space, process = mixed
    assert space.names == ("x0", "x4", "k", "regime")
    states = np.array([[0.3, 0.7, 2.0, 0.0], [-0.3, -0.7, 3.0, 5.0], [0.1, 0.2, 4.0, 2.0]])
    np.testing.assert_array_equal(space.continuous(states), states[:, :3])
    np.testing.assert_array_equal(space.endogenous(states), states[:, 2:3])
    exogenous = space.exogenous_of(np, process.mean, process.values, states)
    # x1 and x3 are those of the regime, the last chain turning fastest; x2 does not matter today and is at its mean.
    expected = [[0.3, -1, 0, -1, 0.7], [-0.3, 1, 0, 1, -0.7], [0.1, -1, 0, 1, 0.2]]
    np.testing.assert_array_equal(exogenous, expected)
    joined = space.join(np, exogenous, space.endogenous(states), states[:, 3])
    np.testing.assert_array_equal(joined, states)
    weights = space.regime_weights(np, states)
    np.testing.assert_array_equal(weights, np.eye(6)[[0, 5, 2]])


def test_tensorflow_splits_and_joins_as_numpy_does(mixed):
    space, process = mixed
    rng = np.random.default_rng(0)
    states = space.with_regimes(rng, rng.normal(size=(20, 3)))
    xp = tf.experimental.numpy
    tensors = [tf.constant(array) for array in (process.mean, process.values, states)]
    exogenous = space.exogenous_of(xp, *tensors)
    np.testing.assert_array_equal(exogenous, space.exogenous_of(np, process.mean, process.values, states))
    joined = space.join(xp, exogenous, space.endogenous(tensors[2]), tensors[2][:, 3])
    np.testing.assert_array_equal(joined, states)
    np.testing.assert_array_equal(space.regime_weights(xp, tensors[2]), space.regime_weights(np, states))


def test_a_model_without_shocks_is_its_states_alone():
    space = state_space(model_of([]))
    states = np.array([[2.0], [3.0]])
    assert space.names == ("k",)
    assert space.exogenous_of(np, np.zeros(0), np.zeros((1, 0)), states).shape == (2, 0)
    np.testing.assert_array_equal(space.regime_weights(np, states), np.ones((2, 1)))
    np.testing.assert_array_equal(space.join(np, states[:, :0], states, np.zeros(2)), states)
    np.testing.assert_array_equal(space.in_every_regime(states), states)


def test_every_regime_has_all_states_and_random_regimes_are_spread_evenly(mixed):
    space, _ = mixed
    continuous = np.arange(6.0).reshape(2, 3)
    every = space.in_every_regime(continuous)
    np.testing.assert_array_equal(every[:, 3], np.repeat(np.arange(6), 2))
    np.testing.assert_array_equal(every[:, :3], np.tile(continuous, (6, 1)))
    many = space.with_regimes(np.random.default_rng(0), np.zeros((6000, 3)))
    counts = np.bincount(many[:, 3].astype(int))
    # A thousand each, with a standard deviation of 29.
    assert counts.shape == (6,) and np.all(np.abs(counts - 1000) < 150)


@pytest.mark.parametrize(
    "laws, options, expected",
    [
        ([], {}, (1, 1, 1, 0, False)),
        (["ar1", "normal"], {"transition": FORWARD.format("x1")}, (2, 1, 1, 2, False)),
        (["chain", "three"], {}, (1, 1, 6, 0, False)),
        (["constant", "mixture"], {"transition": FORWARD.format("x1")}, (1, 1, 1, 1, False)),
        ([], {"arbitrage": "i[t] + 0.1*k[t] - 0.4 ⟂ 0 <= i[t] <= inf"}, (1, 2, 1, 0, True)),
        ([], {"arbitrage": "i[t] = min(0.4 - 0.1*k[t], 5)"}, (1, 1, 1, 0, True)),
        ([], {"transition": "k[t] = 0.9*k[t-1] + abs(i[t-1])"}, (1, 1, 1, 0, True)),
        (
            [],
            {"arbitrage": "i[t] = y[t]", "more": "definitions: |\n  y[t] = max(0.4 - 0.1*k[t], 0)"},
            (1, 1, 1, 0, True),
        ),
    ],
)
def test_the_size_of_a_problem_counts_the_scale_of_a_multiplier_among_the_controls(laws, options, expected):
    size = problem_size(model_of(laws, **options))
    assert (size.n_states, size.n_controls, size.n_regimes, size.n_shocks, size.has_kinks) == expected
