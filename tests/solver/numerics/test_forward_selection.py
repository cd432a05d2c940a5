"""Forward selection: against trying every candidate in turn by ordinary least squares."""

import numpy as np
import pytest

from solver.numerics.forward_selection import forward_selection


def left_over(columns, aim):
    fitted = columns @ np.linalg.lstsq(columns, aim, rcond=None)[0]
    return np.linalg.norm(aim - fitted)


def tried_in_turn(present, candidates, aim, count):
    chosen, columns = [], present
    for _ in range(count):
        left = [place for place in range(candidates.shape[1]) if place not in chosen]
        best = min(left, key=lambda place: left_over(np.column_stack([columns, candidates[:, place]]), aim))
        chosen.append(best)
        columns = np.column_stack([columns, candidates[:, best]])
    return chosen


@pytest.mark.parametrize("seed", range(5))
def test_single_columns_are_chosen_as_by_trying_all(seed):
    rng = np.random.default_rng(seed)
    present, candidates = rng.normal(size=(100, 6)), rng.normal(size=(100, 25, 1))
    candidates += 0.7 * rng.normal(size=(100, 1, 1))  # they have much in common
    aim = rng.normal(size=100)
    expected = tried_in_turn(present, candidates, aim, 8)
    assert forward_selection(present, candidates, aim, 8).tolist() == expected


def test_of_candidates_that_explain_the_same_one_is_chosen():
    rng = np.random.default_rng(0)
    useful, other = rng.normal(size=(2, 50))
    aim = 3 * useful + other
    candidates = np.stack([useful, 2 * useful, useful, other], axis=1)[:, :, None]
    assert set(forward_selection(np.ones((50, 1)), candidates, aim, 2)) in ({0, 3}, {1, 3}, {2, 3})


def test_what_is_there_already_is_not_chosen_again():
    rng = np.random.default_rng(1)
    present, new = rng.normal(size=(60, 3)), rng.normal(size=60)
    candidates = np.column_stack([present @ [1.0, 2.0, 3.0], new])[:, :, None]
    assert forward_selection(present, candidates, present @ [9.0, 9.0, 9.0] + 1e-3 * new, 1).tolist() == [1]


def test_a_group_brings_all_its_columns_and_zeros_do_no_harm():
    rng = np.random.default_rng(2)
    candidates = rng.normal(size=(80, 3, 2))
    candidates[:, 0] = 0.0
    aim = candidates[:, 2].sum(axis=1)
    assert forward_selection(np.zeros((80, 2)), candidates, aim, 3).tolist() == [2, 1, 0]
