import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from service import solving
from solver.progress import Progress
from solver.status import Status
from worker.contract import JobStatus
from worker.errors import StoreUnavailableError
from worker.events import EVENTS_CHANNEL, decode_event

REQUEST = {"model": "neoclassical"}


def test_a_request_is_accepted_once(api, finisher):
    first = api.post("/v1/solutions", json=REQUEST)
    assert first.status_code == 202
    record = first.json()
    assert first.headers["location"] == record["links"]["self"] == f"/v1/solutions/{record['id']}"
    assert int(first.headers["retry-after"]) > 0
    assert record["status"] == "queued"
    assert record["calibration"]["beta"] == 0.96
    assert record["method"]["policy"]["family"] == "neural"
    again = api.post("/v1/solutions", json={**REQUEST, "calibration": {"beta": 0.96}, "seed": 0})
    assert (again.status_code, again.json()["id"]) == (202, record["id"])
    assert finisher.jobs.ids(JobStatus.QUEUED) == [record["id"]]


def test_the_job_is_on_the_queue_once(api, client):
    record = api.post("/v1/solutions", json=REQUEST).json()
    api.post("/v1/solutions", json=REQUEST)
    messages = client.lrange("saddlepath.solve", 0, -1)
    assert [record["id"] in message.decode() for message in messages] == [True]


def test_identical_requests_at_once_are_one_job(api, client):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post("/v1/solutions", json=REQUEST), range(16)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert client.llen("saddlepath.solve") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"model": "brock_mirman"},
        {"calibration": {"beta": 0.95}},
        {"target": 1e-5},
        {"seed": 1},
        {"method": {"policy": {"family": "polynomial"}}},
    ],
)
def test_another_request_is_another_solution(api, change):
    ids = {api.post("/v1/solutions", json=asked).json()["id"] for asked in (REQUEST, {**REQUEST, **change})}
    assert len(ids) == 2


def test_a_solution_that_is_there_is_answered_at_once(api, solved):
    answer = api.post("/v1/solutions", json=REQUEST)
    assert answer.status_code == 200
    record = answer.json()
    assert (record["id"], record["status"]) == (solved, "succeeded")
    assert record["certificate"]["verdict"] == "pass"
    assert api.get(record["links"]["self"]).json() == record


@pytest.fixture
def only_news(monkeypatch):
    """Without rereading by the clock, nothing but news can end a wait."""
    monkeypatch.setattr(solving, "REREAD_S", 3600.0)


@pytest.fixture
def queued(client):
    """A function that returns the id of the next job that is queued."""
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(EVENTS_CHANNEL)

        def next_queued():
            while True:
                message = subscription.get_message(timeout=10)
                event = decode_event(message["data"]) if message else None
                if event and event.status == "queued":
                    return event.id

        yield next_queued


@pytest.mark.parametrize(("end", "status"), [("succeed", "succeeded"), ("fail", "failed")])
def test_a_waiting_request_is_woken_by_the_news(api, finisher, queued, only_news, end, status):
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.post, "/v1/solutions", json=REQUEST, headers={"Prefer": "wait=50"})
        getattr(finisher, end)(queued())
        response = answer.result(timeout=30)
    assert (response.status_code, response.json()["status"]) == (200, status)
    assert response.headers["preference-applied"] == "wait=50"


def test_a_long_poll_is_woken_by_a_cancellation(api, only_news):
    record = api.post("/v1/solutions", json=REQUEST).json()
    path = record["links"]["self"]
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.get, path, params={"wait": 50})
        assert api.post(f"{path}/cancel").status_code == 202
        assert answer.result(timeout=30).json()["status"] == "cancelled"


def test_a_wait_ends_with_the_deletion(api):
    path = api.post("/v1/solutions", json=REQUEST).json()["links"]["self"]
    started = threading.Event()

    def wait():
        started.set()
        return api.get(path, params={"wait": 50})

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(wait)
        assert started.wait(10)
        assert api.delete(path).status_code == 204
        assert answer.result(timeout=30).status_code == 410


def test_a_request_whose_solution_is_deleted_while_it_waits_is_told_so(api, queued, only_news):
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.post, "/v1/solutions", json=REQUEST, headers={"Prefer": "wait=50"})
        solution_id = queued()
        assert api.delete(f"/v1/solutions/{solution_id}").status_code == 204
        response = answer.result(timeout=30)
    assert (response.status_code, response.json()["code"]) == (409, "deleted")
    assert response.json()["solution"] == {"id": solution_id, "status": "deleted"}
    assert response.headers["content-type"] == "application/problem+json"
    assert api.post("/v1/solutions", json=REQUEST).status_code == 202


def test_a_server_that_goes_down_answers_those_that_wait(api, queued, only_news):
    news = api.app.state.services.news
    with ThreadPoolExecutor(2) as pool:
        posted = pool.submit(api.post, "/v1/solutions", json=REQUEST, headers={"Prefer": "wait=50"})
        path = f"/v1/solutions/{queued()}"
        polled = pool.submit(api.get, path, params={"wait": 50})
        api.portal.call(news.end_waits)
        answers = [posted.result(timeout=30), polled.result(timeout=30), api.get(path, params={"wait": 50})]
    assert [answer.status_code for answer in answers] == [202, 200, 200]
    for answer in answers:
        assert answer.json()["status"] == "queued"
        assert int(answer.headers["retry-after"]) > 0


def test_a_wait_is_answered_when_its_time_is_over(api):
    answer = api.post("/v1/solutions", json=REQUEST, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert api.get(answer.headers["location"], params={"wait": 1}).status_code == 200


def test_cancel_retry_and_delete(api, client):
    path = api.post("/v1/solutions", json=REQUEST).json()["links"]["self"]
    assert api.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert api.post(f"{path}/cancel").status_code == 202
    assert api.post("/v1/solutions", json=REQUEST).status_code == 200
    again = api.post(f"{path}/retry")
    assert (again.status_code, again.json()["status"], again.headers["location"]) == (202, "queued", path)
    conflict = api.post(f"{path}/retry")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert conflict.json()["solution"]["status"] == "queued"
    deleted = api.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for gone in (api.get(path), api.delete(path), api.post(f"{path}/cancel"), api.post(f"{path}/retry")):
        assert (gone.status_code, gone.json()["code"]) == (410, "gone")


def test_a_solved_one_is_neither_cancelled_nor_retried(api, solved):
    for action in ("cancel", "retry"):
        answer = api.post(f"/v1/solutions/{solved}/{action}")
        assert (answer.status_code, answer.json()["solution"]) == (
            409,
            {"id": solved, "status": "succeeded"},
        )


def test_a_running_one_tells_what_end_is_forecast(api, finisher):
    record = api.post("/v1/solutions", json=REQUEST).json()
    assert record["progress"] is None
    finisher.report(record["id"], Progress("adam", 251, 1e-4, -2.2, 32_128, 0.1, 0.3, Status.OUT_OF_STEPS))
    assert api.get(f"/v1/solutions/{record['id']}").json()["progress"] == {
        "phase": "adam",
        "step": 251,
        "loss": 1e-4,
        "euler_error_max_log10": -2.2,
        "states_visited": 32_128,
        "elapsed_s": 0.1,
        "eta_s": 0.3,
        "forecast": "out_of_steps",
    }


def test_a_failed_one_tells_its_problem_and_can_be_retried(api, finisher):
    record = api.post("/v1/solutions", json=REQUEST).json()
    finisher.fail(record["id"])
    assert api.get(record["links"]["self"]).json()["problem"]["code"] == "diverged"
    assert api.post(f"{record['links']['self']}/retry").json()["problem"] is None


def test_listing_pages_through_everything_newest_first(api, finisher):
    ids = [api.post("/v1/solutions", json={**REQUEST, "seed": seed}).json()["id"] for seed in range(5)]
    api.post("/v1/solutions", json={"model": "brock_mirman"})
    finisher.succeed(ids[2])
    query = {"model": "neoclassical", "limit": 2}
    found = []
    while True:
        page = api.get("/v1/solutions", params=query).json()
        found += [record["id"] for record in page["solutions"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == ids[::-1]
    solved_ones = api.get("/v1/solutions", params={"status": "succeeded"}).json()["solutions"]
    assert [record["id"] for record in solved_ones] == [ids[2]]
    assert len(api.get("/v1/solutions").json()["solutions"]) == 6


def test_a_full_queue_turns_new_jobs_away_and_only_those(make_api):
    with make_api(max_queued_jobs=1) as api:
        assert api.post("/v1/solutions", json=REQUEST).status_code == 202
        full = api.post("/v1/solutions", json={**REQUEST, "seed": 1})
        assert (full.status_code, full.json()["code"]) == (429, "queue-full")
        assert int(full.headers["retry-after"]) > 0
        assert api.post("/v1/solutions", json=REQUEST).status_code == 202


def test_a_full_queue_turns_retries_away_too(make_api):
    with make_api(max_queued_jobs=1) as api:
        path = api.post("/v1/solutions", json=REQUEST).json()["links"]["self"]
        api.post(f"{path}/cancel")
        other = api.post("/v1/solutions", json={**REQUEST, "seed": 1}).json()["links"]["self"]
        full = api.post(f"{path}/retry")
        assert (full.status_code, full.json()["code"]) == (429, "queue-full")
        assert int(full.headers["retry-after"]) > 0
        assert api.get(path).json()["status"] == "cancelled"
        api.post(f"{other}/cancel")
        assert api.post(f"{path}/retry").status_code == 202


def test_bodies_are_read_beside_the_loop_and_wait_for_their_turn(make_api, fill):
    with make_api(max_waiting=1) as api, ThreadPoolExecutor(2) as pool, fill(api, "reading") as empty:
        asked = [pool.submit(api.post, "/v1/solutions", json=REQUEST) for _ in range(2)]
        (refused,), (waiting,) = wait(asked, timeout=30, return_when=FIRST_COMPLETED)
        assert (refused.result().status_code, refused.result().json()["code"]) == (429, "busy")
        assert api.get("/v1/solutions").json()["solutions"] == []
        empty()
        assert waiting.result(timeout=30).status_code == 202


@pytest.mark.parametrize("name", ["*", "**", "*:*", "neo*", "?", "[a-z]*"])
def test_a_pattern_is_no_name(api, name):
    api.post("/v1/solutions", json=REQUEST)
    assert api.get("/v1/solutions", params={"model": name}).json()["solutions"] == []


def test_a_store_that_is_gone_is_a_503_and_comes_back(make_api, private_store):
    with make_api(url=private_store.url) as api:
        assert api.get("/readyz").json() == {"status": "ready", "workers": 0, "queued": 0, "running": 0}
        record = api.post("/v1/solutions", json=REQUEST).json()
        private_store.kill()
        answers = [
            api.post("/v1/solutions", json=REQUEST),
            api.get(record["links"]["self"]),
            api.get("/v1/solutions"),
            api.get(record["links"]["policy"], params={"a": 0, "k": 4}),
            api.get("/readyz"),
        ]
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert api.get("/healthz").status_code == 200
        private_store.start()
        assert api.get(record["links"]["self"]).json()["status"] == "queued"


def test_a_job_that_is_stored_is_acknowledged_although_the_queue_did_not_answer(api, monkeypatch, finisher):
    submission = api.app.state.services.submission

    def fail(job_id):
        raise StoreUnavailableError("the queue does not answer")

    monkeypatch.setattr(submission, "enqueue", fail)
    answer = api.post("/v1/solutions", json=REQUEST)
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert finisher.jobs.ids(JobStatus.QUEUED) == [answer.json()["id"]]
