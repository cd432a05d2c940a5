"""Populations against the ergodic distributions of linear economies."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.policy.policy import Policy
from solver.simulation.ergodic import Population

COUNT = 4_000
#: ``k' = 0.5 k + e'``, whose variance is ``σ² / (1 - 0.25)``.
LINEAR = """
name: linear
symbols: {states: [k], controls: [i], exogenous: [e], parameters: []}
equations:
  transition: k[t] = 0.8*k[t-1] + i[t-1] + e[t]
  arbitrage: i[t] = -0.3*k[t]
calibration: {k: 0, i: 0}
exogenous: !UNormal {sigma: 0.3}
domain: {k: [-3, 3]}
"""
CHAIN = LINEAR.replace(
    "!UNormal {sigma: 0.3}",
    "!MarkovChain {values: [[-0.2], [0.1]], transitions: [[0.7, 0.3], [0.15, 0.85]]}",
)
FAR = np.array([100.0])


def population(text, width=FAR, start=2.0, seed=0):
    model = load_model(text)
    policy = Policy.of_linear_rule(model, calibrate(model))
    rng = np.random.default_rng(seed)
    states = policy.space.with_regimes(rng, np.full((COUNT, 1), start))
    return policy, Population(states, -width, width, rng)


def test_a_cross_section_is_a_sample_of_the_ergodic_distribution():
    policy, people = population(LINEAR)
    people.live(policy, 60)
    k, variance = people.states[:, 0], 0.09 / 0.75
    assert abs(k.mean()) < 4 * np.sqrt(variance / COUNT)
    # The variance of a normal sample's variance is 2 σ⁴ / n; independence is what makes it so small.
    assert abs(k.var() - variance) < 4 * variance * np.sqrt(2 / COUNT)


@pytest.mark.parametrize("periods", [1, 7, 20, 45])
def test_it_lives_for_exactly_as_many_periods(periods):
    """The mean decays by half a period."""
    policy, people = population(LINEAR)
    people.live(policy, periods)
    variance = 0.09 * (1 - 0.25**periods) / 0.75
    assert abs(people.states[:, 0].mean() - 2.0 * 0.5**periods) < 4 * np.sqrt(variance / COUNT)


def test_it_follows_the_policy_that_it_is_given():
    policy, people = population(LINEAR)
    slower = Policy.of_linear_rule(
        policy.model, policy.calibration, policy.frame._replace(slope=0 * policy.frame.slope)
    )
    people.live(slower, 100)  # k' = 0.8 k + e'
    variance = 0.09 / (1 - 0.64)
    assert abs(people.states[:, 0].var() - variance) < 4 * variance * np.sqrt(2 / COUNT)


def test_regimes_have_their_long_run_shares():
    policy, people = population(CHAIN)
    people.live(policy, 60)
    share = 0.3 / 0.45
    assert abs(people.states[:, 1].mean() - share) < 4 * np.sqrt(share * (1 - share) / COUNT)


def test_no_move_leads_out_of_the_box():
    width = np.array([0.4])
    policy, people = population(LINEAR, width, start=0.3)
    before = people.states
    people.live(policy, 60)
    assert np.abs(people.states).max() <= width[0]
    assert np.mean(people.states != before) > 0.95


def test_economies_that_cannot_move_stay_where_they_were():
    policy, people = population(LINEAR, start=0.3)
    nowhere = Policy.of_linear_rule(
        policy.model, policy.calibration, policy.frame._replace(base=np.full_like(policy.frame.base, np.nan))
    )
    before = people.states
    people.live(nowhere, 20)
    np.testing.assert_array_equal(people.states, before)


def test_the_same_seed_lives_the_same_life():
    lives = []
    for seed in (0, 0, 1):
        policy, people = population(LINEAR, seed=seed)
        people.live(policy, 25)
        lives.append(people.states)
    np.testing.assert_array_equal(lives[0], lives[1])
    assert not np.any(lives[0] == lives[2])
