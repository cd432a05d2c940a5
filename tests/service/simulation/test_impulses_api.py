"""Impulse responses over HTTP, of policies whose every response is known."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from tests.oracles.log_growth import LogGrowth

TRUTH = LogGrowth()


def test_the_response_of_an_autoregression_is_exact(api, logs):
    answer = api.get(f"{logs}/impulse-response", params={"shock": "e", "size": -2, "paths": 200}).json()
    a, x = TRUTH.response(-2.0, 40)
    assert answer["impulse"] == {"e": pytest.approx(-0.04, rel=1e-12)} and answer["lost"] == 0
    assert answer["t"] == list(range(40))
    np.testing.assert_allclose(answer["response"]["a"], a, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(answer["response"]["x"], x, rtol=1e-10, atol=1e-13)
    assert max(answer["standard_error"]["k"]) > 0


def test_a_level_responds_on_average_over_where_the_shock_may_meet_it(api, logs):
    answer = api.get(f"{logs}/impulse-response?shock=e&size=3&paths=3000&periods=10").json()
    off = np.abs(np.array(answer["response"]["k"]) - TRUTH.response_of_capital(3.0, 10))
    assert np.all(off[1:] < 4 * np.array(answer["standard_error"]["k"])[1:])
    at = api.get(f"{logs}/impulse-response?shock=e&size=3&paths=50&periods=10&x=-2.2").json()
    # x is 0.54 below its steady state, and after two periods by θ² of that.
    assert at["response"]["k"][1] / answer["response"]["k"][1] == pytest.approx(
        np.exp(-0.54 * 0.36**2), abs=0.01
    )


@pytest.mark.parametrize("departure", ["departure=steady_state", "departure=ergodic", "k=5", "a=-0.5&k=9"])
def test_investment_that_cannot_be_negative_is_not(api, solve, departure):
    path = solve("irreversible_investment")
    answer = api.get(f"{path}/impulse-response?shock=e&size=-3&paths=300&{departure}").json()
    baseline, response = answer["baseline"], answer["response"]
    # The means of paths that are not negative; a response in proportion would be.
    assert min(np.array(baseline["i"]) + np.array(response["i"])) >= -1e-12
    slope = calibrate(load_zoo("irreversible_investment")).rule.slope[0, 0]
    assert baseline["i"][0] - 0.3 * slope < 0
    assert response["mu"][0] > 0


def test_correlated_shocks_move_along_and_that_is_told(api, mixed):
    answer = api.get(f"{mixed}/impulse-response?shock=z&size=2&paths=20&periods=6").json()
    assert answer["impulse"] == {"z": pytest.approx(0.4), "v": pytest.approx(0.3)}
    t = np.arange(6)
    np.testing.assert_allclose(answer["response"]["z"], 0.4 * 0.9**t, rtol=1e-9)
    np.testing.assert_allclose(answer["response"]["v"], 0.3 * 0.5**t, rtol=1e-9)
    np.testing.assert_allclose(answer["response"]["w"], 0, atol=1e-15)


def test_a_chain_is_moved_to_a_regime(api, mixed):
    answer = api.get(f"{mixed}/impulse-response?shock=regime&to=1&paths=4000&periods=5").json()
    assert answer["impulse"] == {"regime": 1.0}
    # In the long run the regime is 1 in a third of the paths; the change dies out as (0.75 - 0.5)^t.
    truth = 3 * (2 / 3) * 0.25 ** np.arange(5)
    off = np.abs(np.array(answer["response"]["w"]) - truth)
    assert np.all(off < 4 * np.array(answer["standard_error"]["w"]) + 1e-12)
    assert "regime" not in answer["response"]


@pytest.mark.parametrize(
    ("query", "pointer", "told"),
    [
        ("", "/shock", "missing"),
        ("shock=", "/shock", "one of: e"),
        ("shock=a", "/shock", "one of: e"),
        ("shock=regime&to=0", "/to", "leave it out"),
        ("shock=e&size=nan", "/size", "finite"),
        ("shock=e&size=1e9", "/size", "100"),
        ("shock=e&size=", "/size", "a number"),
        ("shock=e&to=1", "/to", "leave it out"),
        ("shock=e&periods=0", "/periods", "raise it"),
        ("shock=e&periods=10000", "/periods", "the most"),
        ("shock=e&paths=100000", "/periods", "the most"),
        ("shock=e&seed=x", "/seed", "whole number"),
        ("shock=e&departure=home", "/departure", "ergodic"),
        ("shock=e&departure=ergodic&a=0", "/departure", "leave out one"),
        ("shock=e&departure=steady_state&burn_in=3", "/burn_in", "leave it out"),
        ("shock=e&a=0&burn_in=3", "/burn_in", "leave it out"),
        ("shock=e&a=one", "/a", "finite number"),
        ("shock=e&x=1e300", "/x", "not defined"),
        ("shock=e&perods=3", "/perods", "periods"),
        ("shock=e&shock=e", "/shock", "more than once"),
        ("shock=%ff", "", "UTF-8"),
    ],
)
def test_a_bad_impulse_is_refused_naming_the_parameter(api, logs, query, pointer, told):
    answer = api.get(f"{logs}/impulse-response?{query}")
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "pointer", "told"),
    [
        ("shock=w", "/shock", "shock=regime and to, from 0 to 1"),
        ("shock=q", "/shock", "one of: z, v, regime"),
        ("shock=regime", "/to", "from 0 to 1"),
        ("shock=regime&to=2", "/to", "from 0 to 1"),
        ("shock=regime&to=1&size=1", "/size", "leave it out"),
        ("shock=z&regime=7", "/regime", "from 0 to 1"),
    ],
)
def test_a_bad_impulse_of_a_chain_is_refused(api, query, pointer, told, mixed):
    answer = api.get(f"{mixed}/impulse-response?{query}")
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert told in answer.json()["detail"]


@pytest.mark.parametrize("query", ["shock=e", "shock=a", "shock=regime"])
def test_without_shocks_there_is_no_impulse_and_the_way_home_is_offered(api, solved, query):
    answer = api.get(f"/v1/solutions/{solved}/impulse-response?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert "simulate with initial" in answer.json()["detail"]


def test_a_shock_that_does_not_vary_is_no_impulse(api, solve):
    answer = api.get(f"{solve('rbc', sigma=0.0)}/impulse-response?shock=e")
    assert answer.status_code == 422 and "simulate with initial" in answer.json()["detail"]
