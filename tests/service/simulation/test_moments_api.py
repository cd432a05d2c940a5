"""Moments and steady states over HTTP, and what all of these calls share."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from tests.oracles.log_growth import LogGrowth

TRUTH = LogGrowth()


def test_moments_are_those_of_the_economy(api, logs):
    found = api.get(f"{logs}/moments?paths=200&periods=500&burn_in=200&lags=3&seed=2").json()
    covariance, lost = TRUTH.covariance, found["lost"]
    assert lost == 0 and set(found["mean"]) == {"a", "x", "n", "k", "y", "c", "e"}
    for name, mean in (("a", 0.0), ("x", TRUTH.x_ss), ("e", 0.0)):
        assert abs(found["mean"][name] - mean) < 4 * found["standard_error"][name]
    # 100,000 periods, of which every twentieth counts: 1 % is a standard error of a deviation.
    assert found["standard_deviation"]["a"] == pytest.approx(np.sqrt(covariance[0, 0]), rel=0.04)
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found["correlation"]["a"]["x"] == pytest.approx(correlation, abs=0.02)
    assert found["correlation"]["x"]["x"] == 1.0
    assert found["autocorrelation"]["a"] == pytest.approx([0.9, 0.81, 0.729], abs=0.03)


def test_the_steady_states_stand_beside_each_other(api, logs, mixed):
    answer = api.get(f"{logs}/steady-state").json()
    (rest,) = answer["policy"]
    assert rest["found"] is True and rest["change"] <= 1e-12
    assert answer["calibration"]["x"] == pytest.approx(TRUTH.x_ss, rel=1e-12)
    assert list(answer["domain"]) == ["a", "x"]
    assert all(
        lower < answer["calibration"][name] < upper for name, (lower, upper) in answer["domain"].items()
    )
    assert rest["states"] == {"a": pytest.approx(0, abs=1e-12), "x": pytest.approx(TRUTH.x_ss, rel=1e-10)}
    assert rest["definitions"]["k"] == pytest.approx(np.exp(TRUTH.x_ss), rel=1e-10)
    regimes = api.get(f"{mixed}/steady-state").json()["policy"]
    assert [one["states"]["regime"] for one in regimes] == [0.0, 1.0]
    assert [one["states"]["k"] for one in regimes] == pytest.approx([-20.0, 40.0], rel=1e-9)


def test_a_policy_may_rest_where_the_calibration_does_not(api, solved):
    """The fixture's rule: ``k' = 0.9 k + 0.43 + 0.05 u``."""
    (rest,) = api.get(f"/v1/solutions/{solved}/steady-state").json()["policy"]
    half = 0.5 * calibrate(load_zoo("neoclassical")).steady_state["k"]
    k = (0.43 - 0.05 * 2) / (0.1 - 0.05 / half)
    assert rest["found"] is True
    assert rest["states"]["k"] == pytest.approx(k, rel=1e-9)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("periods=99", "/periods"),
        ("periods=1000000", "/periods"),
        ("paths=0", "/paths"),
        ("paths=100000&periods=100", "/periods"),
        ("burn_in=0", "/burn_in"),
        ("lags=51", "/lags"),
        ("lags=0", "/lags"),
        ("x=1", "/x"),
    ],
)
def test_bad_moments_are_refused_naming_the_parameter(api, logs, query, pointer):
    answer = api.get(f"{logs}/moments?{query}")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("call", ["impulse-response?shock=e", "moments", "steady-state"])
def test_a_solution_must_be_there_and_solved(api, call):
    assert api.get(f"/v1/solutions/{'0' * 32}/{call}").status_code == 404
    waiting = api.post("/v1/solutions", json={"model": "rbc"}).json()["links"]["self"]
    answer = api.get(f"{waiting}/{call}")
    assert (answer.status_code, answer.json()["code"]) == (409, "unsolved")
    assert api.post(f"{waiting}/simulate", json={}).status_code == 409


def test_where_every_path_is_lost_the_means_are_null(api, consumed):
    answer = api.get(f"{consumed}/impulse-response?shock=e&paths=5&periods=3").json()
    assert answer["lost"] == 5 and answer["response"]["k"] == answer["baseline"]["k"] == [None] * 3
    found = api.get(f"{consumed}/moments?paths=5&periods=100").json()
    assert found["lost"] == 5 and found["mean"]["k"] is None and found["correlation"]["k"]["a"] is None
    (rest,) = api.get(f"{consumed}/steady-state").json()["policy"]
    assert rest["found"] is False and rest["states"]["k"] is None


@pytest.mark.parametrize(
    "query", ["impulse-response?shock=e&paths=10&periods=3", "moments?paths=10&periods=100", "steady-state"]
)
def test_what_is_asked_again_is_not_sent_again(api, logs, query):
    first = api.get(f"{logs}/{query}")
    assert first.status_code == 200 and "immutable" in first.headers["cache-control"]
    again = api.get(f"{logs}/{query}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
