"""How persistent a client is, against a real server that misbehaves."""

import asyncio
import itertools
import random
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import saddlepath as sp
from saddlepath.retries import Retries
from saddlepath.wire import Request

BUSY = {"status": 429, "code": "busy", "title": "Too much of this is under way", "detail": "wait"}
DOWN = {"status": 503, "code": "store-unavailable", "title": "The store does not answer", "detail": "-"}
NO_MODELS = (200, {}, {"models": []})
RECORD = {"id": "f" * 32, "model": {"name": "rbc"}, "target": 1e-6, "calibration": {}, "problem": None}


def quick(attempts=4, **options):
    return Retries(attempts, first_s=1e-3, random=random.Random(0), **options)


def client_of(server, **options):
    return sp.Client(server.url, retries=quick(**options))


async def awaited(server, call):
    async with sp.AsyncClient(server.url, retries=quick()) as client:
        return await call(client)


@pytest.mark.parametrize(
    "refusal", [(429, {}, BUSY), (503, {}, DOWN), (502, {}, b"<html>bad gateway</html>"), None]
)
def test_what_may_pass_is_asked_again_by_both_clients(misbehaving, refusal):
    misbehaving.script = [refusal, refusal, NO_MODELS]
    with client_of(misbehaving) as client:
        assert client.models() == []
    misbehaving.script = [refusal, refusal, NO_MODELS]
    assert asyncio.run(awaited(misbehaving, lambda client: client.models())) == []
    assert [path for _, path, _, _ in misbehaving.seen] == ["/v1/models"] * 6


def test_what_is_posted_is_sent_again_byte_by_byte(misbehaving):
    solved = {**RECORD, "status": "succeeded", "certificate": None}
    misbehaving.script = [None, (503, {}, DOWN), (200, {}, solved)]
    with client_of(misbehaving) as client:
        client.solve("rbc", beta=0.95)
    bodies = {body for _, _, _, body in misbehaving.seen}
    assert len(misbehaving.seen) == 3 and len(bodies) == 1


def test_retry_after_is_honoured(misbehaving):
    misbehaving.script = [(429, {"Retry-After": "1"}, BUSY), NO_MODELS]
    began_s = time.monotonic()
    with client_of(misbehaving) as client:
        client.models()
    assert time.monotonic() - began_s >= 1.0


def test_a_date_to_come_back_at_is_honoured(misbehaving):
    at = datetime.now(UTC) + timedelta(seconds=2)
    misbehaving.script = [(503, {"Retry-After": format_datetime(at, usegmt=True)}, DOWN), NO_MODELS]
    with client_of(misbehaving) as client:
        client.models()
    assert datetime.now(UTC) >= at.replace(microsecond=0)


def test_what_is_to_take_too_long_is_raised_at_once(misbehaving):
    misbehaving.script = [(429, {"Retry-After": "61"}, BUSY)]
    with client_of(misbehaving, longest_s=60) as client, pytest.raises(sp.BusyError) as caught:
        client.models()
    assert caught.value.code == "busy" and len(misbehaving.seen) == 1


def test_patience_ends(misbehaving):
    misbehaving.script = [(503, {}, DOWN)]
    with (
        client_of(misbehaving, attempts=3) as client,
        pytest.raises(sp.ServerError, match="store does not answer"),
    ):
        client.models()
    assert len(misbehaving.seen) == 3


def test_an_answer_that_is_no_problem_document_is_told_as_it_is(misbehaving):
    misbehaving.script = [(502, {}, b"<html>\n  bad   gateway</html>")]
    with client_of(misbehaving, attempts=1) as client, pytest.raises(sp.ServerError) as caught:
        client.models()
    assert caught.value.code == "http-502" and "<html> bad gateway</html>" in str(caught.value)


@pytest.mark.parametrize("status", [400, 404, 409, 410, 422, 500])
def test_what_will_not_pass_is_not_asked_again(misbehaving, status):
    misbehaving.script = [(status, {}, {**DOWN, "status": status})]
    with client_of(misbehaving) as client, pytest.raises(sp.ProblemError) as caught:
        client.models()
    assert caught.value.status == status and len(misbehaving.seen) == 1


def test_what_is_not_the_same_twice_is_repeated_only_where_it_was_refused(misbehaving):
    solved = {**RECORD, "status": "succeeded"}
    misbehaving.script = [(200, {}, solved), (429, {}, BUSY), None]
    with client_of(misbehaving) as client:
        solution = client.solution(RECORD["id"])
        with pytest.raises(sp.UnreachableError, match=misbehaving.url):
            solution.retry()
    assert [method for method, _, _, _ in misbehaving.seen] == ["GET", "POST", "POST"]


def test_an_event_stream_that_breaks_is_taken_up_after_its_last_event(misbehaving):
    def stream(*events):
        return "".join(
            f'event: progress\ndata: {{"phase": "adam", "step": {step}, "elapsed_s": 0.1}}\nid: {step}-0\n\n'
            for step in events
        ).encode()

    events = {"Content-Type": "text/event-stream"}
    running = (200, {}, {**RECORD, "status": "running"})
    misbehaving.script = [
        (202, {}, {**RECORD, "status": "queued"}),
        (200, {**events, "Content-Length": "10000"}, stream(1, 2)),  # cut off
        running,
        (200, events, stream(3)),  # ended too early, as by a proxy
        running,
        (429, {}, BUSY),  # no more streams: the record itself is waited for
        (200, {}, {**RECORD, "status": "succeeded"}),
    ]
    seen = []
    with client_of(misbehaving) as client:
        client.submit("rbc").wait(progress=seen.append)
    assert [progress.step for progress in seen] == [1, 2, 3]
    places = [
        headers.get("Last-Event-ID") for _, path, headers, _ in misbehaving.seen if path.endswith("/events")
    ]
    assert places == [None, "2-0", "3-0"]


def test_an_unreachable_server_says_what_to_do(misbehaving):
    misbehaving.close()
    remedies = r"make serve.*saddlepath\.local\(\).*SADDLEPATH_URL"
    with (
        client_of(misbehaving, attempts=2) as client,
        pytest.raises(sp.UnreachableError, match=remedies) as caught,
    ):
        client.models()
    assert caught.value.url == misbehaving.url


def test_pauses_double_with_a_jitter_of_half_and_have_a_bound():
    retries = Retries(10, first_s=1.0, longest_s=6.0, random=random.Random(1))
    pauses = [retries.pause_s(Request("GET", "/"), attempt, None) for attempt in range(1, 10)]
    for attempt, pause in enumerate(pauses):
        assert min(0.5 * 2**attempt, 6.0) <= pause <= min(1.5 * 2**attempt, 6.0)
    assert len(set(pauses[:2])) == 2
    other = Retries(10, first_s=1.0, random=random.Random(2))
    assert pauses[0] != other.pause_s(Request("GET", "/"), 1, None)
    assert retries.pause_s(Request("GET", "/"), 10, None) is None


def test_no_attempt_at_all_is_refused():
    with pytest.raises(ValueError, match="attempts = 0 is below 1"):
        Retries(0)


def test_the_key_is_sent_with_every_request(misbehaving):
    misbehaving.script = [NO_MODELS]
    with sp.Client(misbehaving.url, key="sp_key") as client:
        client.models()
    with sp.Client(misbehaving.url) as client:
        client.models()
    sent = [headers.get("Authorization") for _, _, headers, _ in misbehaving.seen]
    assert sent == ["Bearer sp_key", None]


def test_a_server_that_wants_a_key_says_so(misbehaving):
    problem = {
        "status": 401,
        "code": "unauthenticated",
        "title": "No valid key was sent",
        "detail": "send one",
    }
    misbehaving.script = [(401, {}, problem)]
    with client_of(misbehaving) as client, pytest.raises(sp.AccessError, match="SADDLEPATH_API_KEY"):
        client.models()


def test_both_clients_send_the_same_requests(misbehaving):
    solved = (200, {}, {**RECORD, "status": "succeeded"})
    misbehaving.script = [solved]

    with client_of(misbehaving) as client:
        client.solve("rbc", beta=0.95, target=1e-5, seed=1, method={"objective": "euler"}, start="a" * 32)
        client.solution("b" * 32)
    blocking = [(method, path, body) for method, path, _, body in misbehaving.seen]
    misbehaving.seen.clear()

    async def ask(client):
        await client.solve(
            "rbc", beta=0.95, target=1e-5, seed=1, method={"objective": "euler"}, start="a" * 32
        )
        await client.solution("b" * 32)

    asyncio.run(awaited(misbehaving, ask))
    assert [(method, path, body) for method, path, _, body in misbehaving.seen] == blocking
    assert list(itertools.chain(*blocking))[:2] == ["POST", "/v1/solutions"]
