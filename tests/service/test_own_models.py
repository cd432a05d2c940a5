"""A model of a user's own over HTTP: registered once and for good, found by its handle, solved by it or sent along."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.models import ModelLibrary, handle_of
from solver.calibrate import calibrate
from solver.errors import UnknownModelError
from solver.model.load import load_model
from solver.model.zoo import load_zoo, zoo_names
from worker.models import ModelStore

YAML = {"Content-Type": "application/yaml"}
FILE = """\
name: My growth — with taste
title: The neoclassical model, renamed
symbols: {states: [a, k], controls: [i], exogenous: [], parameters: [beta, delta, theta, gamma, rho]}
definitions: |
  y[t] = exp(a[t])*k[t]^theta
  c[t] = y[t] - i[t]   # what is left
equations:
  transition: |
    a[t] = (1-rho)*a[t-1]
    k[t] = (1 - delta)*k[t-1] + i[t-1]
  arbitrage: |
    1 - beta*(c[t+1]/c[t])^(-gamma)*(1 - delta + theta*y[t+1]/k[t+1])
calibration: {beta: 0.96, delta: 0.1, theta: 0.36, gamma: 2, rho: 0.1, a: 0,
              k: (theta/(1/beta - 1 + delta))^(1/(1 - theta)), i: delta*k}
domain: {a: [-0.2, 0.2], k: [0.5*k, 1.5*k]}
parameters: {beta: {description: patience, symbol: β, bounds: [0.5, 0.9999]}}
"""
MODEL = load_model(FILE)
HANDLE = handle_of(MODEL)
STOCHASTIC = """\
name: stochastic
symbols: {states: [k], controls: [i], exogenous: [z], parameters: [beta, theta, sigma]}
definitions: |
  y[t] = exp(z[t])*k[t]^theta
  c[t] = y[t] - i[t]
equations:
  transition: |
    k[t] = i[t-1]
  arbitrage: |
    1 - beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]  ⟂ 0 <= i[t] <= y[t]
calibration: {beta: 0.96, theta: 0.36, sigma: 0.01, z: 0, k: 0.2, i: 0.2}
exogenous: !UNormal {sigma: sigma}
"""


def register(api, text=FILE, query="", **headers):
    return api.post(f"/v1/models{query}", content=text, headers={**YAML, **headers})


def names(api):
    return [model["name"] for model in api.get("/v1/models").json()["models"]]


def test_a_model_is_registered_once(api):
    first = register(api)
    assert first.status_code == 201
    record = first.json()
    assert record["name"] == HANDLE
    assert re.fullmatch(r"my-growth-with-taste-[0-9a-f]{16}", HANDLE)
    assert record["hash"] == MODEL.hash and HANDLE.endswith(MODEL.hash[:16])
    assert first.headers["location"] == f"/v1/models/{HANDLE}"
    assert record["steady_state"] == pytest.approx(calibrate(MODEL).steady_state)
    assert {check["name"]: check["verdict"] for check in record["checks"]} == dict.fromkeys(
        ("equations", "calibration", "steady-state", "domain", "saddle-path"), "pass"
    )
    again = register(api)
    assert (again.status_code, again.json(), again.headers["location"]) == (
        200,
        record,
        first.headers["location"],
    )
    assert names(api) == [*zoo_names(), HANDLE]


@pytest.mark.parametrize(
    "content_type", ["application/x-yaml", "text/yaml; charset=utf-8", "application/yaml"]
)
def test_yaml_has_several_names(api, content_type):
    assert register(api, **{"Content-Type": content_type}).json()["name"] == HANDLE


def test_the_same_model_in_json_is_the_same_model(api):
    register(api)
    answer = api.post("/v1/models", json=MODEL.document)
    assert (answer.status_code, answer.json()["name"]) == (200, HANDLE)


def test_the_same_content_under_another_name_is_another_model(api):
    register(api)
    other = register(api, FILE.replace("name: My growth — with taste", "name: Другая"))
    assert other.status_code == 201
    assert re.fullmatch(r"model-[0-9a-f]{16}", other.json()["name"])
    assert names(api)[-2:] == [HANDLE, other.json()["name"]]


def test_a_built_in_model_is_there_already(api):
    answer = api.post("/v1/models", json=load_zoo("rbc").document)
    assert (answer.status_code, answer.json()["name"]) == (200, "rbc")
    changed = {**load_zoo("rbc").document, "title": "Mine"}
    assert api.post("/v1/models", json=changed).json()["name"].startswith("rbc-")
    assert len(names(api)) == len(zoo_names()) + 1


def test_registrations_at_once_are_one(api):
    with ThreadPoolExecutor(8) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda _: register(api), range(8))]
    assert sorted(statuses) == [200] * 7 + [201]
    assert names(api).count(HANDLE) == 1


def test_validation_registers_nothing(api):
    answer = register(api, query="?validate_only=true")
    assert (answer.status_code, answer.json()["name"]) == (200, HANDLE)
    assert "location" not in answer.headers
    assert names(api) == list(zoo_names())
    assert api.get(f"/v1/models/{HANDLE}").status_code == 404
    assert register(api, query="?validate_only=false").status_code == 201


def test_a_registered_model_is_given_back_as_written(api):
    register(api)
    entry = api.get(f"/v1/models/{HANDLE}").json()
    assert entry["name"] == HANDLE
    assert entry["equations"]["transition"] == [
        "a[t] = (1-rho)*a[t-1]",
        "k[t] = (1 - delta)*k[t-1] + i[t-1]",
    ]
    assert entry["equations"]["definitions"] == ["y[t] = exp(a[t])*k[t]^theta", "c[t] = y[t] - i[t]"]
    assert entry["symbols"]["beta"] == {"description": "patience", "symbol": "β", "bounds": [0.5, 0.9999]}
    assert entry["calibration"] == {"beta": 0.96, "delta": 0.1, "theta": 0.36, "gamma": 2, "rho": 0.1}
    (summary,) = [model for model in api.get("/v1/models").json()["models"] if model["name"] == HANDLE]
    assert summary == {key: entry[key] for key in summary}
    tag = api.get(f"/v1/models/{HANDLE}").headers["etag"]
    assert api.get(f"/v1/models/{HANDLE}", headers={"If-None-Match": tag}).status_code == 304


def test_shocks_conditions_and_what_was_found_are_told(api):
    registered = register(api, STOCHASTIC)
    assert registered.status_code == 201, registered.text
    steady = {check["name"]: check for check in registered.json()["checks"]}["steady-state"]
    assert steady["verdict"] == "warn"
    assert "not a steady state" in steady["message"]
    entry = api.get(registered.headers["location"]).json()
    assert (entry["shocks"], entry["policy_states"]) == (["z"], ["z", "k"])
    assert entry["exogenous"] == {"z": {"Normal": {"mu": [0.0], "Sigma": [["sigma^2"]]}}}
    assert entry["equations"]["arbitrage"][0].endswith("⟂ 0 <= i[t] <= y[t]")
    assert any("domain of k" in note for note in entry["notes"])


def test_a_model_that_explodes_is_told_so(api):
    explosive = FILE.replace("a[t] = (1-rho)*a[t-1]", "a[t] = (1+rho)*a[t-1]")
    checks = {check["name"]: check for check in register(api, explosive).json()["checks"]}
    assert checks["saddle-path"]["verdict"] == "warn"
    assert "explodes" in checks["saddle-path"]["message"]


def test_every_fault_is_told_with_its_place(api, refused):
    faulty = (
        FILE.replace("i[t-1]\n", "i[t]\n").replace("theta*y[t+1]", "thea*y[t+1]").replace("beta: 0.96, ", "")
    )
    document = refused(
        register(api, faulty), 422, "/equations/transition", "/equations/arbitrage", "/calibration"
    )
    assert document["code"] == "invalid-model"
    faults = {fault["pointer"]: fault for fault in document["errors"]}
    assert faults["/equations/transition"]["symbol"] == "i"
    assert (faults["/equations/transition"]["line"], faults["/equations/transition"]["column"]) == (10, 33)
    assert faults["/equations/transition"]["equation"] == "k[t] = (1 - delta)*k[t-1] + i[t]"
    assert (faults["/equations/arbitrage"]["symbol"], faults["/equations/arbitrage"]["line"]) == ("thea", 12)
    assert "theta" in faults["/equations/arbitrage"]["message"]
    assert faults["/calibration"]["symbol"] == "beta"
    assert names(api) == list(zoo_names())


def test_a_domain_that_cannot_be_found_is_asked_for(api, refused):
    no_domain = FILE.replace("domain: {a: [-0.2, 0.2], k: [0.5*k, 1.5*k]}", "").replace("(1-rho)", "(1+rho)")
    assert "no domain" in refused(register(api, no_domain), 422, "/domain")["detail"]


def test_more_models_than_may_be_registered_are_refused(make_api):
    with make_api(max_models=1) as api:
        assert register(api).status_code == 201
        full = register(api, STOCHASTIC)
        assert (full.status_code, full.json()["code"]) == (409, "registry-full")
        assert "1 models" in full.json()["detail"]
        assert register(api).status_code == 200
        assert register(api, STOCHASTIC, "?validate_only=true").status_code == 200
        assert names(api) == [*zoo_names(), HANDLE]


def test_every_process_knows_every_model(make_api):
    with make_api() as one, make_api() as other:
        assert names(other) == list(zoo_names())
        register(one)
        assert names(other) == [*zoo_names(), HANDLE]
        assert other.get(f"/v1/models/{HANDLE}").status_code == 200


def test_by_handle_or_sent_along_it_is_the_same_solution(api):
    inline = api.post("/v1/solutions", json={"model": MODEL.document, "calibration": {"beta": 0.95}})
    assert inline.status_code == 202, inline.text
    assert names(api) == list(zoo_names())
    register(api)
    by_handle = api.post("/v1/solutions", json={"model": HANDLE, "calibration": {"beta": 0.95}})
    assert by_handle.json() == inline.json()
    assert by_handle.json()["model"] == {"name": HANDLE, "hash": MODEL.hash}
    listed = api.get("/v1/solutions", params={"model": HANDLE}).json()["solutions"]
    assert [record["id"] for record in listed] == [inline.json()["id"]]


def test_a_built_in_model_sent_along_is_the_built_in_one(api):
    by_name = api.post("/v1/solutions", json={"model": "neoclassical"}).json()
    inline = api.post("/v1/solutions", json={"model": load_zoo("neoclassical").document}).json()
    assert inline == by_name


def test_faults_of_a_model_sent_along_are_below_it(api, refused):
    document = json.loads(json.dumps(MODEL.document))
    document["equations"]["arbitrage"] = ["1 - beta*cc[t+1]"]
    del document["calibration"]["rho"]
    body = {"model": document, "calibration": {"beta": 0.95}}
    refusal = refused(
        api.post("/v1/solutions", json=body), 422, "/model/equations/arbitrage/0", "/model/calibration"
    )
    assert refusal["code"] == "invalid-model"
    assert {fault["symbol"] for fault in refusal["errors"]} == {"cc", "rho"}
    unknown = api.post("/v1/solutions", json={"model": MODEL.document, "calibration": {"loading": 1}})
    refused(unknown, 422, "/calibration/loading")


def test_an_unknown_handle_is_not_found(api, refused):
    assert "/v1/models" in refused(api.get(f"/v1/models/{HANDLE}"), 404)["detail"]
    refused(api.post("/v1/solutions", json={"model": HANDLE}), 422, "/model")


def test_a_policy_of_a_registered_model_is_evaluated(api, finisher):
    path = api.post("/v1/solutions", json={"model": MODEL.document}).json()["links"]["self"]
    finisher.succeed(path.rsplit("/", 1)[1])
    answer = api.get(f"{path}/policy", params={"a": 0.1, "k": 4})
    assert answer.status_code == 200, answer.text
    assert answer.json()["definitions"]["y"] == pytest.approx(2.718281828459045**0.1 * 4**0.36)


def test_a_model_is_read_once_and_few_are_kept(client):
    store = ModelStore(client, 10)
    library = ModelLibrary(store, size=1)
    other = load_model(STOCHASTIC)
    assert library.register(MODEL) and library.register(other)
    first = library.find(HANDLE)
    assert first == MODEL and library.find(HANDLE) is first
    assert library.read(MODEL.document) is first
    library.find(handle_of(other))
    assert library.find(HANDLE) is not first
    with pytest.raises(UnknownModelError):
        library.find(HANDLE.replace("my", "your"))
