"""Simulations and impulse responses as they are drawn: the numbers that the API answers."""

import numpy as np
import pytest

from service.errors import RequestError
from service.figures.impulse_response import collect_response
from service.figures.simulation import collect_simulation
from service.impulses import response_of
from service.schemas.figures import ImpulseFigureQuery, SimulationFigureQuery
from service.schemas.simulations import ImpulseQuery, SimulationRequest
from service.simulation import read_experiment, simulate

EXPLOSIVE = """
name: explosive
title: Growth that ends
symbols: {states: [k], controls: [i], exogenous: [e], parameters: []}
equations:
  transition: k[t] = 0.9*k[t-1] + e[t]
  arbitrage: i[t] = log(k[t])
calibration: {k: 1, i: 0, e: 0.1}
exogenous: {e: !UNormal {mu: 0.1, sigma: 0.5}}
domain: {k: [0.5, 2]}
"""


def paths(evaluator, given=None, **asked):
    return collect_simulation(evaluator, SimulationFigureQuery(**asked), given or {})


def response(evaluator, given=None, **asked):
    return collect_response(evaluator, ImpulseFigureQuery(**asked), given or {})


@pytest.mark.parametrize("given", [{}, {"k": 12.0}])
def test_paths_are_those_of_a_simulation(evaluator_of, given):
    evaluator = evaluator_of("chain")
    picture = paths(evaluator, given, periods=30, paths=7, burn_in=4, seed=3)
    asked = SimulationRequest(periods=30, paths=7, burn_in=4, seed=3, initial=given)
    found = simulate(evaluator, read_experiment(evaluator, asked)).groups
    assert list(picture.values) == ["k", "regime", "i"]
    for group, name in (("states", "k"), ("states", "regime"), ("controls", "i")):
        np.testing.assert_array_equal(picture.values[name], found[group][name].reshape(7, 30).T[:, :5])
    assert not picture.bands
    assert picture.first == 4


def test_many_paths_are_a_line_and_a_band_and_few_are_lines(evaluator_of, drawn):
    picture = paths(evaluator_of("kinked"), periods=40, paths=200, variables="z,i")
    axes = drawn(picture).axes[0]
    asked = SimulationRequest(periods=40, paths=200)
    evaluator = evaluator_of("kinked")
    values = simulate(evaluator, read_experiment(evaluator, asked)).groups["states"]["z"].reshape(200, 40).T
    (line,) = [one for one in axes.lines if one.get_label() == "path 0"]
    np.testing.assert_array_equal(line.get_ydata(), values[:, 0])
    low, high = np.percentile(values, (5, 95), axis=1)
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == low.min() and corners[:, 1].max() == high.max()
    few = drawn(paths(evaluator_of("kinked"), periods=40, paths=19, variables="z")).axes[0]
    assert len([one for one in few.lines if one.get_label().startswith("path")]) == 5
    assert not few.collections


def test_steady_state_domain_and_bounds_are_marked(evaluator_of, drawn):
    picture = paths(evaluator_of("kinked"), {"k": 2.0}, periods=40, paths=1, variables="k,i")
    of_k, of_i = drawn(picture).axes
    assert [one.get_ydata() for one in of_k.lines if one.get_label() == "steady state"] == [[0, 0]]
    assert sorted(one.get_ydata()[0] for one in of_k.lines if one.get_linestyle() == "-.") == [-2, 2]
    bounds = [np.unique(one.get_ydata()).tolist() for one in of_i.lines if one.get_linestyle() == "--"]
    assert bounds == [[-0.5], [0.75]]
    assert "a bound" in picture.notes[-1]
    assert "a bound" not in paths(evaluator_of("chain")).notes[-1]


def test_without_chance_paths_begin_at_the_corners_of_the_domain(evaluator_of):
    evaluator = evaluator_of("neoclassical")
    picture = paths(evaluator)
    (a_low, a_high), (k_low, k_high) = evaluator.domain.values()
    start = np.column_stack([picture.values["a"][0], picture.values["k"][0]])
    np.testing.assert_allclose(
        sorted(start.tolist()), [(a_low, k_low), (a_low, k_high), (a_high, k_low), (a_high, k_high)]
    )
    given = paths(evaluator, {"k": 3.0})
    assert (given.values["a"][0], given.values["k"][0]) == (0.0, 3.0)
    with pytest.raises(RequestError, match="would all be the same"):
        paths(evaluator, paths=3)


def test_lost_paths_are_counted_and_left_out(evaluator_of, drawn):
    picture = paths(evaluator_of(EXPLOSIVE), periods=200, paths=40)
    assert "40 paths leave" in picture.notes[0]
    assert np.isnan(picture.values["k"][-1]).all() and np.isnan(picture.bands["k"]).any()
    drawn(picture)


def test_responses_are_those_of_the_api(evaluator_of, drawn):
    evaluator, asked = evaluator_of("rbc"), {"shock": "e_z", "size": 2.0, "periods": 12, "paths": 50}
    asked["shock"] = evaluator.policy.model.exogenous[0]
    picture = response(evaluator, **asked)
    found = response_of(evaluator, ImpulseQuery(**asked), {})
    for name, values in picture.response.items():
        np.testing.assert_array_equal(values, found["response"][name])
        np.testing.assert_array_equal(picture.error[name], found["standard_error"][name])
    assert "2 standard deviations" in picture.notes[0] and "the long run" in picture.notes[0]
    axes = drawn(picture).axes
    for one, (name, values) in zip(axes, picture.response.items(), strict=True):
        np.testing.assert_array_equal(one.lines[0].get_ydata(), values)
        corners = one.collections[0].get_paths()[0].vertices[:, 1]
        assert corners.max() == (values + 2 * picture.error[name]).max()
        assert corners.min() == (values - 2 * picture.error[name]).min()


def test_a_change_of_regime_is_an_impulse(evaluator_of):
    picture = response(evaluator_of("chain"), {"k": 5.0}, shock="regime", to=1, periods=5, paths=200)
    assert "a change to regime 1" in picture.notes[0] and "k = 5" in picture.notes[0]
    assert "regime" not in picture.response


def test_rounding_is_no_response(evaluator_of, drawn):
    picture = response(evaluator_of("kinked"), shock="e", periods=5, paths=10, variables="k")
    low, high = drawn(picture).axes[0].get_ylim()
    assert low <= -0.05 and high >= 0.05


def test_an_impulse_without_shocks_is_refused(evaluator_of):
    with pytest.raises(RequestError, match="nothing is left to chance"):
        response(evaluator_of("neoclassical"), shock="e")


def test_more_than_a_request_may_simulate_is_refused(evaluator_of):
    with pytest.raises(RequestError, match=r"4000 periods .* of 1000 paths are above"):
        paths(evaluator_of("kinked"), periods=2000, burn_in=2000, paths=1000)


@pytest.mark.parametrize("collect", [lambda one, **asked: response(one, shock="e", **asked), paths])
def test_variables_are_bounded_and_known(evaluator_of, collect):
    with pytest.raises(RequestError, match="13 variables are above 12"):
        collect(evaluator_of("kinked"), variables=",".join("abcdefghijklm"))
    with pytest.raises(RequestError, match="'x' is no variable"):
        collect(evaluator_of("kinked"), variables="k,x")
