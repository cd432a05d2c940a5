"""Every kind of bad input that the issue lists: a 4xx problem document that names the place, and never a job."""

import json

import pytest

JSON = {"Content-Type": "application/json"}


def with_calibration(text):
    return f'{{"model": "neoclassical", "calibration": {text}}}'


def with_method(**method):
    return json.dumps({"model": "neoclassical", "method": method})


BODIES = {
    "not JSON": ("{", 400, None),
    "empty": ("", 400, None),
    "UTF-16": ('{"model": "neoclassical"}'.encode("utf-16"), 400, None),
    "invalid UTF-8": (b'{"model": "\xff"}', 400, None),
    "an array": ("[]", 422, ""),
    "null": ("null", 422, ""),
    "a number": ("3", 422, ""),
    "no model": ("{}", 422, "/model"),
    "unknown model": ('{"model": "neoclasical"}', 422, "/model"),
    "path as model": ('{"model": "../zoo/neoclassical"}', 422, "/model"),
    "number as model": ('{"model": 1}', 422, "/model"),
    "a model without anything": ('{"model": {"name": "mine"}}', 422, "/model/symbols/states"),
    "unknown handle": ('{"model": "mine-0123456789abcdef"}', 422, "/model"),
    "list as model": ('{"model": ["neoclassical"]}', 422, "/model"),
    "half a surrogate pair": ('{"model": "\\ud800"}', 422, "/model"),
    "unknown field": ('{"model": "neoclassical", "betta": 1}', 422, "/betta"),
    "duplicate key": ('{"model": "neoclassical", "model": "neoclassical"}', 422, "/model"),
    "duplicate parameter": (with_calibration('{"beta": 0.9, "beta": 0.9}'), 422, "/calibration/beta"),
    "too deep": (with_calibration("[" * 5000 + "]" * 5000), 422, ""),
    "NaN": (with_calibration('{"beta": NaN}'), 422, "/calibration/beta"),
    "Infinity": (with_calibration('{"beta": Infinity}'), 422, "/calibration/beta"),
    "-Infinity": (with_calibration('{"beta": -Infinity}'), 422, "/calibration/beta"),
    "1e999": (with_calibration('{"beta": 1e999}'), 422, "/calibration/beta"),
    "10^400": (with_calibration(f'{{"beta": 1{"0" * 400}}}'), 422, "/calibration/beta"),
    "10^6000": (with_calibration(f'{{"beta": 1{"0" * 6000}}}'), 422, "/calibration/beta"),
    "boolean": (with_calibration('{"beta": true}'), 422, "/calibration/beta"),
    "string": (with_calibration('{"beta": "0.9"}'), 422, "/calibration/beta"),
    "null parameter": (with_calibration('{"beta": null}'), 422, "/calibration/beta"),
    "unknown parameter": (with_calibration('{"betta": 0.9}'), 422, "/calibration/betta"),
    "calibration as a list": (with_calibration("[0.9]"), 422, "/calibration"),
    "delta = 0": (with_calibration('{"delta": 0}'), 422, "/calibration/delta"),
    "theta = 1": (with_calibration('{"theta": 1}'), 422, "/calibration/theta"),
    "beta above": (with_calibration('{"beta": 1.2}'), 422, "/calibration/beta"),
    "beta below": (with_calibration('{"beta": 0.1}'), 422, "/calibration/beta"),
    "gamma = 0": (with_calibration('{"gamma": 0}'), 422, "/calibration/gamma"),
    "gamma = 1e308": (with_calibration('{"gamma": 1e308}'), 422, "/calibration/gamma"),
    "target 0": ('{"model": "neoclassical", "target": 0}', 422, "/target"),
    "target true": ('{"model": "neoclassical", "target": true}', 422, "/target"),
    "seed -1": ('{"model": "neoclassical", "seed": -1}', 422, "/seed"),
    "seed 1.5": ('{"model": "neoclassical", "seed": 1.5}', 422, "/seed"),
    "seed 2^70": (f'{{"model": "neoclassical", "seed": {2**70}}}', 422, "/seed"),
    "unknown family": (with_method(policy={"family": "spline"}), 422, "/method/policy/family"),
    "heaviside": (with_method(policy={"activation": "heaviside"}), 422, "/method/policy/activation"),
    "degree of a network": (with_method(policy={"degree": 8}), 422, "/method/policy"),
    "no units": (with_method(policy={"hidden": [0]}), 422, "/method/policy/hidden/0"),
    "too many units": (with_method(policy={"hidden": [10**6]}), 422, "/method/policy/hidden/0"),
    "too many layers": (with_method(policy={"hidden": [8] * 9}), 422, "/method/policy/hidden"),
    "too many weights": (
        with_method(policy={"hidden": [2000, 2000]}, training={"algorithm": "adam"}),
        422,
        "/method",
    ),
    "too many steps": (with_method(training={"steps": 10**9}), 422, "/method/training/steps"),
    "too many seconds": (with_method(training={"seconds": 1e6}), 422, "/method/training/seconds"),
    "rate of least squares": (with_method(training={"learning_rate": 1.0}), 422, "/method/training"),
    "batch of zero": (
        with_method(training={"algorithm": "adam", "batch_size": 0}),
        422,
        "/method/training/batch_size",
    ),
    "unknown method field": (with_method(solver="fast"), 422, "/method/solver"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_bad_body_is_refused(api, refused, case):
    body, status, pointer = BODIES[case]
    response = api.post("/v1/solutions", content=body, headers=JSON)
    refused(response, status, *(() if pointer is None else (pointer,)))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (with_calibration('{"beta": 1.2}'), ("beta", "1.2", "0.9999")),
        (with_calibration('{"delta": 0}'), ("delta", "0", "0.001")),
        (with_calibration('{"betta": 0.9}'), ("betta", "beta")),
        ('{"model": "neoclassical", "target": 1}', ("target = 1", "0.1", "lower it")),
        ('{"model": "neoclassical", "seed": "0"}', ("seed = '0'", "a string", "whole number")),
        ('{"model": "neoclassical", "sede": 0}', ("sede", "seed")),
        (with_method(training={"algorithm": "adam", "batch_size": 0}), ("batch_size = 0", "1", "full")),
        (with_method(policy={"family": "spline"}), ("'spline'", "neural", "polynomial")),
    ],
)
def test_a_message_names_the_value_the_bound_and_the_remedy(api, body, message):
    detail = api.post("/v1/solutions", content=body, headers=JSON).json()["detail"]
    for part in message:
        assert part in detail


def test_a_fault_within_is_not_told_again_of_the_whole(api):
    response = api.post("/v1/solutions", content=with_method(policy={"hidden": [5000]}), headers=JSON)
    assert [fault["pointer"] for fault in response.json()["errors"]] == ["/method/policy/hidden/0"]


def test_all_faults_are_told_at_once(api, refused):
    body = {"calibration": {"beta": "x"}, "target": 5, "sede": 1}
    refused(api.post("/v1/solutions", json=body), 422, "/model", "/calibration/beta", "/target", "/sede")


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-yaml", "application/json; charset=latin-1"]
)
def test_a_body_must_be_declared_as_json(api, refused, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    refused(api.post("/v1/solutions", content=b'{"model": "neoclassical"}', headers=headers), 415)


def test_a_body_that_is_too_large_is_refused(make_api, refused):
    with make_api(max_body_bytes=1024) as api:
        body = b" " * 1025
        refused(api.post("/v1/solutions", content=body, headers=JSON), 413)
        chunks = (body[start : start + 100] for start in range(0, len(body), 100))
        refused(api.post("/v1/solutions", content=chunks, headers=JSON), 413)


ID = "0" * 32
QUERIES = {
    "/v1/models?x=1": "/x",
    "/v1/models/neoclassical?x=1": "/x",
    "/v1/solutions?x=1": "/x",
    "/v1/solutions?limit=0": "/limit",
    "/v1/solutions?limit=201": "/limit",
    "/v1/solutions?limit=1e1": "/limit",
    "/v1/solutions?limit=": "/limit",
    "/v1/solutions?limit=nan": "/limit",
    "/v1/solutions?limit=true": "/limit",
    "/v1/solutions?limit=1&limit=1": "/limit",
    "/v1/solutions?status=done": "/status",
    "/v1/solutions?model=": "/model",
    "/v1/solutions?cursor=": "/cursor",
    "/v1/solutions?cursor=zz": "/cursor",
    "/v1/solutions?cursor=-1": "/cursor",
    f"/v1/solutions?cursor={'f' * 9000}": "/cursor",
    f"/v1/solutions/{ID}?wait=61": "/wait",
    f"/v1/solutions/{ID}?wait=-1": "/wait",
    f"/v1/solutions/{ID}?wait=nan": "/wait",
    f"/v1/solutions/{ID}?wait=1e999": "/wait",
    f"/v1/solutions/{ID}?wait=1.5": "/wait",
    f"/v1/solutions/{ID}/certificate?x=1": "/x",
    "/healthz?x=1": "/x",
    "/readyz?x=1": "/x",
    "/v1/models?%ff=1": "",
}


@pytest.mark.parametrize("path", QUERIES)
def test_a_bad_query_is_refused(api, refused, path):
    refused(api.get(path), 422, QUERIES[path])


@pytest.mark.parametrize(
    "path", ["/v1/solutions?x=1", f"/v1/solutions/{ID}/cancel?x=1", f"/v1/solutions/{ID}/policy?x=1"]
)
def test_calls_without_query_parameters_take_none(api, refused, path):
    refused(api.post(path, json={"model": "neoclassical"}), 422, "/x")


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v2/models",
        "/v1/models/",
        "/v1/models/none",
        "/v1/models/%2e%2e%2fzoo",
        "/v1/models/%ff",
        "/v1/models/%00",
        f"/v1/solutions/{ID}",
        f"/v1/solutions/{ID}/policy?a=0&k=4",
        f"/v1/solutions/{ID}/certificate",
        f"/v1/solutions/{ID}/nothing",
        "/v1/solutions/x",
        f"/v1/solutions/{ID.upper()}A",
        f"/v1/solutions/{'f' * 5000}",
        "/v1/solutions/%00",
        "/v1/solutions/*",
        "/v1/solutions/٠٠",
    ],
)
def test_what_is_not_there_is_not_found(api, refused, path):
    refused(api.get(path), 404)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/models", "GET, HEAD, POST, OPTIONS"),
        ("/v1/models/neoclassical", "GET, HEAD, OPTIONS"),
        ("/v1/solutions", "GET, HEAD, POST, OPTIONS"),
        (f"/v1/solutions/{ID}", "GET, HEAD, DELETE, OPTIONS"),
        (f"/v1/solutions/{ID}/cancel", "POST, OPTIONS"),
        (f"/v1/solutions/{ID}/policy", "GET, HEAD, POST, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(api, refused, path, allowed):
    answer = api.put(path)
    refused(answer, 405)
    assert answer.headers["allow"] == allowed
    options = api.options(path)
    assert (options.status_code, options.headers["allow"], options.content) == (204, allowed, b"")
    refused(api.request("BREW", path), 405)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/neoclassical", "/healthz", "/v1/solutions"])
def test_head_is_get_without_the_body(api, path):
    head, get = api.head(path), api.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
