"""Simulations that are too large for one request: jobs with a life of their own, and the numbers of a small one."""

import numpy as np
import pyarrow as pa
import pytest

from service.body import ARROW
from service.gate import AT_ONCE
from solver.simulation.experiment import BLOCK_PATHS
from worker.contract import JobStatus
from worker.simulating import PAGE_ROWS
from worker.simulations import ResultStore

LARGE = {"periods": 40, "paths": 2500, "burn_in": 3, "seed": 4}
"""100,000 rows in three blocks, and two pages in the first."""
GROUPS = ("states", "controls", "definitions", "shocks")


@pytest.fixture
def small(make_api):
    """A client of an API whose requests may have a thousand rows."""
    with make_api(max_batch_states=1000) as api:
        yield api


@pytest.fixture
def asked(small, logs):
    """The record of a large simulation that waits."""
    answer = small.post(f"{logs}/simulate", json=LARGE)
    assert answer.status_code == 202, answer.text
    return answer.json()


def pages(api, record):
    """All pages of a result."""
    first = api.get(record["links"]["result"]).json()
    rest = [api.get(f"{record['links']['result']}?page={page}").json() for page in range(1, first["pages"])]
    return [first, *rest]


def joined(found, group, name):
    return [value for page in found for value in page[group][name]]


def test_a_large_simulation_is_a_job_with_the_numbers_of_one_request(api, small, logs, finisher):
    answer = small.post(f"{logs}/simulate", json=LARGE)
    record = answer.json()
    assert answer.headers["location"] == record["links"]["self"] == f"{logs}/simulations/{record['id']}"
    assert int(answer.headers["retry-after"]) > 0
    assert record["status"] == "queued" and record["summary"] is None
    finisher.simulate(record["id"])
    over = small.get(record["links"]["self"]).json()
    assert over["status"] == "succeeded"
    found, whole = pages(small, record), api.post(f"{logs}/simulate", json=LARGE).json()
    rows = [len(page["path"]) for page in found]
    assert rows == [40 * BLOCK_PATHS, 40 * BLOCK_PATHS, 40 * 500] and max(rows) <= PAGE_ROWS
    assert over["summary"] == {"rows": 100_000, "lost": 0, "pages": 3, "n_bytes": 8 * 7 * 100_000}
    assert over["progress"]["periods_done"] == over["progress"]["periods"] == 43 * 2500
    assert [value for page in found for value in page["path"]] == whole["path"]
    assert [value for page in found for value in page["t"]] == whole["t"]
    for group in GROUPS:
        for name, values in whole[group].items():
            assert joined(found, group, name) == values


def test_blocks_are_cut_into_pages(api, small, logs, finisher):
    asked = {"periods": 150, "paths": 1000}
    record = small.post(f"{logs}/simulate", json=asked).json()
    finisher.simulate(record["id"])
    found, whole = pages(small, record), api.post(f"{logs}/simulate", json=asked).json()
    assert [len(page["t"]) for page in found] == [PAGE_ROWS, PAGE_ROWS, 150_000 - 2 * PAGE_ROWS]
    assert joined(found, "states", "x") == whole["states"]["x"]
    assert [value for page in found for value in page["path"]] == whole["path"]


def test_a_result_is_one_arrow_stream_too_or_a_page_of_it(small, asked, finisher):
    finisher.simulate(asked["id"])
    path = asked["links"]["result"]
    answer = small.get(path, headers={"Accept": ARROW})
    assert answer.headers["content-type"] == ARROW
    table = pa.ipc.open_stream(answer.content).read_all()
    found = pages(small, asked)
    assert table["path"].to_pylist() == [value for page in found for value in page["path"]]
    for group in GROUPS:
        for name in found[0][group]:
            assert table[name].to_pylist() == joined(found, group, name)
    one = small.get(f"{path}?page=1", headers={"Accept": ARROW})
    page = pa.ipc.open_stream(one.content).read_all()
    assert page.equals(table.slice(len(found[0]["t"]), len(found[1]["t"])))
    for query, media_type in (("", ARROW), ("?page=1", ARROW), ("?page=1", "application/json")):
        first = small.get(path + query, headers={"Accept": media_type})
        again = {"Accept": media_type, "If-None-Match": first.headers["etag"]}
        assert "immutable" in first.headers["cache-control"]
        assert small.get(path + query, headers=again).status_code == 304
    assert small.head(path, headers={"Accept": ARROW}).status_code == 200


def test_a_stream_that_has_begun_is_not_broken_off_where_others_are_turned_away(
    small, asked, finisher, monkeypatch
):
    finisher.simulate(asked["id"])
    path, gate = asked["links"]["result"], small.app.state.services.batches
    whole = small.get(path, headers={"Accept": ARROW}).content
    monkeypatch.setattr(gate, "_max_waiting", -AT_ONCE)  # as if as many waited as may
    refused = small.get(path, headers={"Accept": ARROW})
    assert (refused.status_code, refused.json()["code"]) == (429, "busy")
    monkeypatch.setattr(gate, "_max_waiting", 1)
    read_page = ResultStore.page

    def turning_others_away(results, job_id, manifest, number):
        monkeypatch.setattr(gate, "_max_waiting", -AT_ONCE)
        return read_page(results, job_id, manifest, number)

    monkeypatch.setattr(ResultStore, "page", turning_others_away)
    assert small.get(path, headers={"Accept": ARROW}).content == whole


def test_lost_paths_are_null_and_counted(small, consumed, finisher):
    asked = {"periods": 6, "paths": 200, "initial": {"k": [4.0, 100.0] * 100}}
    record = small.post(f"{consumed}/simulate", json=asked).json()
    finisher.simulate(record["id"])
    (page,) = pages(small, record)
    assert page["lost"] == small.get(record["links"]["self"]).json()["summary"]["lost"] == 100
    k = np.array(page["states"]["k"], dtype=float).reshape(-1, 6)
    assert (np.isnan(k[0::2]) == ([False] * 3 + [True] * 3)).all() and not np.isnan(k[1::2]).any()


def test_the_same_request_is_the_same_job(small, logs, asked, finisher):
    again = small.post(f"{logs}/simulate", json={**LARGE, "initial": {}})
    assert again.json() == asked
    other = small.post(f"{logs}/simulate", json={**LARGE, "seed": 5}).json()
    assert other["id"] != asked["id"]
    finisher.simulate(asked["id"])
    done = small.post(f"{logs}/simulate", json=LARGE)
    assert (done.status_code, done.json()["status"]) == (202, "succeeded")
    assert "retry-after" not in done.headers and done.headers["location"] == asked["links"]["self"]
    listed = small.get(f"{logs}/simulations").json()["simulations"]
    assert {one["id"] for one in listed} == {asked["id"], other["id"]}
    assert finisher.simulations.ids(JobStatus.QUEUED) == [other["id"]]


def test_a_cancelled_one_keeps_nothing_and_may_be_tried_again(small, asked, finisher, client):
    path, attempt = asked["links"]["self"], finisher.begin(asked["id"])
    refused = small.get(f"{path}/result")
    assert (refused.status_code, refused.json()["code"]) == (409, "unfinished")
    assert refused.json()["simulation"]["status"] == "running"
    assert finisher.keep_page(attempt, b"half of it")
    answers = [small.post(f"{path}/cancel") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert not finisher.keep_page(attempt, b"the other half")
    assert not client.exists(f"saddlepath:artifact:{asked['id']}")
    assert "retry" in small.get(f"{path}/result").json()["detail"]
    assert small.post(f"{path}/retry").json()["status"] == "queued"
    assert small.post(f"{path}/retry").status_code == 409
    finisher.simulate(asked["id"])
    conflict = small.post(f"{path}/cancel")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert conflict.json()["simulation"] == {"id": asked["id"], "status": "succeeded"}
    assert small.get(f"{path}/result").status_code == 200


def test_a_failed_one_tells_its_problem(small, asked, finisher):
    finisher.fail(asked["id"])
    answer = small.get(asked["links"]["result"])
    assert (answer.status_code, answer.json()["code"]) == (409, "unfinished")
    assert answer.json()["problem"]["code"] == "diverged"


def test_it_goes_by_itself_or_with_its_solution(small, logs, asked, finisher, client):
    other = small.post(f"{logs}/simulate", json={**LARGE, "seed": 5}).json()
    finisher.simulate(asked["id"])
    assert small.delete(other["links"]["self"]).status_code == 204
    gone = small.get(other["links"]["self"])
    assert (gone.status_code, gone.json()["code"]) == (410, "simulation-gone")
    assert small.get(asked["links"]["result"]).status_code == 200
    assert small.delete(logs).status_code == 204
    for path in (asked["links"]["self"], asked["links"]["result"], other["links"]["self"]):
        assert small.get(path).status_code == 410
    assert small.get(f"{logs}/simulations").status_code == 410
    left = {key.decode() for key in client.scan_iter("*sim-*")}
    assert left == {f"saddlepath:gone:{one['id']}" for one in (asked, other)}


def test_what_is_no_simulation_of_the_solution_is_not_there(small, logs, asked, solve):
    other = solve("neoclassical")
    for path in (
        f"{other}/simulations/{asked['id']}",
        f"{logs}/simulations/sim-{'0' * 32}",
        f"{logs}/simulations/{'0' * 32}",
        f"{logs}/simulations/{asked['id']}0",
        f"{logs}/simulations/{logs.rsplit('/', 1)[1]}",
    ):
        for method, suffix in (("GET", ""), ("GET", "/result"), ("POST", "/cancel"), ("DELETE", "")):
            answer = small.request(method, path + suffix)
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown-simulation"), path
    for suffix in ("", "/policy", "/simulations", "/events"):
        answer = small.get(f"/v1/solutions/{asked['id']}{suffix}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-solution")
    listed = [one["id"] for one in small.get("/v1/solutions").json()["solutions"]]
    assert asked["id"] not in listed and len(listed) == 2


@pytest.mark.parametrize("query", ["page=3", "page=-1", "page=x", "pages=1"])
def test_a_bad_page_is_refused(small, asked, finisher, query):
    finisher.simulate(asked["id"])
    answer = small.get(f"{asked['links']['result']}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{query.split('=')[0]}"


def test_it_waits_with_the_jobs_that_wait(make_api, logs):
    with make_api(max_batch_states=1000, max_queued_jobs=1) as api:
        assert api.post(f"{logs}/simulate", json=LARGE).status_code == 202
        full = api.post(f"{logs}/simulate", json={**LARGE, "seed": 9})
        assert (full.status_code, full.json()["code"]) == (429, "queue-full")
        assert api.post("/v1/solutions", json={"model": "rbc"}).json()["code"] == "queue-full"
        assert api.get("/readyz").json()["queued"] == 1


def test_metrics_count_it_apart_from_solutions(small, logs, asked, finisher):
    def metrics():
        lines = small.get("/metrics").text.splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    before = metrics()
    assert before['saddlepath_simulation_jobs{status="queued"}'] == "1.0"
    assert before['saddlepath_jobs{status="queued"}'] == "0.0"
    finisher.simulate(asked["id"])
    after = metrics()
    assert after['saddlepath_simulations_total{model="own",status="succeeded"}'] == "1.0"
    assert float(after['saddlepath_simulation_seconds_total{model="own",status="succeeded"}']) > 0
    assert float(after["saddlepath_kept_bytes"]) - float(before["saddlepath_kept_bytes"]) > 8 * 7 * 100_000
    small.delete(asked["links"]["self"])
    assert metrics()['saddlepath_deleted_simulations_total{reason="request"}'] == "1.0"
