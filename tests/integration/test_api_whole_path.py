"""The whole path over HTTP on the real stack: asked for, trained by a worker, served and judged."""

import itertools
import json
import math
from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import pytest

from solver.model.load import load_model
from tests.integration.conftest import ENDLESS
from tests.solver.export.page import program, run

FAST = {"policy": {"family": "polynomial", "degree": 6}}
SEEDS = itertools.count(1_000)
OWN = """\
name: Brock and Mirman with shocks
source: Brock and Mirman (1972); with full depreciation and log utility i = beta*theta*y, exactly
symbols: {states: [a, k], controls: [i], exogenous: [e], parameters: [beta, theta, rho, sigma]}
definitions: |
  y[t] = exp(a[t])*k[t]^theta
  c[t] = y[t] - i[t]
equations:
  transition: |
    a[t] = rho*a[t-1] + e[t]
    k[t] = i[t-1]
  arbitrage: |
    1 - beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]
calibration: {beta: 0.96, theta: 0.36, rho: 0.9, sigma: 0.01, a: 0, k: (beta*theta)^(1/(1 - theta)), i: k}
exogenous: !UNormal {sigma: sigma}
"""


@pytest.fixture(scope="module")
def api(stack):
    with httpx2.Client(base_url=stack.url, timeout=120.0) as client:
        yield client


def solve(api, **asked):
    body = {"model": "neoclassical", **asked}
    answer = api.post("/v1/solutions", json=body, headers={"Prefer": "wait=60"})
    assert answer.status_code == 200, answer.text
    record = answer.json()
    assert record["status"] == "succeeded", record
    return record


@pytest.fixture(scope="module")
def solution(api):
    """The default model by the default method."""
    return solve(api)


def test_what_a_worker_solved_has_sensitivities(api):
    record = solve(api, model="brock_mirman", method=FAST)
    asked = {"a": 0.1, "k": 0.2, "sensitivity": "beta"}
    found = api.get(record["links"]["policy"], params=asked).json()["sensitivities"]["beta"]
    # i = βθ exp(a) k^θ, and a polynomial of degree 6 is right to 1e-5.
    assert found["controls"]["i"] == pytest.approx(0.36 * math.exp(0.1) * 0.2**0.36, rel=1e-4)
    assert found["misfit"] < 1e-3


def test_the_default_solution_is_accurate_and_certified(api, solution):
    certificate = api.get(solution["links"]["certificate"]).json()
    assert certificate == solution["certificate"]
    assert certificate["verdict"] == "pass"
    assert certificate["euler_errors"]["box"]["max_log10"] <= -4
    assert solution["attempts"] == 1
    assert solution["provenance"]["dtype"] == "float64"


def test_the_policy_keeps_the_steady_state(api, solution):
    capital = (0.36 / (1 / 0.96 - 1 + 0.1)) ** (1 / (1 - 0.36))
    answer = api.get(solution["links"]["policy"], params={"a": 0.0, "k": capital}).json()
    assert answer["in_domain"] is True
    assert answer["controls"]["i"] == pytest.approx(0.1 * capital, rel=1e-4)


def test_full_depreciation_and_log_utility_meet_the_closed_form(api):
    solution = solve(api, model="brock_mirman")
    capital = [0.12, 0.17, 0.2, 0.25]
    batch = api.post(solution["links"]["policy"], json={"states": {"a": 0.0, "k": capital}}).json()
    truth = [0.96 * 0.36 * k**0.36 for k in capital]
    assert batch["controls"]["i"] == pytest.approx(truth, rel=1e-5)
    for k, i in zip(batch["states"]["k"], batch["controls"]["i"], strict=True):
        single = api.get(solution["links"]["policy"], params={"a": 0.0, "k": repr(k)}).json()
        assert single["controls"]["i"] == pytest.approx(i, rel=1e-12)


def test_a_model_of_a_users_own_meets_its_closed_form(api):
    registered = api.post("/v1/models", content=OWN, headers={"Content-Type": "application/yaml"})
    assert registered.status_code == 201, registered.text
    handle = registered.json()["name"]
    solution = solve(api, model=handle)
    assert solution["certificate"]["verdict"] == "pass"
    assert solve(api, model=api_document(OWN)) == solution
    assert api.get(f"/v1/models/{handle}").json()["policy_states"] == ["a", "k"]
    capital = registered.json()["steady_state"]["k"]
    states = {"a": [-0.03, 0.0, 0.03, 0.01], "k": [capital * scale for scale in (0.97, 1.0, 1.03, 0.98)]}
    batch = api.post(solution["links"]["policy"], json={"states": states}).json()
    truth = [0.96 * 0.36 * y for y in batch["definitions"]["y"]]
    assert batch["controls"]["i"] == pytest.approx(truth, rel=1e-5)


def api_document(text):
    """A model file in YAML as the JSON that says the same."""
    return dict(load_model(text).document)


def test_a_policy_taken_away_in_any_form_gives_what_the_service_answers(api, stack, tmp_path, monkeypatch):
    record = solve(api, model="rbc_labour", method=FAST)

    def fetch(name):
        return api.get(record["links"]["artifact"], params={"format": name})

    assert fetch("savedmodel").status_code == 202
    for name, ending in (("npz", "npz"), ("onnx", "onnx"), ("savedmodel", "savedmodel.zip")):
        stack.wait_for(lambda name=name: fetch(name).status_code != 202)
        (tmp_path / f"policy.{ending}").write_bytes(fetch(name).content)
    assert fetch("savedmodel").headers["etag"] == fetch("savedmodel").headers["etag"]
    monkeypatch.chdir(tmp_path)
    arrays, onnx, tensorflow = (
        run(program(f"policy.{ending}")) for ending in ("npz", "onnx", "savedmodel.zip")
    )
    about = onnx["policy"]
    columns = dict(zip(about["states"], onnx["states"].T.tolist(), strict=True))
    answer = api.post(record["links"]["policy"], json={"states": columns}).json()
    for group in ("controls", "definitions"):
        for column, name in enumerate(about[group]):
            truth = pytest.approx(answer[group][name], rel=1e-12)
            assert arrays["answer"][name].tolist() == truth
            assert (onnx["controls"] if group == "controls" else onnx["definitions"][0])[
                :, column
            ].tolist() == truth
            assert tensorflow[group].numpy()[:, column].tolist() == truth
    assert about["origin"]["verdict"] == record["certificate"]["verdict"]
    assert tensorflow["policy"] == about


def test_what_a_worker_solved_moves_as_its_closed_form(api):
    """``log k' = log βθ + a + θ log k``, ``a' = ρ a + e'``; the policy is right to 1e-5."""
    own = api.post("/v1/models", content=OWN, headers={"Content-Type": "application/yaml"}).json()["name"]
    path = solve(api, model=own)["links"]["self"]
    asked = {"periods": 50, "paths": 20, "burn_in": 100, "seed": 3}
    answer = api.post(f"{path}/simulate", json=asked)
    assert answer.content == api.post(f"{path}/simulate", json=asked).content
    columns = answer.json()
    a, k, e = (
        np.reshape(columns[group][name], (20, 50))
        for group, name in (("states", "a"), ("states", "k"), ("shocks", "e"))
    )
    np.testing.assert_allclose(a[:, 1:], 0.9 * a[:, :-1] + e[:, 1:], atol=1e-14)
    np.testing.assert_allclose(k[:, 1:], 0.96 * 0.36 * np.exp(a[:, :-1]) * k[:, :-1] ** 0.36, rtol=1e-5)
    response = api.get(f"{path}/impulse-response?shock=e&paths=200&periods=10").json()["response"]
    np.testing.assert_allclose(response["a"], 0.01 * 0.9 ** np.arange(10), rtol=1e-9)
    found = api.get(f"{path}/moments?paths=100&periods=400").json()
    # 40,000 periods, of which every twentieth counts: 1.6 % is a standard error.
    assert found["standard_deviation"]["a"] == pytest.approx(0.01 / math.sqrt(1 - 0.81), rel=0.06)
    # The saving rate does not depend on risk, so the policy rests at the deterministic steady state.
    rest = api.get(f"{path}/steady-state").json()
    assert rest["policy"][0]["states"]["k"] == pytest.approx(rest["calibration"]["k"], rel=1e-4)


def test_identical_requests_at_once_are_solved_once(api):
    asked = {"method": FAST, "seed": next(SEEDS)}
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda _: solve(api, **asked), range(8)))
    assert len({record["id"] for record in records}) == 1
    assert {record["attempts"] for record in records} == {1}
    assert len({record["finished_at"] for record in records}) == 1


def test_running_and_queued_solves_are_cancelled_and_the_worker_goes_on(api, stack):
    running = ask(api, ENDLESS)
    stack.wait_for(lambda: api.get(running).json()["status"] == "running")
    queued = ask(api, ENDLESS)
    assert api.get(queued).json()["status"] == "queued"
    for path in (queued, running):
        assert api.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert solve(api, method=FAST, seed=next(SEEDS))["attempts"] == 1
    for path in (queued, running):
        assert api.get(path).json()["status"] == "cancelled"
        assert api.get(f"{path}/policy", params={"a": 0, "k": 4}).status_code == 409
        api.delete(path)


def test_training_is_followed_as_it_goes(api):
    """Reports come while it goes on, and the stream ends with the job; how often they come is a benchmark."""
    adam = {"training": {"algorithm": "adam", "steps": 6_000}, "policy": {"hidden": [32, 32]}}
    path = ask(api, adam)
    kinds, reports = [], []
    with api.stream("GET", f"{path}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: "))
            elif line.startswith("data: ") and kinds[-1] == "progress":
                reports.append(json.loads(line.removeprefix("data: ")))
    assert kinds == ["status", "status", *["progress"] * len(reports), "status"]
    seconds = [report["elapsed_s"] for report in reports]
    assert seconds == sorted(seconds) and len(seconds) > 2
    assert api.get(path).json()["status"] == "succeeded"


def ask(api, method):
    body = {"model": "neoclassical", "method": method, "seed": next(SEEDS)}
    return api.post("/v1/solutions", json=body).json()["links"]["self"]


def test_a_solve_starts_from_another(api, solution):
    records = [solve(api, calibration={"beta": 0.955}, start=start) for start in (None, solution["id"])]
    cold, warm = records
    assert (cold["start"], warm["start"]) == (None, solution["id"])
    assert warm["provenance"]["start"] == "taken"
    assert warm["progress"]["step"] < cold["progress"]["step"]
    assert warm["certificate"]["verdict"] == cold["certificate"]["verdict"] == "pass"
    at = {"a": [0.0, 0.1], "k": [4.0, 5.0]}
    controls = [
        api.post(record["links"]["policy"], json={"states": at}).json()["controls"]["i"] for record in records
    ]
    assert controls[0] == pytest.approx(controls[1], rel=1e-5)  # each within 1e-6 of the Euler equation


def test_a_start_that_was_deleted_fails_its_job_until_it_is_there_again(api, stack):
    request = {"method": FAST, "seed": next(SEEDS)}
    start = solve(api, **request)
    blocker = ask(api, ENDLESS)
    stack.wait_for(lambda: api.get(blocker).json()["status"] == "running")
    body = {"model": "neoclassical", "method": FAST, "calibration": {"beta": 0.95}, "start": start["id"]}
    path = api.post("/v1/solutions", json=body).json()["links"]["self"]
    assert api.delete(start["links"]["self"]).status_code == 204
    api.delete(blocker)
    failed = api.get(path, params={"wait": 60}).json()
    assert (failed["status"], failed["problem"]["code"]) == ("failed", "start-lost")
    assert solve(api, **request)["id"] == start["id"]
    assert api.post(f"{path}/retry").status_code == 202
    assert api.get(path, params={"wait": 60}).json()["status"] == "succeeded"


def test_a_cancelled_solve_is_solved_by_a_retry(api, stack):
    blocker = ask(api, ENDLESS)
    stack.wait_for(lambda: api.get(blocker).json()["status"] == "running")
    path = ask(api, FAST)
    assert api.post(f"{path}/cancel").status_code == 202
    assert api.post(f"{path}/retry").status_code == 202
    api.delete(blocker)
    assert api.get(path, params={"wait": 60}).json()["status"] == "succeeded"


def test_what_is_listed_can_be_deleted_and_solved_again(api):
    record = solve(api, method=FAST, seed=next(SEEDS))
    listed = api.get("/v1/solutions", params={"status": "succeeded", "limit": 1}).json()["solutions"]
    assert [found["id"] for found in listed] == [record["id"]]
    assert api.get(record["links"]["policy"], params={"a": 0, "k": 4}).status_code == 200
    assert api.delete(record["links"]["self"]).status_code == 204
    assert api.get(record["links"]["policy"], params={"a": 0, "k": 4}).status_code == 410
    again = solve(api, method=FAST, seed=record["seed"])
    assert again["id"] == record["id"]
    assert again["created_at"] > record["created_at"]


def test_what_is_refused_is_no_job(api):
    before = api.get("/v1/solutions", params={"limit": 200}).json()
    answer = api.post("/v1/solutions", json={"model": "neoclassical", "calibration": {"delta": 0}})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/calibration/delta")
    assert api.get("/v1/solutions", params={"limit": 200}).json() == before


def test_the_trace_of_a_request_is_in_the_logs_of_its_worker(api, stack):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    body = {"model": "neoclassical", "method": FAST, "seed": next(SEEDS)}
    headers = {"Prefer": "wait=60", "traceparent": trace}
    job_id = api.post("/v1/solutions", json=body, headers=headers).json()["id"]
    wanted = {"event": "finished", "job": job_id, "trace": trace}
    stack.wait_for(lambda: any(wanted.items() <= line.items() for line in logged(stack)))


def logged(stack):
    """Every line of the workers' logs that is an entry."""
    lines = [
        line for path in (stack.data / "logs").glob("worker*.log") for line in path.read_text().splitlines()
    ]
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def test_time_iteration_agrees_with_the_default(api, solution):
    path = solution["links"]["certificate"]
    answer = api.get(path, params={"compare": "time_iteration", "wait": 60})
    assert answer.status_code == 200
    comparison = answer.json()["comparison"]
    assert (comparison["this"]["algorithm"], comparison["other"]["algorithm"]) == ("staged", "time_iteration")
    assert comparison["this"]["verdict"] == comparison["other"]["verdict"] == "pass"
    # Each is within 1e-6 of the Euler equation, which adds up over the periods in which capital returns.
    assert 0 < comparison["differences"]["i"]["largest"] < 3e-5
    assert comparison["other"]["states_visited"] > comparison["this"]["states_visited"]
    assert api.get(f"/v1/solutions/{comparison['other']['solution']}").json()["status"] == "succeeded"
