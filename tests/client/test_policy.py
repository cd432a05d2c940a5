"""Policies from Python, in whatever form states come, against the closed form of Brock and Mirman's model."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import saddlepath as sp
import xarray as xr
from saddlepath.evaluating import ARROW_FROM

BETA, THETA = 0.96, 0.36
TOLERANCE = 1e-6  # the target of the solve


def investment(a, k):
    return BETA * THETA * np.exp(a) * k**THETA


@pytest.fixture(scope="module", autouse=True)
def calibration(brock_mirman):
    assert (brock_mirman.calibration["beta"], brock_mirman.calibration["theta"]) == (BETA, THETA)


def test_numbers_give_numbers(brock_mirman):
    found = brock_mirman.policy(a=0.05, k=0.2)
    assert isinstance(found.i, float)
    assert found.i == pytest.approx(investment(0.05, 0.2), rel=TOLERANCE)
    assert found["c"] == pytest.approx(found["y"] - found["i"])
    assert found.in_domain is True
    assert set(found) == {"a", "k", "i", "y", "c"}


def test_arrays_are_broadcast(brock_mirman):
    a, k = np.array([[0.0], [0.1]]), [0.15, 0.2, 0.25]
    found = brock_mirman.policy(a=a, k=k)
    assert found.i.shape == found.in_domain.shape == (2, 3)
    np.testing.assert_allclose(found.i, investment(a, np.array(k)), rtol=TOLERANCE)


def test_a_mapping_is_the_same_as_names(brock_mirman):
    assert brock_mirman.policy({"a": 0.0, "k": 0.2}).i == brock_mirman.policy(a=0.0, k=0.2).i


def test_a_data_frame_keeps_its_index_and_other_columns_are_left_aside(brock_mirman):
    states = pd.DataFrame({"note": ["x", "y"], "k": [0.15, 0.2], "a": [0, 0]}, index=["low", "high"])
    found = brock_mirman.policy(states, sensitivity="beta")
    assert list(found.index) == ["low", "high"]
    np.testing.assert_allclose(found["i"], investment(0.0, states["k"]), rtol=TOLERANCE)
    np.testing.assert_allclose(found["i.beta"], found["i"] / BETA, rtol=1e-5)  # i is linear in beta
    assert found["in_domain"].all()


def test_simulated_states_are_a_table_too(brock_mirman):
    paths = brock_mirman.simulate(5, initial={"k": 0.15})
    np.testing.assert_allclose(brock_mirman.policy(paths)["i"], paths["i"], rtol=1e-9)


def test_a_dataset_keeps_its_dimensions(brock_mirman):
    states = xr.Dataset(coords={"k": [0.15, 0.2, 0.25], "a": [0.0, 0.1]})
    found = brock_mirman.policy(states)
    assert dict(found["i"].sizes) == {"k": 3, "a": 2}
    np.testing.assert_allclose(
        found["i"].transpose("k", "a"), investment(found["a"], found["k"]).transpose("k", "a"), rtol=TOLERANCE
    )
    assert float(found["i"].sel(k=0.2, a=0.1)) == pytest.approx(investment(0.1, 0.2), rel=TOLERANCE)


def test_dataset_variables_are_states_as_well_as_coordinates(brock_mirman):
    states = xr.Dataset({"k": ("time", [0.15, 0.2]), "a": 0.0}, coords={"time": [2001, 2002]})
    found = brock_mirman.policy(states)
    assert list(found["time"].values) == [2001, 2002]
    np.testing.assert_allclose(found["i"], investment(0.0, np.array([0.15, 0.2])), rtol=TOLERANCE)


def test_a_coordinate_does_not_stand_in_for_a_variable_of_the_policy(brock_mirman):
    states = xr.Dataset(coords={"k": [0.15, 0.2], "a": 0.0, "c": ("k", [7.0, 8.0])})
    with pytest.raises(sp.InputError, match="c: the policy's own variables have the names of coordinates"):
        brock_mirman.policy(states)


def test_many_states_travel_by_arrow_and_are_the_same(brock_mirman):
    k = np.linspace(0.15, 0.25, ARROW_FROM)
    found = brock_mirman.policy(a=0.0, k=k, sensitivity=["beta", "theta"])
    np.testing.assert_allclose(found.i, investment(0.0, k), rtol=TOLERANCE)
    few = brock_mirman.policy(a=0.0, k=k[:3], sensitivity=["beta", "theta"])
    for name in ("beta", "theta"):
        np.testing.assert_allclose(found.sensitivities[name].i[:3], few.sensitivities[name].i, rtol=1e-6)
        assert found.sensitivities[name].misfit == few.sensitivities[name].misfit


def test_a_sensitivity_is_the_derivative_of_the_closed_form(brock_mirman):
    found = brock_mirman.sensitivity("theta", a=0.0, k=0.2)
    truth = investment(0.0, 0.2) * (1 / THETA + np.log(0.2))
    assert found.i == pytest.approx(truth, rel=1e-5)
    assert 0 <= found.misfit < 1e-5


def test_states_beyond_the_domain_are_extrapolated_or_refused(brock_mirman):
    low, high = brock_mirman.domain()["k"]
    assert brock_mirman.policy(a=0.0, k=[(low + high) / 2, high * 1.1]).in_domain.tolist() == [True, False]
    with pytest.raises(sp.InvalidError, match="k"):
        brock_mirman.policy(a=0.0, k=high * 1.1, strict=True)


def test_missing_and_unknown_states_are_all_told_with_their_places(brock_mirman):
    with pytest.raises(sp.InvalidError) as caught:
        brock_mirman.policy(k=0.2, q=1.0)
    assert [fault.pointer for fault in caught.value.errors] == ["/states/a", "/states/q"]
    assert "this policy's states are: a, k" in str(caught.value)


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ({"a": 0.0, "k": float("nan")}, "k = nan is not finite"),
        ({"a": 0.0, "k": [0.2, np.inf]}, r"k\[1\] = inf is not finite"),
        ({"a": [0.0, 0.1], "k": [0.2, 0.3, 0.4]}, r"a \(2,\), k \(3,\)"),
        ({"a": 0.0, "k": "much"}, "k = 'much' is no number"),
    ],
)
def test_what_cannot_be_sent_is_told_by_name(brock_mirman, states, told):
    with pytest.raises(sp.InputError, match=told):
        brock_mirman.policy(states)


def test_a_table_without_a_state_says_which(brock_mirman):
    with pytest.raises(sp.InputError, match="a is not in the table; this policy's states are: a, k"):
        brock_mirman.policy(pd.DataFrame({"k": [0.2]}))


def test_an_unknown_name_of_an_answer_lists_the_known(brock_mirman):
    with pytest.raises(AttributeError, match="there is no 'q' here; there are a, k, i, y, c"):
        _ = brock_mirman.policy(a=0.0, k=0.2).q


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))])
def test_an_answer_may_be_copied_and_sent_to_other_processes(brock_mirman, again):
    found = brock_mirman.policy(a=0.0, k=[0.15, 0.2], sensitivity="beta")
    same = again(found)
    np.testing.assert_array_equal(same.i, found.i)
    np.testing.assert_array_equal(same.sensitivities["beta"].i, found.sensitivities["beta"].i)
    assert same.in_domain.all()


def test_tabulate_goes_over_the_domain_with_the_others_at_the_steady_state(brock_mirman):
    table = brock_mirman.tabulate("k", n=7)
    assert (table["k"].iloc[0], table["k"].iloc[-1]) == pytest.approx(brock_mirman.domain()["k"])
    assert (table["a"] == 0).all() and len(table) == 7
    np.testing.assert_allclose(table["i"], investment(0.0, table["k"]), rtol=TOLERANCE)
    with pytest.raises(sp.InputError, match="'q' is not a state with a domain; there are a, k"):
        brock_mirman.tabulate("q")


def test_tabulate_takes_bounds_and_other_states(brock_mirman):
    table = brock_mirman.tabulate("k", (0.15, 0.2), n=2, a=0.1)
    np.testing.assert_allclose(table["i"], investment(0.1, np.array([0.15, 0.2])), rtol=TOLERANCE)
