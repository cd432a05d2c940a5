import json
import math
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BASE, SLOPE = 0.43, (0.02, 0.05)
CAPITAL = (0.36 / (1 / 0.96 - 1 + 0.1)) ** (1 / (1 - 0.36))


def expected(a, k):
    """The linear rule of the fixture and the model's definitions, written by hand."""
    u = (a / 0.2, (k - CAPITAL) / (0.5 * CAPITAL))
    i = BASE + SLOPE[0] * u[0] + SLOPE[1] * u[1]
    y = math.exp(a) * k**0.36
    return {"i": i, "y": y, "c": y - i}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=st.floats(-0.2, 0.2), k=st.floats(2.2, 6.4))
def test_a_state_is_answered_exactly(api, solved, a, k):
    answer = api.get(f"/v1/solutions/{solved}/policy", params={"a": repr(a), "k": repr(k)}).json()
    assert answer["states"] == {"a": a, "k": k}
    truth = expected(a, k)
    assert answer["controls"]["i"] == pytest.approx(truth["i"], rel=1e-12)
    assert answer["definitions"] == pytest.approx({"y": truth["y"], "c": truth["c"]}, rel=1e-12)
    assert answer["in_domain"] is True


@pytest.mark.parametrize("text", ["4", "4.", ".4e1", "4E0", "0.4e%2B1", "%2B4", "40e-1"])
def test_numbers_may_be_written_in_any_usual_way(api, solved, text):
    answer = api.get(f"/v1/solutions/{solved}/policy?a=-0.0&k={text}")
    assert answer.json()["states"]["k"] == 4.0


def test_a_state_outside_the_domain_is_extrapolated_unless_strict(api, solved):
    path = f"/v1/solutions/{solved}/policy"
    answer = api.get(path, params={"a": 0.0, "k": 7.0})
    assert answer.json()["in_domain"] is False
    assert answer.json()["controls"]["i"] == pytest.approx(expected(0.0, 7.0)["i"])
    strict = api.get(path, params={"a": 0.0, "k": 7.0, "strict": "true"})
    assert (strict.status_code, strict.json()["code"]) == (422, "invalid-state")
    assert [fault["pointer"] for fault in strict.json()["errors"]] == ["/k"]
    assert "k = 7.0" in strict.json()["detail"]
    assert api.get(path, params={"a": 0.0, "k": 4.0, "strict": "true"}).status_code == 200


@pytest.mark.parametrize("k", ["0", "-1", "-0.0", "-1e308"])
def test_where_the_economy_is_not_defined_there_is_no_policy(api, solved, k):
    answer = api.get(f"/v1/solutions/{solved}/policy", params={"a": "0", "k": k})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-state")
    assert answer.json()["errors"][0]["pointer"] == "/k"
    assert f"k = {float(k)!r}" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("", {"/a", "/k"}),
        ("a=0", {"/k"}),
        ("a=0&k=4&z=1", {"/z"}),
        ("a=0&k=4&a=0", {"/a"}),
        ("a=nan&k=4", {"/a"}),
        ("a=0&k=1e999", {"/k"}),
        ("a=0&k=inf", {"/k"}),
        ("a=&k=4", {"/a"}),
        ("a=true&k=4", {"/a"}),
        ("a=1_0&k=4", {"/a"}),
        ("a=%D9%A1&k=4", {"/a"}),
        ("a=0&k=4&strict=yes", {"/strict"}),
        ("a=0&k=4&strict=", {"/strict"}),
        ("a=0&k=0x10", {"/k"}),
        ("a=%ff&k=4", {""}),
        ("&".join(f"x{index}=1" for index in range(500)), {""}),
    ],
)
def test_a_bad_query_is_refused_naming_the_parameter(api, solved, query, pointers):
    answer = api.get(f"/v1/solutions/{solved}/policy?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {fault["pointer"] for fault in answer.json()["errors"]} == pointers


def test_a_batch_is_the_single_answers_by_columns(api, solved):
    path = f"/v1/solutions/{solved}/policy"
    capital = [2.5, 4.0, 7.0, *np.random.default_rng(0).uniform(2.2, 6.4, 5000).tolist()]
    batch = api.post(path, json={"states": {"a": 0.1, "k": capital}}).json()
    assert batch["states"] == {"a": [0.1] * len(capital), "k": capital}
    assert batch["in_domain"] == [True, True, False] + [True] * 5000
    truth = [expected(0.1, k) for k in capital]
    for group, name in (("controls", "i"), ("definitions", "y"), ("definitions", "c")):
        assert batch[group][name] == pytest.approx([row[name] for row in truth], rel=1e-12)
    single = api.get(f"{path}?{urlencode({'a': 0.1, 'k': capital[0]})}").json()
    assert single["controls"]["i"] == batch["controls"]["i"][0]


def test_scalars_alone_are_one_row(api, solved):
    answer = api.post(f"/v1/solutions/{solved}/policy", json={"states": {"a": 0, "k": 4}}).json()
    assert answer["states"] == {"a": [0.0], "k": [4.0]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"states": {"a": [0, 0], "k": [4, 4, 4]}}, "/states/a"),
        ({"states": {"a": 0, "k": []}}, "/states"),
        ({"states": {"a": 0, "k": [4.0] * 1001}}, "/states/k"),
        ({"states": {"a": 0, "k": [4.0] * 5000}}, "/states"),
        ({"states": {"a": 0, "k": ["x"] * 900}}, "/states/k/0"),
        ({"states": {f"k{index}": 4.0 for index in range(1001)}}, "/states"),
        ({"states": {"a": 0}}, "/states/k"),
        ({"states": {"a": 0, "k": 4, "z": 1}}, "/states/z"),
        ({"states": {"a": 0, "k": [4, "5"]}}, "/states/k/1"),
        ({"states": {"a": 0, "k": [4, True]}}, "/states/k/1"),
        ({"states": {"a": 0, "k": [4, [5]]}}, "/states/k/1"),
        ({"states": {"a": 0, "k": "4"}}, "/states/k"),
        ({"states": {"a": 0, "k": [4, -1]}}, "/states/k/1"),
        ({"states": {"a": 0, "k": 7}, "strict": True}, "/states/k"),
        ({"states": {"a": 0, "k": 4}, "strict": "true"}, "/strict"),
        ({"states": {"a": 0, "k": [[4]] * 1001}}, "/states"),
        ({"states": {"a": 0, "k": [{}] * 1001}}, "/states"),
        ({"states": [0, 4]}, "/states"),
        ({"a": 0, "k": 4}, "/states"),
        ([], ""),
    ],
)
def test_a_bad_batch_is_refused_naming_the_place(make_api, finisher, body, pointer):
    with make_api(max_batch_states=1000) as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        answer = api.post(f"/v1/solutions/{solution_id}/policy", json=body)
    assert answer.status_code == 422
    assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}


def test_numbers_of_a_batch_that_are_not_finite_are_named(api, solved):
    body = '{"states": {"a": 0, "k": [4, NaN, 1e999]}}'
    headers = {"Content-Type": "application/json"}
    answer = api.post(f"/v1/solutions/{solved}/policy", content=body, headers=headers)
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/states/k/1", "/states/k/2"}


def test_the_certificate_is_that_of_the_solve(api, solved):
    certificate = api.get(f"/v1/solutions/{solved}/certificate").json()
    assert certificate == api.get(f"/v1/solutions/{solved}").json()["certificate"]
    assert certificate["verdict"] == "pass"


@pytest.mark.parametrize("end", ["queued", "running", "cancelled", "failed"])
def test_a_solution_without_a_policy_is_a_conflict_that_tells_its_state(api, finisher, end):
    record = api.post("/v1/solutions", json={"model": "neoclassical"}).json()
    if end == "running":
        finisher.begin(record["id"])
    elif end == "cancelled":
        api.post(f"{record['links']['self']}/cancel")
    elif end == "failed":
        finisher.fail(record["id"])
    for answer in (
        api.get(record["links"]["policy"], params={"a": 0, "k": 4}),
        api.post(record["links"]["policy"], json={"states": {"a": 0, "k": 4}}),
        api.get(record["links"]["certificate"]),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "unsolved")
        assert answer.json()["solution"]["status"] == end
        assert answer.json().get("problem", {}).get("code") == ("diverged" if end == "failed" else None)


def test_a_deleted_solution_stops_answering_at_once(make_api, finisher):
    with make_api() as api, make_api(policy_recheck_s=60) as other:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        path = f"/v1/solutions/{solution_id}/policy?a=0&k=4"
        assert api.get(path).status_code == other.get(path).status_code == 200
        assert api.delete(f"/v1/solutions/{solution_id}").status_code == 204
        assert api.get(path).status_code == 410
        kept = other.app.state.services.policies
        while kept.kept(solution_id):  # the news of the deletion is on its way to the other process
            other.get("/healthz")
        assert other.get(path).status_code == 410


def test_a_deletion_is_noticed_although_its_news_was_lost(make_api, finisher, client):
    with make_api(policy_recheck_s=1e-9) as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        path = f"/v1/solutions/{solution_id}/policy?a=0&k=4"
        assert api.get(path).status_code == 200
        client.delete(f"saddlepath:job:{solution_id}", f"saddlepath:artifact:{solution_id}")
        assert api.get(path).status_code == 404


def test_policies_used_last_are_kept(make_api, finisher):
    with make_api(policy_cache_size=2) as api:
        ids = []
        for seed in range(3):
            ids.append(api.post("/v1/solutions", json={"model": "neoclassical", "seed": seed}).json()["id"])
            finisher.succeed(ids[-1])
            assert api.get(f"/v1/solutions/{ids[-1]}/policy?a=0&k=4").status_code == 200
        kept = api.app.state.services.policies
        assert [kept.kept(solution_id) is not None for solution_id in ids] == [False, True, True]
        assert api.get(f"/v1/solutions/{ids[0]}/policy?a=0&k=4").status_code == 200


def test_a_broken_artifact_is_told_without_its_insides(api, solved, client):
    client.hset(f"saddlepath:artifact:{solved}", "arrays", b"broken")
    answer = api.get(f"/v1/solutions/{solved}/policy?a=0&k=4")
    assert (answer.status_code, answer.json()["code"]) == (500, "artifact")
    assert "sha" not in json.dumps(answer.json()).lower()


def test_batches_wait_for_their_turn_and_too_many_are_turned_away(make_api, finisher, fill):
    with make_api(max_waiting_batches=1) as api, ThreadPoolExecutor(2) as pool, fill(api, "batches") as empty:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        path, body = f"/v1/solutions/{solution_id}/policy", {"states": {"a": 0, "k": [4, 5]}}
        asked = [pool.submit(api.post, path, json=body) for _ in range(2)]
        (refused,), (waiting,) = wait(asked, timeout=30, return_when=FIRST_COMPLETED)
        answer = refused.result()
        assert (answer.status_code, answer.json()["code"]) == (429, "busy")
        assert int(answer.headers["retry-after"]) > 0
        assert api.get(f"{path}?a=0&k=4").status_code == 200
        assert not waiting.done()
        empty()
        assert waiting.result(timeout=30).status_code == 200


def test_a_body_of_far_too_many_numbers_is_not_even_read(api, solved):
    body = '{"states": {"a": 0, "k": [' + "0," * 4_000_001  # and no end: it would not be JSON
    headers = {"Content-Type": "application/json"}
    answer = api.post(f"/v1/solutions/{solved}/policy", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/states"
    assert "1000000 states" in answer.json()["detail"]
