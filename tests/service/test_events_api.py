"""The event stream of a solution."""

import asyncio
import dataclasses
import json
import threading
from contextlib import ExitStack

import pytest

from service.errors import BusyError
from solver.progress import Progress
from worker.attempts import AttemptStore
from worker.tenant import NO_LIMIT, OPERATOR


def events_of(text):
    """The events of a stream: (kind, data, id)."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"]), fields.get("id")))
    return found


def statuses(text):
    return [data["status"] for kind, data, _ in events_of(text) if kind == "status"]


@pytest.fixture
def queued(api):
    return api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]


@pytest.fixture
def path(queued):
    return f"/v1/solutions/{queued}/events"


def test_a_solved_solution_tells_its_life_and_ends(api, finisher, queued, path):
    finisher.succeed(queued)
    answer = api.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.startswith("retry: 2000\n\n")
    assert statuses(answer.text) == ["queued", "running", "succeeded"]
    assert api.get(f"/v1/solutions/{queued}").json()["links"]["events"] == path


def test_a_stream_goes_on_after_the_last_event_that_was_received(api, finisher, queued, path):
    finisher.succeed(queued)
    ids = [place for _, _, place in events_of(api.get(path).text)]
    again = api.get(path, headers={"Last-Event-ID": ids[0]})
    assert [place for _, _, place in events_of(again.text)] == ids[1:]
    over = api.get(path, headers={"Last-Event-ID": ids[-1]})
    assert (over.status_code, over.content) == (204, b"")


def test_changes_come_as_they_happen(api, finisher, client, queued, path):
    """A reader that is there first sees all; the job moves only once the stream is open."""
    services = api.app.state.services
    found = {}

    def read():
        found["text"] = api.get(path).text

    reader = threading.Thread(target=read)
    reader.start()
    while not services.news._followers._events:  # the stream is open
        assert reader.is_alive()
    attempt = finisher.begin(queued)
    AttemptStore(client, 10.0, 3).write_progress(attempt, Progress("adam", 7, 0.5, -1.0, 10, 0.1, 2.0))
    finisher.jobs.cancel(queued)
    reader.join(20)
    events = events_of(found["text"])
    assert statuses(found["text"]) == ["queued", "running", "cancelled"]
    assert [data["step"] for kind, data, _ in events if kind == "progress"] == [7]
    assert not services.news._followers._events


def test_a_deletion_ends_the_stream(api, finisher, queued, path):
    found = {}

    def read():
        found["text"] = api.get(path).text

    reader = threading.Thread(target=read)
    reader.start()
    while not api.app.state.services.news._followers._events:
        assert reader.is_alive()
    api.delete(f"/v1/solutions/{queued}")
    reader.join(20)
    assert statuses(found["text"])[-1] == "deleted"


def test_a_shutdown_ends_the_stream(make_api):
    with make_api() as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        found = {}

        def read():
            found["text"] = api.get(f"/v1/solutions/{solution_id}/events").text

        reader = threading.Thread(target=read)
        reader.start()
        news = api.app.state.services.news
        while not news._followers._events:
            assert reader.is_alive()
        api.portal.call(news.end_waits)
        reader.join(20)
        assert set(statuses(found["text"])) <= {"queued"}  # none where it went down before the first look


def test_a_job_without_a_log_tells_how_it_ended(api, finisher, client, queued, path):
    finisher.succeed(queued)
    client.delete(f"saddlepath:log:{queued}")
    assert events_of(api.get(path).text) == [("status", {"status": "succeeded"}, "0-0")]
    assert api.get(path, headers={"Last-Event-ID": "0-0"}).status_code == 204


def test_head_has_no_body_and_does_not_wait(api, path):
    answer = api.head(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content == b""


@pytest.mark.parametrize("value", ["x", "1-", "-1", "1-2-3", "1" * 20 + "-0", "0x1-0", "１-0"])
def test_a_last_event_id_of_no_event_is_refused(api, path, value):
    answer = api.get(path, headers={"Last-Event-ID": value.encode()})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert "Last-Event-ID" in fault["message"]


def test_an_empty_last_event_id_is_none(api, finisher, queued, path):
    finisher.succeed(queued)
    assert statuses(api.get(path, headers={"Last-Event-ID": ""}).text)[0] == "queued"


def test_an_unknown_solution_is_a_404(api):
    assert api.get(f"/v1/solutions/{'0' * 32}/events").status_code == 404
    assert api.get("/v1/solutions/nonsense/events").status_code == 404


def test_unknown_parameters_are_refused(api, path):
    assert api.get(f"{path}?from=1").status_code == 422


def test_there_are_so_many_streams_at_most(make_api, finisher):
    with make_api(max_event_streams=1) as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        path = f"/v1/solutions/{solution_id}/events"
        reader = threading.Thread(target=lambda: api.get(path))
        reader.start()
        while not api.app.state.services.news._followers._events:
            assert reader.is_alive()
        refused = api.get(path)
        assert (refused.status_code, refused.json()["code"]) == (429, "busy")
        finisher.jobs.cancel(solution_id)
        reader.join(20)
        assert api.get(path).status_code == 200


@pytest.mark.parametrize("bound", ["process", "key"])
def test_those_who_come_at_once_are_so_many_at_most(make_api, bound):
    tenant = dataclasses.replace(OPERATOR, max_streams=2 if bound == "key" else NO_LIMIT)
    with make_api(max_event_streams=2 if bound == "process" else 1000) as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        followers = api.app.state.services.followers

        async def follow():
            with ExitStack() as until_sent:
                asked = [
                    followers.follow(solution_id, None, tenant, lambda: None, until_sent) for _ in range(20)
                ]
                found = await asyncio.gather(*asked, return_exceptions=True)
            return [one for one in found if not isinstance(one, BusyError)]

        assert len(api.portal.call(follow)) == 2  # they read together, and are answered in one turn
        assert not followers._open


def test_each_key_has_so_many_streams_of_its_own(api, make_key, finisher):
    ada, bob = make_key(streams=1), make_key(streams=1)
    for key in (ada, bob):
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}, headers=key).json()["id"]
    path, followers = f"/v1/solutions/{solution_id}/events", api.app.state.services.followers
    readers = [threading.Thread(target=api.get, args=(path,), kwargs={"headers": key}) for key in (ada, bob)]
    for number, reader in enumerate(readers, 1):
        reader.start()
        while followers._open.total() < number:
            assert reader.is_alive()
    refused = api.get(path, headers=ada)
    assert (refused.status_code, refused.json()["code"]) == (429, "busy")
    assert "1 event streams of this key" in refused.json()["detail"]
    finisher.succeed(solution_id)
    for reader in readers:
        reader.join(20)
    assert api.get(path, headers=ada).status_code == 200
    assert not followers._open


def test_who_stands_at_the_same_place_reads_together(api, queued, monkeypatch):
    followers, places = api.app.state.services.followers, []
    read = followers._log.after

    def noting(job_id, place):
        places.append(place)
        return read(job_id, place)

    async def look(*wanted):
        looks = [followers._look(queued, who, lambda: None, place) for who, place in wanted]
        return await asyncio.gather(*looks)

    monkeypatch.setattr(followers._log, "after", noting)
    seen = api.portal.call(look, *[("ada", None)] * 20)
    assert places == [None] and [status for status, _ in seen] == ["queued"] * 20
    ((where, event),) = seen[0][1]
    assert event.startswith(b"event: status") and all(changes == ((where, event),) for _, changes in seen)
    assert api.portal.call(look, ("ada", where), ("bob", where), ("ada", None)) == [
        ("queued", ()),
        ("queued", ()),
        ("queued", ((where, event),)),
    ]
    assert sorted(map(str, places)) == sorted(["None", "None", where, where])


def test_who_leaves_takes_a_reading_from_nobody(api, queued):
    followers = api.app.state.services.followers

    async def look():
        first, second = (
            asyncio.create_task(followers._look(queued, "ada", lambda: None, None)) for _ in range(2)
        )
        while not followers._about_to_read:
            await asyncio.sleep(0)
        first.cancel()
        return (await second)[0]

    assert api.portal.call(look) == "queued"
