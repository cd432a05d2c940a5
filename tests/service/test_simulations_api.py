"""Simulations over HTTP, of policies whose every path, moment and response is known."""

import dataclasses
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.solution import Provenance, Solution
from solver.status import Status
from tests.oracles.log_growth import MODEL, LogGrowth

TRUTH = LogGrowth()
MIXED = """
name: mixed
symbols: {states: [k], controls: [i], exogenous: [z, v, w], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + z[t] + 10*w[t]
  arbitrage: i[t] = 0.1*k[t]
calibration: {k: 0, i: 0}
exogenous:
  z, v: !VAR1 {rho: [[0.9, 0], [0, 0.5]], Sigma: [[0.04, 0.03], [0.03, 0.09]]}
  w: !MarkovChain {values: [[-1], [2]], transitions: [[0.75, 0.25], [0.5, 0.5]]}
domain: {k: [-50, 50], z: [-2, 2], v: [-2, 2]}
"""


def linear_rule(model, **parameters):
    calibration = calibrate(model, parameters)
    return Solution(
        status=Status.CONVERGED,
        calibration=calibration,
        settings=None,
        policy=Policy.of_linear_rule(model, calibration),
        certificate=None,
        history=(),
        provenance=Provenance({}, "cpu", "float64", 0.1, 0.1),
    )


@pytest.fixture
def solve(api, finisher):
    """The path of a solution that is a linear rule: ``solve(model, beta=…)``, of the zoo or a model file."""

    def finish(model, **parameters):
        document = dict(load_model(model).document) if "\n" in model else model
        asked = {"model": document, "calibration": parameters, "method": {"policy": {"family": "linear"}}}
        answer = api.post("/v1/solutions", json=asked)
        assert answer.status_code == 202, answer.text
        read = load_model(model) if "\n" in model else load_zoo(model)
        finisher.succeed(answer.json()["id"], linear_rule(read, **parameters))
        return answer.json()["links"]["self"]

    return finish


@pytest.fixture
def consumed(api, finisher):
    """The path of a solution of rbc whose rule sells 1.5 of capital in every period, until there is none."""
    answer = api.post("/v1/solutions", json={"model": "rbc", "method": {"policy": {"family": "linear"}}})
    solution = linear_rule(load_zoo("rbc"))
    frame = solution.policy.frame._replace(base=np.array([[-1.5]]), slope=np.zeros((2, 1)))
    policy = dataclasses.replace(solution.policy, frame=frame)
    finisher.succeed(answer.json()["id"], dataclasses.replace(solution, policy=policy))
    return answer.json()["links"]["self"]


@pytest.fixture
def logs(solve):
    """The path of the solution of growth in logs, which its linear rule is."""
    return solve(MODEL)


def by_path(answer, paths):
    """The variables of an answer, (paths, periods) each."""
    groups = ("states", "controls", "definitions", "shocks")
    return {
        name: np.array(values, dtype=float).reshape(paths, -1)
        for group in groups
        for name, values in answer[group].items()
    }


def test_every_path_is_the_law_of_motion_of_its_shocks(api, logs):
    asked = {"periods": 50, "paths": 3, "seed": 7, "initial": {"a": 0.05, "x": [-2.0, -1.7, -1.5]}}
    answer = api.post(f"{logs}/simulate", json=asked).json()
    assert answer["lost"] == 0
    assert answer["path"] == [0] * 50 + [1] * 50 + [2] * 50
    assert answer["t"] == list(range(50)) * 3
    found = by_path(answer, 3)
    assert np.isnan(found["e"][:, 0]).all()
    a, x = TRUTH.follow(np.full(3, 0.05), np.array([-2.0, -1.7, -1.5]), found["e"][:, 1:].T)
    np.testing.assert_allclose(found["a"], a.T, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(found["x"], x.T, rtol=1e-10)
    y = np.exp(a + TRUTH.theta * x).T
    np.testing.assert_allclose(found["c"], (1 - TRUTH.beta * TRUTH.theta) * y, rtol=1e-10)
    assert found["e"][:, 1:].std() == pytest.approx(TRUTH.sigma, rel=0.25)  # of 147 draws


def test_the_defaults_are_a_path_from_the_steady_state(api, logs):
    found = by_path(api.post(f"{logs}/simulate", json={}).json(), 1)
    assert found["x"].shape == (1, 100)
    assert found["x"][0, 0] == pytest.approx(TRUTH.x_ss, rel=1e-12)


def test_the_same_request_is_the_same_bytes_and_another_seed_others(api, logs):
    first, same = (api.post(f"{logs}/simulate", json={"paths": 4}).content for _ in range(2))
    assert first == same != api.post(f"{logs}/simulate", json={"paths": 4, "seed": 1}).content
    for path in ("impulse-response?shock=e&paths=50", "moments?paths=10&periods=100"):
        first, same = (api.get(f"{logs}/{path}").content for _ in range(2))
        assert first == same
    seeds = [api.get(f"{logs}/moments?paths=10&periods=100&seed={seed}").content for seed in (0, 1)]
    assert seeds[0] != seeds[1]


def test_what_is_burnt_in_is_what_would_have_been_told(api, logs):
    whole = by_path(api.post(f"{logs}/simulate", json={"periods": 30, "paths": 2}).json(), 2)
    later = by_path(api.post(f"{logs}/simulate", json={"periods": 20, "burn_in": 10, "paths": 2}).json(), 2)
    for name, values in later.items():
        np.testing.assert_array_equal(values, whole[name][:, 10:])
        assert np.isfinite(values).all()


def test_a_path_that_leaves_the_economy_is_null_from_there_on(api, consumed):
    """4, 2.1, 0.39, and no more; from 100 on there is enough for six periods."""
    asked = {"periods": 6, "paths": 2, "initial": {"k": [4.0, 100.0]}}
    answer = api.post(f"{consumed}/simulate", json=asked)
    assert answer.status_code == 200
    document = answer.json()
    assert document["lost"] == 1
    for group in ("states", "controls", "definitions"):
        for name, values in document[group].items():
            assert [value is None for value in values] == [False] * 3 + [True] * 3 + [False] * 6, name
    assert document["states"]["k"][:3] == pytest.approx([4, 2.1, 0.39])


def test_a_chain_s_regime_may_be_given_or_drawn(api, solve):
    path = solve(MIXED)
    given = api.post(
        f"{path}/simulate", json={"periods": 2, "paths": 300, "initial": {"regime": 1, "k": 3}}
    ).json()
    found = by_path(given, 300)
    assert (found["regime"][:, 0] == 1).all() and (found["k"][:, 0] == 3).all()
    np.testing.assert_array_equal(found["w"], np.where(found["regime"] == 1, 2.0, -1.0))
    drawn = by_path(api.post(f"{path}/simulate", json={"periods": 2, "paths": 300}).json(), 300)
    assert drawn["regime"][:, 0].mean() == pytest.approx(1 / 3, abs=0.11)  # four standard errors


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


def test_correlated_shocks_move_along_and_that_is_told(api, solve):
    answer = api.get(f"{solve(MIXED)}/impulse-response?shock=z&size=2&paths=20&periods=6").json()
    assert answer["impulse"] == {"z": pytest.approx(0.4), "v": pytest.approx(0.3)}
    t = np.arange(6)
    np.testing.assert_allclose(answer["response"]["z"], 0.4 * 0.9**t, rtol=1e-9)
    np.testing.assert_allclose(answer["response"]["v"], 0.3 * 0.5**t, rtol=1e-9)
    np.testing.assert_allclose(answer["response"]["w"], 0, atol=1e-15)


def test_a_chain_is_moved_to_a_regime(api, solve):
    answer = api.get(f"{solve(MIXED)}/impulse-response?shock=regime&to=1&paths=4000&periods=5").json()
    assert answer["impulse"] == {"regime": 1.0}
    # In the long run the regime is 1 in a third of the paths; the change dies out as (0.75 - 0.5)^t.
    truth = 3 * (2 / 3) * 0.25 ** np.arange(5)
    off = np.abs(np.array(answer["response"]["w"]) - truth)
    assert np.all(off < 4 * np.array(answer["standard_error"]["w"]) + 1e-12)
    assert "regime" not in answer["response"]


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


def test_the_steady_states_stand_beside_each_other(api, logs, solve):
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
    regimes = api.get(f"{solve(MIXED)}/steady-state").json()["policy"]
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
    ("body", "pointer", "told"),
    [
        ({"periods": 0}, "/periods", "raise it"),
        ({"periods": 1.5}, "/periods", "whole number"),
        ({"periods": "10"}, "/periods", "a string"),
        ({"periods": 10**9}, "/periods", "1000000"),
        ({"periods": 1000, "paths": 1001}, "/periods", "1001000 rows, above 1000000"),
        ({"periods": 1, "paths": 100_001}, "/paths", "100000"),
        ({"paths": True}, "/paths", "a boolean"),
        ({"burn_in": -1}, "/burn_in", "below 0"),
        ({"burn_in": 10**6}, "/periods", "ask for fewer"),
        ({"paths": 1000, "burn_in": 10**5}, "/periods", "the most"),
        ({"seed": -1}, "/seed", "below 0"),
        ({"seed": 2**40}, "/seed", "above"),
        ({"initial": {"q": 1}}, "/initial/q", "a, x"),
        ({"initial": {"e": 1}}, "/initial/e", "a, x"),
        ({"initial": {"a": "0"}}, "/initial/a", "a string"),
        ({"initial": {"a": None}}, "/initial/a", "null"),
        ({"initial": {"a": []}}, "/initial", "at least one"),
        ({"initial": {"a": [0, 0], "x": [1, 1, 1]}, "paths": 3}, "/initial/a", "2 values"),
        ({"initial": {"a": [0, 0]}, "paths": 3}, "/initial", "one for each path"),
        ({"initial": {"x": 1e300}}, "/initial/x", "not defined"),
        ({"initial": {"x": [-1.7, 1e300]}, "paths": 2}, "/initial/x/1", "not defined"),
        ({"initial": [0, 0]}, "/initial", "an object"),
        ({"perods": 3}, "/perods", "periods"),
        ([], "", "an object"),
    ],
)
def test_a_bad_simulation_is_refused_naming_the_place(api, logs, body, pointer, told):
    answer = api.post(f"{logs}/simulate", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        ("{", "application/json", 400),
        ("", "application/json", 400),
        (b"\xff", "application/json", 400),
        ("{}", "text/plain", 415),
        ('{"seed": NaN}', "application/json", 422),
        ('{"initial": {"a": [0, 1e999]}}', "application/json", 422),
        ('{"seed": 1, "seed": 2}', "application/json", 422),
        ('{"initial": {"a": [' + "0," * 4_000_001, "application/json", 422),  # and no end: it is not read
        (" " * (16 * 1024**2 + 1), "application/json", 413),
    ],
)
def test_a_body_that_is_none_is_refused(api, logs, content, media_type, status):
    answer = api.post(f"{logs}/simulate", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_answer_has_as_many_rows_as_a_batch(make_api, finisher):
    with make_api(max_batch_states=300) as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        path = f"/v1/solutions/{solution_id}/simulate"
        assert api.post(path, json={"periods": 100, "paths": 3}).status_code == 200
        refused = api.post(path, json={"periods": 101, "paths": 3})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/periods")
        assert "303 rows, above 300" in refused.json()["detail"]
        assert api.post(f"{path}?x=1", json={}).json()["errors"][0]["pointer"] == "/x"


@pytest.mark.parametrize("regime", [2, 0.5, -1])
def test_a_regime_that_is_none_is_refused(api, solve, regime):
    answer = api.post(f"{solve(MIXED)}/simulate", json={"initial": {"regime": regime}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/initial/regime"


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
def test_a_bad_impulse_of_a_chain_is_refused(api, solve, query, pointer, told):
    answer = api.get(f"{solve(MIXED)}/impulse-response?{query}")
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


def test_simulations_take_their_turn_with_batches(make_api, finisher, fill):
    with make_api(max_waiting_batches=1) as api, ThreadPoolExecutor(2) as pool, fill(api, "batches") as empty:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        calls = (
            lambda: api.post(f"/v1/solutions/{solution_id}/simulate", json={}),
            lambda: api.get(f"/v1/solutions/{solution_id}/moments"),
        )
        (refused,), (waiting,) = wait(
            [pool.submit(call) for call in calls], timeout=30, return_when=FIRST_COMPLETED
        )
        assert (refused.result().status_code, refused.result().json()["code"]) == (429, "busy")
        empty()
        assert waiting.result(timeout=30).status_code == 200


@pytest.mark.parametrize(
    "query", ["impulse-response?shock=e&paths=10&periods=3", "moments?paths=10&periods=100", "steady-state"]
)
def test_what_is_asked_again_is_not_sent_again(api, logs, query):
    first = api.get(f"{logs}/{query}")
    assert first.status_code == 200 and "immutable" in first.headers["cache-control"]
    again = api.get(f"{logs}/{query}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
