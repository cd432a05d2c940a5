"""Names of requests, in their answers, in the logs and with their jobs."""

import re

import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import LogCapture

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def logged():
    """Everything that is logged, with what is bound."""
    capture, before = LogCapture(), structlog.get_config()
    structlog.configure(processors=[merge_contextvars, capture])
    yield capture.entries
    structlog.configure(**before)


def post(api, **headers):
    return api.post("/v1/solutions", json={"model": "neoclassical"}, headers=headers)


def test_a_request_keeps_the_name_that_it_came_with(api):
    assert post(api, **{"X-Request-ID": "pipeline-7.a_b"}).headers["x-request-id"] == "pipeline-7.a_b"


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, 'a"b', "é", "a\tb"])
def test_what_is_no_name_is_replaced(api, logged, name):
    given = post(api, **{"X-Request-ID": name.encode()}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", given)
    assert [entry["request"] for entry in logged] == [given]


def test_two_requests_without_names_get_two(api):
    assert post(api).headers["x-request-id"] != post(api).headers["x-request-id"]


def test_a_change_is_logged_with_its_names_and_a_look_is_not(api, logged):
    record = post(api, traceparent=TRACE, **{"X-Request-ID": "r1"}).json()
    api.get(record["links"]["self"])
    (entry,) = logged
    wanted = {"request": "r1", "trace": TRACE, "method": "POST", "route": "/v1/solutions", "status": 202}
    assert wanted.items() <= entry.items()


def test_the_trace_goes_with_the_job_and_is_no_part_of_it(api, finisher):
    first = post(api, traceparent=TRACE).json()["id"]
    second = post(api, traceparent=TRACE.replace("0af", "0be")).json()["id"]
    assert first == second
    assert finisher.jobs.trace(first) == TRACE


@pytest.mark.parametrize(
    "trace",
    ["x", TRACE.upper(), TRACE[:-1], TRACE + "-00", "01" + TRACE[2:], f"00-{'0' * 32}-b7ad6b7169203331-01"],
)
def test_what_is_no_trace_is_replaced(api, finisher, trace):
    found = finisher.jobs.trace(post(api, traceparent=trace).json()["id"])
    assert found != trace and re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", found)
