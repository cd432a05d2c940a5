"""This release opens the data of every release before it: tests/data/upgrade, made by the script there."""

import io
import json
import shutil
from pathlib import Path

import httpx2
import numpy as np
import pytest

from solver.model.zoo import load_zoo
from solver.version import NUMERICS_VERSION
from tests.solver.export.page import program

RELEASES = sorted(
    path.parent for path in (Path(__file__).parents[1] / "data" / "upgrade").glob("*/told.json")
)


@pytest.fixture(scope="module", params=RELEASES, ids=lambda path: path.name)
def release(request):
    """The directory of a release."""
    return request.param


@pytest.fixture(scope="module")
def told(release):
    """What that release said of its data."""
    return json.loads((release / "told.json").read_text())


@pytest.fixture(scope="module")
def stack(release, start_module_stack, tmp_path_factory):
    """This release on a copy of that data."""
    data = tmp_path_factory.mktemp("upgrade") / "data"
    shutil.copytree(release / "store", data / "store")
    return start_module_stack(data=data)


@pytest.fixture(scope="module")
def client(stack, told):
    """A client with the key that was made then."""
    headers = {"Authorization": f"Bearer {told['key']}"}
    with httpx2.Client(base_url=stack.url, headers=headers, timeout=90) as client:
        yield client


def ask(client, method, path, **options):
    answer = client.request(method, path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def holds(now, then):
    """Whether an answer says all that one of an earlier release said; it may say more."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(name in now and holds(now[name], then[name]) for name in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds, now, then))
    return now == then


def test_there_is_at_least_one_release():
    assert RELEASES


def test_the_key_opens_and_nothing_else_does(client, told, stack):
    ask(client, "GET", "/v1/solutions")
    spoilt = told["key"][:-1] + ("0" if told["key"][-1] != "0" else "1")
    for headers in ({}, {"Authorization": f"Bearer {spoilt}"}):
        assert httpx2.get(f"{stack.url}/v1/solutions", headers=headers).status_code == 401


def test_every_solution_is_listed_newest_first(client, told):
    listed = ask(client, "GET", "/v1/solutions", params={"limit": 100})["solutions"]
    known = {solution["record"]["id"] for solution in told["solutions"]}
    expected = [solution["record"]["id"] for solution in reversed(told["solutions"])]
    assert [solution["id"] for solution in listed if solution["id"] in known] == expected


def test_every_record_says_what_it_said(client, told):
    for solution in told["solutions"]:
        record = ask(client, "GET", f"/v1/solutions/{solution['record']['id']}")
        assert holds(record, solution["record"])


def test_every_certificate_can_be_read(client, told):
    for solution in told["solutions"]:
        certificate = ask(client, "GET", f"/v1/solutions/{solution['record']['id']}/certificate")
        assert holds(certificate, solution["certificate"])


def test_every_policy_gives_the_numbers_that_numpy_alone_gives(client, told, release, tmp_path, monkeypatch):
    """The oracle is the program in docs/artifacts.md on the artifact of then, and the answer of then."""
    monkeypatch.chdir(tmp_path)
    for solution in told["solutions"]:
        solution_id = solution["record"]["id"]
        shutil.copy(release / f"{solution_id}.npz", "policy.npz")
        names = {}
        exec(program("policy.npz"), names)
        columns = solution["evaluated"]["states"]
        states = np.column_stack([columns[name] for name in names["policy"]["states"]])
        alone = names["evaluate"]("policy.npz", states)
        now = ask(client, "POST", f"/v1/solutions/{solution_id}/policy", json={"states": columns})
        for part in ("controls", "definitions"):
            for name, values in solution["evaluated"][part].items():
                np.testing.assert_allclose(now[part][name], values, rtol=1e-12, atol=1e-15)
                if name in alone:  # multipliers without a control of their own are not in an artifact
                    np.testing.assert_allclose(now[part][name], alone[name], rtol=1e-8)


def test_the_closed_form_is_still_what_the_policy_comes_near_to(client, told):
    found = [
        solution for solution in told["solutions"] if solution["record"]["model"]["name"] == "brock_mirman"
    ]
    assert found
    for solution in found:
        calibration = solution["record"]["calibration"]
        answer = ask(
            client,
            "POST",
            f"/v1/solutions/{solution['record']['id']}/policy",
            json={"states": solution["evaluated"]["states"]},
        )
        a, k = (np.array(answer["states"][name]) for name in ("a", "k"))
        closed = (
            calibration["beta"]
            * calibration["theta"]
            * np.exp(calibration["loading"] * a)
            * k ** calibration["theta"]
        )
        np.testing.assert_allclose(answer["controls"]["i"], closed, rtol=1e-3)  # of degree 5


def test_every_artifact_has_the_same_arrays(client, told, release):
    for solution in told["solutions"]:
        solution_id = solution["record"]["id"]
        answer = client.get(f"/v1/solutions/{solution_id}/artifact", params={"format": "npz"})
        with np.load(release / f"{solution_id}.npz") as then, np.load(io.BytesIO(answer.content)) as now:
            for name in set(then.files) - {"metadata"}:
                np.testing.assert_array_equal(now[name], then[name])


def test_the_model_of_the_users_own_is_there_under_its_handle(client, told):
    assert told["model"] in {model["name"] for model in ask(client, "GET", "/v1/models")["models"]}
    again = client.post("/v1/models", json=told["file"])
    assert again.status_code == 200, "the same file is another model now: its hash has moved"
    assert again.json()["name"] == told["model"]


def test_the_same_request_is_found_or_solved_anew_where_numbers_have_moved(client, told):
    known = {solution["record"]["id"]: solution for solution in told["solutions"]}
    for solution in told["solutions"]:
        then = solution["record"]
        now = ask(client, "POST", "/v1/solutions", json=solution["request"], headers={"Prefer": "wait=60"})
        assert now["status"] == "succeeded"
        name = then["model"]["name"]
        has_moved = then["provenance"]["versions"]["numerics"] != NUMERICS_VERSION
        has_moved |= name != told["model"] and load_zoo(name).hash != then["model"]["hash"]
        assert (now["id"] in known) != has_moved
        if not has_moved:
            assert now["finished_at"] == then["finished_at"]


def test_a_restart_has_it_all_again(client, told, stack):
    (store,) = stack.children("store")
    store.kill()
    stack.wait_for(lambda: stack.children("store") and stack.children("store")[0].pid != store.pid)

    def is_there():
        answer = client.get("/v1/solutions", params={"limit": 100})
        return answer.status_code == 200 and answer.json()["solutions"]

    listed = {solution["id"] for solution in stack.wait_for(is_there)}
    assert listed >= {solution["record"]["id"] for solution in told["solutions"]}
