"""Simulated paths over HTTP, of policies whose every path is known."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np
import pyarrow as pa
import pytest

from service.body import ARROW
from tests.oracles.log_growth import LogGrowth

TRUTH = LogGrowth()


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


def test_a_chain_s_regime_may_be_given_or_drawn(api, mixed):
    given = api.post(
        f"{mixed}/simulate", json={"periods": 2, "paths": 300, "initial": {"regime": 1, "k": 3}}
    ).json()
    found = by_path(given, 300)
    assert (found["regime"][:, 0] == 1).all() and (found["k"][:, 0] == 3).all()
    np.testing.assert_array_equal(found["w"], np.where(found["regime"] == 1, 2.0, -1.0))
    drawn = by_path(api.post(f"{mixed}/simulate", json={"periods": 2, "paths": 300}).json(), 300)
    assert drawn["regime"][:, 0].mean() == pytest.approx(1 / 3, abs=0.11)  # four standard errors


@pytest.mark.parametrize(
    ("body", "pointer", "told"),
    [
        ({"periods": 0}, "/periods", "raise it"),
        ({"periods": 1.5}, "/periods", "whole number"),
        ({"periods": "10"}, "/periods", "a string"),
        ({"periods": 10**9}, "/periods", "1000000"),
        ({"periods": 1, "paths": 100_001}, "/paths", "100000"),
        ({"paths": True}, "/paths", "a boolean"),
        ({"burn_in": -1}, "/burn_in", "below 0"),
        ({"paths": 1000, "burn_in": 10**6}, "/periods", "the most that one job simulates"),
        ({"paths": 20_000, "periods": 1000}, "/periods", "above 536870912, the most that one result"),
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
        assert api.post(path, json={"periods": 101, "paths": 3}).status_code == 202
        assert api.post(f"{path}?x=1", json={}).json()["errors"][0]["pointer"] == "/x"


def test_an_arrow_stream_has_the_same_numbers(api, consumed):
    asked = {"periods": 6, "paths": 2, "initial": {"k": [4.0, 100.0]}}
    document = api.post(f"{consumed}/simulate", json=asked).json()
    answer = api.post(f"{consumed}/simulate", json=asked, headers={"Accept": ARROW})
    assert answer.headers["content-type"] == ARROW
    table = pa.ipc.open_stream(answer.content).read_all()
    assert table["path"].to_pylist() == document["path"] and table["t"].to_pylist() == document["t"]
    for group in ("states", "controls", "definitions", "shocks"):
        for name, values in document[group].items():
            assert table[name].to_pylist() == values
            assert table.schema.field(name).metadata == {b"group": group.encode()}
    assert api.post(f"{consumed}/simulate", json=asked, headers={"Accept": "text/csv"}).status_code == 406


@pytest.mark.parametrize("regime", [2, 0.5, -1])
def test_a_regime_that_is_none_is_refused(api, regime, mixed):
    answer = api.post(f"{mixed}/simulate", json={"initial": {"regime": regime}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/initial/regime"


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
