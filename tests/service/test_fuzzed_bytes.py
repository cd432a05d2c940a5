"""Bytes, not only values: what no client library would send must not be a 5xx either."""

import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import ServiceSettings

BOUNDED = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
TOKENS = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b'"model"',
        b'"neoclassical"',
        b'"calibration"',
        b'"beta"',
        b'"states"',
        b'"a"',
        b'"k"',
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"-0",
        b"0.96",
        b"1e-400",
        b"9" * 5000,
        b"true",
        b"null",
        b'"\\ud800"',
        b"\xff",
        b"\x00",
        b'"\\u0000"',
        b'"strict"',
        b'"method"',
        b'"wait"',
    ]
)
BODIES = st.lists(TOKENS, max_size=12).map(b"".join) | st.binary(max_size=64)
QUERIES = st.lists(
    st.sampled_from(
        [
            "a",
            "k",
            "strict",
            "wait",
            "limit",
            "cursor",
            "=",
            "&",
            "nan",
            "1e999",
            "0",
            "4",
            "-1",
            "%00",
            "%ff",
            "%ud8",
            "+",
            ";",
            "[]",
            "true",
            "%F0%9F%98%80",
            "1_0",
            " ",
            "9" * 400,
        ]
    ),
    max_size=12,
).map("".join)
HEADER_VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40
)


@pytest.fixture(scope="module")
def fuzzed(shared_store):
    app = create_app(ServiceSettings(redis_url=shared_store.url))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def is_served(answer):
    """Whether an answer is of the service's own making; only the router's 204 and 304 have no media type."""
    media_type = answer.headers.get("content-type")
    return answer.status_code < 500 and media_type in (None, "application/json", "application/problem+json")


@BOUNDED
@seed(1)
@given(body=BODIES)
@example(body=b'{"model":"neoclassical","calibration":{"beta":1e-400}}')
@example(body=b"\xef\xbb\xbf{}")
@pytest.mark.parametrize("path", ["/v1/solutions", f"/v1/solutions/{'0' * 32}/policy"])
def test_any_body(fuzzed, path, body):
    assert is_served(fuzzed.post(path, content=body, headers={"Content-Type": "application/json"}))


@BOUNDED
@seed(2)
@given(body=BODIES)
@example(body=b'{"states":{"a":0,"k":1e308}}')
@example(body=b'{"states":{"a":1e308,"k":4}}')
def test_any_batch_of_a_solved_policy(api, solved, body):
    headers = {"Content-Type": "application/json"}
    assert is_served(api.post(f"/v1/solutions/{solved}/policy", content=body, headers=headers))


@BOUNDED
@seed(3)
@given(query=QUERIES)
@example(query="a=1e308&k=4")
@example(query="a=-1e308&k=1e-320")
def test_any_query_of_a_solved_policy(api, solved, query):
    assert is_served(api.get(f"/v1/solutions/{solved}/policy?{query}"))


@BOUNDED
@seed(4)
@given(query=QUERIES.filter(lambda query: "wait" not in query))
@pytest.mark.parametrize("path", ["/v1/solutions", "/v1/models", f"/v1/solutions/{'0' * 32}", "/readyz"])
def test_any_query(fuzzed, path, query):
    assert is_served(fuzzed.get(f"{path}?{query}"))


@BOUNDED
@seed(5)
@given(
    value=HEADER_VALUES,
    name=st.sampled_from(
        [
            "Accept",
            "Content-Encoding",
            "Content-Type",
            "Cookie",
            "Expect",
            "If-None-Match",
            "Last-Event-ID",
            "Prefer",
            "Range",
            "traceparent",
            "X-Request-ID",
        ]
    ),
)
def test_any_header(fuzzed, name, value):
    headers = {name: value.encode("latin-1")}
    assert is_served(fuzzed.post("/v1/solutions", content=b"{}", headers=headers))
    assert is_served(fuzzed.get("/v1/models", headers=headers))


@BOUNDED
@seed(6)
@given(segment=st.text(max_size=40))
@example(segment="\x00")
@example(segment="..")
def test_any_path(fuzzed, segment):
    for prefix in ("/v1/models/", "/v1/solutions/"):
        answer = fuzzed.build_request("GET", "/healthz")
        answer.url = answer.url.copy_with(raw_path=(prefix + quoted(segment)).encode())
        assert is_served(fuzzed.send(answer))


def quoted(text):
    return "".join(f"%{byte:02x}" for byte in text.encode())
