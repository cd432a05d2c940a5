"""Placing units: where a policy is known to bend, and along which direction."""

import numpy as np
import pytest

from solver.policy.family import build_family
from solver.settings import PolicySettings
from solver.training.placement import ROUNDS, can_place, place_units, spread_units

N_UNITS = 60
PLACED = [int(share * N_UNITS) for share in ROUNDS]
DIAGONAL = np.array([1.0, 1.0]) / np.sqrt(2)


def kink(u):
    """``max(x + y, 0)``, and a second control that is linear."""
    return np.column_stack([np.maximum(u.sum(axis=1), 0.0), u @ [3.0, -1.0]])


def on_the_kink(rng, n=400):
    along = rng.uniform(-0.9, 0.9, size=n)
    return np.column_stack([along, -along])


def place(rng, hidden, candidates, errors=None, value=kink, number=0, n_new_states=50):
    errors = np.ones(len(candidates)) if errors is None else errors
    return place_units(rng, hidden, candidates, errors, value, number, n_new_states)


def placed_in(number):
    start = N_UNITS - sum(PLACED[number:])
    return slice(start, start + PLACED[number])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("n_states", [1, 2, 3])
def test_a_part_of_the_units_waits_at_zero_and_the_rest_bends_within_the_domain(rng, n_states):
    hidden = spread_units(rng, n_states, N_UNITS)
    assert hidden.shape == (n_states + 1, N_UNITS)
    n_spread = N_UNITS - sum(PLACED)
    assert sum(PLACED) > 0 and not hidden[:, n_spread:].any()
    slopes, offsets = hidden[:-1, :n_spread], hidden[-1, :n_spread]
    assert np.all(np.abs(slopes).sum(axis=0) > 0)
    # Within the domain a unit is zero somewhere exactly if its offset is not beyond what its slopes can make up.
    assert np.all(np.abs(offsets) <= np.abs(slopes).sum(axis=0))
    assert np.std(offsets / np.linalg.norm(slopes, axis=0)) > 0.2


def test_units_are_steeper_where_there_is_one_state(rng):
    lengths = [
        np.sqrt(np.mean(spread_units(rng, n, 3000)[:-1, :1500] ** 2 * n)) for n in (1, 2)
    ]  # of log-uniform slopes from 1 to 4, and from 0.5 to 2: sqrt((b² - a²) / (2 log(b / a)))
    np.testing.assert_allclose(lengths, np.sqrt([15 / 2 / np.log(4), 3.75 / 2 / np.log(4)]), rtol=0.05)


def test_placed_units_bend_at_their_centers_along_the_direction_of_the_kink(rng):
    """All candidates are on the line x + y = 0, and so must be a point at which each unit is zero."""
    hidden = spread_units(rng, 2, N_UNITS)
    placement = place(rng, hidden, on_the_kink(rng))
    units = placement.hidden[:, placed_in(0)]
    lengths = np.linalg.norm(units[:-1], axis=0)
    across = DIAGONAL @ units[:-1] / lengths
    assert np.mean(np.abs(across)) > 0.9 and np.all(np.abs(across) > 0.6)
    # On the kink, at (t, -t), a unit is zero at t = -offset / (slope_x - slope_y); each does so where candidates are.
    crossing = -units[-1] / (units[0] - units[1])
    assert np.all(np.abs(crossing) <= 0.9)
    assert np.ptp(crossing) > 0.5
    assert np.all((lengths > 1.0) & (lengths < 30.0)) and lengths.max() / lengths.min() > 2


def test_a_kink_of_one_coordinate_is_found_as_well(rng):
    hidden = spread_units(rng, 3, N_UNITS)
    candidates = rng.uniform(-0.9, 0.9, size=(300, 3))
    candidates[:, 1] = 0.2
    placement = place(rng, hidden, candidates, value=lambda u: np.abs(u[:, 1:2] - 0.2))
    units = placement.hidden[:, placed_in(0)]
    assert np.mean(np.abs(units[1]) / np.linalg.norm(units[:-1], axis=0)) > 0.9


def test_each_round_fills_its_own_units_and_leaves_the_others(rng):
    hidden = spread_units(rng, 2, N_UNITS)
    first = place(rng, hidden, on_the_kink(rng), number=0).hidden
    second = place(rng, first, on_the_kink(rng), number=1).hidden
    for before, after, number in ((hidden, first, 0), (first, second, 1)):
        others = np.ones(N_UNITS, dtype=bool)
        others[placed_in(number)] = False
        np.testing.assert_array_equal(after[:, others], before[:, others])
        assert not before[:, placed_in(number)].any() and after[:, placed_in(number)].all()
    assert second.any(axis=0).all()


def test_units_and_states_go_where_errors_are(rng):
    candidates = np.concatenate([on_the_kink(rng, 200), np.full((200, 2), 0.8)])
    errors = np.repeat([0.0, 1.0], 200)
    errors[0] = np.nan  # a state at which the policy is not defined attracts nothing
    placement = place(rng, spread_units(rng, 2, N_UNITS), candidates, errors)
    units = placement.hidden[:, placed_in(0)]
    np.testing.assert_allclose(units[:-1].sum(axis=0) * 0.8 + units[-1], 0.0, atol=1e-12)
    assert placement.states.shape == (50, 2)
    assert np.all(np.abs(placement.states - 0.8) < 0.2) and np.ptp(placement.states, axis=0).min() > 0.01


def test_where_there_are_no_errors_or_none_is_defined_places_are_drawn_evenly(rng):
    candidates = on_the_kink(rng)
    for errors in (np.zeros(len(candidates)), np.full(len(candidates), np.nan)):
        placement = place(rng, spread_units(rng, 2, N_UNITS), candidates, errors, n_new_states=200)
        assert np.isfinite(placement.hidden).all() and placement.hidden[:, placed_in(0)].all()
        assert np.ptp(placement.states[:, 0]) > 1.2


def test_a_policy_that_is_not_defined_at_some_places_still_gets_its_units(rng):
    def undefined(u):
        return np.where(u[:, :1] > 0, kink(u), np.nan)

    placement = place(rng, spread_units(rng, 2, N_UNITS), on_the_kink(rng), value=undefined)
    assert np.isfinite(placement.hidden).all() and placement.hidden[:, placed_in(0)].all()


@pytest.mark.parametrize(
    "policy, answer",
    [
        ({"hidden": (8,), "activation": "tanh"}, True),
        ({"hidden": (8, 8), "activation": "tanh"}, False),
        ({"family": "polynomial", "degree": 3}, False),
        ({"family": "linear"}, False),
    ],
)
def test_only_the_units_of_one_hidden_layer_can_be_placed(policy, answer):
    assert can_place(build_family(PolicySettings(**policy), 2, 1)) is answer
