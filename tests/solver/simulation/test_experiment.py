"""Experiments by blocks: every path once, each block by itself, and departures where they belong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.policy.policy import Policy
from solver.simulation.experiment import (
    BLOCK_PATHS,
    BLOCK_PERIODS,
    Experiment,
    simulate_block,
    simulate_experiment,
)
from tests.oracles.log_growth import MODEL, LogGrowth

TRUTH = LogGrowth()


@pytest.fixture(scope="module")
def policy():
    """Growth in logs, whose policy is its linear rule."""
    model = load_model(MODEL)
    return Policy.of_linear_rule(model, calibrate(model))


@settings(deadline=None)
@given(periods=st.integers(1, 10**6), burn_in=st.integers(0, 10**6), paths=st.integers(1, 100_000))
def test_every_path_is_in_one_block_that_is_not_too_large(periods, burn_in, paths):
    blocks = Experiment(periods, paths, burn_in).blocks()
    assert [block.start for block in blocks] == [0, *(block.stop for block in blocks[:-1])]
    assert blocks[-1].stop == paths
    for block in blocks:
        assert 1 <= len(block) <= BLOCK_PATHS
        assert len(block) == 1 or len(block) * (burn_in + periods) <= BLOCK_PERIODS


def test_blocks_are_simulated_alone_as_together_and_are_not_alike(policy):
    experiment = Experiment(5, 2 * BLOCK_PATHS + 3, burn_in=2, seed=7, initial={"a": 0.1})
    whole = simulate_experiment(policy, experiment)
    for number, block in enumerate(experiment.blocks()):
        alone = simulate_block(policy, experiment, number)
        for name, values in alone.quantities().items():
            np.testing.assert_array_equal(values, whole.quantities()[name][:, block.start : block.stop])
    e = whole.shocks["e"]
    assert np.isfinite(e).all()  # periods of departure are burnt in
    assert len(np.unique(e)) == e.size
    assert whole.is_defined.shape == (5, 2 * BLOCK_PATHS + 3)


def test_every_path_follows_the_law_of_motion_from_its_own_departure(policy):
    paths = BLOCK_PATHS + 500
    x = np.linspace(-2.0, -1.5, paths)
    panel = simulate_experiment(policy, Experiment(8, paths, seed=1, initial={"a": 0.05, "x": x.tolist()}))
    a, followed = TRUTH.follow(np.full(paths, 0.05), x, panel.shocks["e"][1:])
    np.testing.assert_allclose(panel.states["a"], a, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(panel.states["x"], followed, rtol=1e-10)


def test_a_single_departure_is_that_of_all(policy):
    one, all_ = (
        simulate_experiment(policy, Experiment(3, 4, initial={"x": given})) for given in ([-1.9], -1.9)
    )
    np.testing.assert_array_equal(one.states["x"], all_.states["x"])


def test_each_period_is_told_and_may_end_it(policy):
    told = []
    simulate_block(policy, Experiment(6, 3, burn_in=4), 0, lambda: told.append(None))
    assert len(told) == 9  # steps from one period to the next

    class EnoughError(Exception):
        pass

    def stop():
        raise EnoughError

    with pytest.raises(EnoughError):
        simulate_block(policy, Experiment(6, 3), 0, stop)
