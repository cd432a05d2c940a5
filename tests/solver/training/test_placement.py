"""Placing units: where a policy is known to bend, and along which direction."""

import numpy as np
import pytest

from solver.policy.family import build_family
from solver.settings import PolicySettings
from solver.training.placement import ROUNDS, can_place, places, propose_units, spread_units

N_UNITS = 60
DIAGONAL = np.array([1.0, 1.0]) / np.sqrt(2)


def kink(u):
    """``max(x + y, 0)``, and a second function that is linear."""
    return np.column_stack([np.maximum(u.sum(axis=1), 0.0), u @ [3.0, -1.0]])


def on_the_kink(rng, n=400):
    along = rng.uniform(-0.9, 0.9, size=n)
    return np.column_stack([along, -along])


def propose(rng, candidates, errors=None, value=kink, n_places=20, n_new_states=50):
    errors = np.ones(len(candidates)) if errors is None else errors
    return propose_units(rng, candidates, errors, value, n_places, 2, n_new_states)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("n_states", [1, 2, 3])
@pytest.mark.parametrize("n_units", [N_UNITS, 360])
def test_a_part_of_the_units_waits_at_zero_and_the_rest_bends_within_the_domain(rng, n_states, n_units):
    hidden = spread_units(rng, n_states, n_units)
    assert hidden.shape == (n_states + 1, n_units)
    n_spread = places(n_units, 0).start
    assert 0 < n_spread < n_units and not hidden[:, n_spread:].any()
    slopes, offsets = hidden[:-1, :n_spread], hidden[-1, :n_spread]
    assert np.all(np.abs(slopes).sum(axis=0) > 0)
    # Within the domain a unit is zero somewhere exactly if its offset is not beyond what its slopes can make up.
    assert np.all(np.abs(offsets) <= np.abs(slopes).sum(axis=0))
    assert np.std(offsets / np.linalg.norm(slopes, axis=0)) > 0.2


def test_units_are_steeper_where_there_is_one_state(rng):
    lengths = [
        np.sqrt(np.mean(spread_units(rng, n, 3000)[:-1, :128] ** 2 * n)) for n in (1, 2)
    ]  # of log-uniform slopes from 1 to 4, and from 0.5 to 2: sqrt((b² - a²) / (2 log(b / a)))
    np.testing.assert_allclose(lengths, np.sqrt([15 / 2 / np.log(4), 3.75 / 2 / np.log(4)]), rtol=0.2)


@pytest.mark.parametrize("n_units", [6, N_UNITS, 192, 360])
def test_the_rounds_fill_what_waits_one_after_the_other(n_units):
    runs = [places(n_units, number) for number in range(len(ROUNDS))]
    assert [run.start for run in runs[1:]] == [run.stop for run in runs[:-1]]
    assert runs[-1].stop == n_units
    waiting = spread_units(np.random.default_rng(0), 2, n_units).any(axis=0)
    assert waiting[: runs[0].start].all() and not waiting[runs[0].start :].any()


def test_proposed_units_bend_at_their_centers_about_along_the_direction_of_the_kink(rng):
    """All candidates are on the line x + y = 0, and near it must be a point at which each unit is zero."""
    units = propose(rng, on_the_kink(rng)).units
    lengths = np.linalg.norm(units[:-1], axis=0)
    across = DIAGONAL @ units[:-1] / lengths
    # A center may be so far off the kink that nothing bends within the step of a difference.
    assert np.mean(np.abs(across) > 0.6) > 0.9
    # On the kink, at (t, -t), a unit is zero at t = -offset / (slope_x - slope_y), where candidates are near.
    crossing = -units[-1] / (units[0] - units[1])
    assert np.mean(np.abs(crossing) <= 1.0) > 0.9 and np.ptp(np.clip(crossing, -1, 1)) > 0.5
    assert lengths.max() / lengths.min() > 20


def test_a_kink_of_one_coordinate_is_found_as_well(rng):
    candidates = rng.uniform(-0.9, 0.9, size=(300, 3))
    candidates[:, 1] = 0.2
    units = propose(rng, candidates, value=lambda u: np.abs(u[:, 1:2] - 0.2)).units
    assert np.mean(np.abs(units[1]) / np.linalg.norm(units[:-1], axis=0)) > 0.9


def test_there_are_several_proposals_for_each_place_and_never_fewer_than_places(rng):
    assert propose(rng, on_the_kink(rng), n_places=20).units.shape[1] == 160
    assert propose(rng, on_the_kink(rng), n_places=1500).units.shape[1] == 1500


def test_units_and_states_go_where_errors_are(rng):
    candidates = np.concatenate([on_the_kink(rng, 200), np.full((200, 2), 0.8)])
    errors = np.repeat([0.0, 1.0], 200)
    errors[0] = np.nan  # a state at which the policy is not defined attracts nothing
    proposal = propose(rng, candidates, errors)
    distance = (proposal.units[:-1].sum(axis=0) * 0.8 + proposal.units[-1]) / np.linalg.norm(
        proposal.units[:-1], axis=0
    )
    assert np.abs(distance).max() < 0.05
    assert proposal.states.shape == (50, 2)
    assert np.all(np.abs(proposal.states - 0.8) < 0.1) and np.ptp(proposal.states, axis=0).min() > 0.01


def test_where_there_are_no_errors_or_none_is_defined_places_are_drawn_evenly(rng):
    candidates = on_the_kink(rng)
    for errors in (np.zeros(len(candidates)), np.full(len(candidates), np.nan)):
        proposal = propose(rng, candidates, errors, n_new_states=200)
        assert np.isfinite(proposal.units).all() and proposal.units.all()
        assert np.ptp(proposal.states[:, 0]) > 1.2


def test_where_the_residuals_are_not_defined_units_are_proposed_all_the_same(rng):
    def undefined(u):
        return np.where(u[:, :1] > 0, kink(u), np.nan)

    units = propose(rng, on_the_kink(rng), value=undefined).units
    assert np.isfinite(units).all() and units.all()


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
