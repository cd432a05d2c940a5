"""States that follow the errors, against densities that are known."""

import numpy as np
import pytest

from solver.model.state_space import state_space
from solver.model.zoo import load_zoo
from solver.training.adaptive import AdaptiveStates

LOWER, UPPER = np.array([-0.2, 2.0]), np.array([0.2, 6.0])
NONE = np.zeros(0)


def states_by(errors_at, seed=0, count=4000, model="neoclassical"):
    return AdaptiveStates(state_space(load_zoo(model)), LOWER, UPPER, count, errors_at, seed)


def share_of_low_capital(adaptive):
    """By the arcsine density, a quarter of the box's states have capital in its lowest 0.146."""
    return np.mean(adaptive.states[:, 1] < 2.0 + 4.0 * (1 - np.cos(np.pi / 4)) / 2)


def test_half_of_the_states_go_where_errors_are():
    """A quarter of the candidates has all of the errors: their chance is 4 + 1, the others' 1.

    Drawing a quarter of the candidates without replacement, at the rate t: the share taken of a candidate of chance w is
    1 - exp(-t w); ¼ (1 - e^(-5t)) + ¾ (1 - e^(-t)) = ¼ has the root t = 0.1612, where 55.3 % are of that quarter.
    """

    def errors_at(vector, states):
        return np.where(states[:, 1] < 2.0 + 4.0 * (1 - np.cos(np.pi / 4)) / 2, 1e-3, 0.0)

    adaptive = states_by(errors_at)
    adaptive.follow(NONE)
    # Three standard deviations of a share of 4,000 are 0.024.
    assert share_of_low_capital(adaptive) == pytest.approx(0.553, abs=0.024)


@pytest.mark.parametrize("error", [0.0, 1.0, np.nan, np.inf])
def test_errors_that_tell_nothing_leave_the_states_of_the_box(error):
    adaptive = states_by(lambda vector, states: np.full(len(states), error))
    adaptive.follow(NONE)
    assert share_of_low_capital(adaptive) == pytest.approx(0.25, abs=0.024)
    assert np.all((adaptive.states >= LOWER) & (adaptive.states <= UPPER))


def test_states_are_distinct_and_drawn_anew_every_time_by_the_seed_alone():
    def drawn(seed):
        adaptive = states_by(lambda vector, states: states[:, 1], seed=seed, count=64)
        assert adaptive.states is None
        found = []
        for _ in range(2):
            adaptive.follow(NONE)
            found.append(adaptive.states)
        return found

    first, second = drawn(0)
    assert first.shape == (64, 2)
    assert len(np.unique(first, axis=0)) == 64
    assert not np.isin(first, second).any()
    np.testing.assert_array_equal(drawn(0), [first, second])
    assert not np.isin(drawn(1)[0], first).any()


def test_the_errors_are_those_of_the_given_weights():
    adaptive = states_by(lambda vector, states: np.abs(states[:, 1] - vector[0]) < 0.5, count=500)
    shares = []
    for place in (3.0, 5.0):
        adaptive.follow(np.array([place]))
        shares.append(np.mean(np.abs(adaptive.states[:, 1] - 3.0) < 0.5))
    assert shares[0] > 3 * shares[1]
