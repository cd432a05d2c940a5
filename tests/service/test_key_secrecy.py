"""A key stands in the one header of the request that it came with, and nowhere else."""

import io
import logging
from urllib.parse import quote

import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import LogCapture

from worker.keys import KeyStore


@pytest.fixture
def logged():
    """Everything that is logged, by structlog and by the standard library."""
    capture, before = LogCapture(), structlog.get_config()
    structlog.configure(processors=[merge_contextvars, capture])
    stream = io.StringIO()
    # The client of these tests logs what it asks for, and is none of ours.
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.addFilter(lambda record: not record.name.startswith("httpx"))
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    yield lambda: f"{capture.entries}\n{stream.getvalue()}"
    root.setLevel(level)
    root.removeHandler(handler)
    structlog.configure(**before)


def parts_of(headers):
    """The whole key and its secret."""
    shown = headers["Authorization"].split()[1]
    return shown, shown.rsplit("_", 1)[1]


def test_a_key_is_in_no_log_record_event_answer_or_store(api, client, make_key, finisher, logged):
    headers, revoked, slow = make_key(), make_key(), make_key(rate=1)
    KeyStore(client).revoke(revoked["Authorization"].split("_")[1])
    answers = [
        api.post("/v1/solutions", json={"model": "neoclassical"}, headers=headers),
        api.post("/v1/solutions", json={"model": "neoclassical"}, headers=revoked),
        *(api.post("/v1/solutions", json={"model": "x"}, headers=slow) for _ in range(2)),
        api.get("/v1/models", headers={**headers, "X-Request-ID": parts_of(headers)[0]}),
        api.get("/v1/models", params={"key": parts_of(headers)[0]}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [202, 401, 422, 429, 200, 422]
    solution_id = answers[0].json()["id"]
    finisher.succeed(solution_id)
    for path in ("", "/events", "/record", "/certificate"):
        answers.append(api.get(f"/v1/solutions/{solution_id}{path}", headers=headers))
        assert answers[-1].status_code == 200
    told = logged()
    assert headers["Authorization"].split("_")[1] in told  # the id, by which an operator knows it
    told += "".join(f"{answer.text}{dict(answer.headers)}" for answer in answers)
    told += "".join(map(repr, (client.dump(name) for name in client.scan_iter())))
    for one in (headers, revoked, slow):
        for part in parts_of(one):
            assert part not in told and quote(part) not in told


def test_a_defect_is_logged_without_the_key(api, make_key, logged, monkeypatch):
    headers = make_key()

    def fail(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr("service.admission.Headers.getlist", lambda *arguments: fail())
    answer = api.post("/v1/solutions", json={}, headers=headers)
    assert answer.status_code == 500
    assert "ZeroDivisionError" in logged()
    for part in parts_of(headers):
        assert part not in logged() and part not in answer.text
