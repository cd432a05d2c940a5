"""What cannot be sent is told before anything is sent, and what is no answer of a Saddlepath server is told as that."""

import json
import pickle

import numpy as np
import pytest
import saddlepath as sp
from saddlepath.retries import Retries

NO_MODELS = (200, {}, {"models": []})
SECRET = "sp_not-to-be-told"
ONCE = Retries(attempts=1)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "http://", "http://[::1", "ftp://127.0.0.1", "https:///v1"]
)
def test_what_is_no_address_is_told(url):
    with pytest.raises(sp.InputError, match="is no address of a server; give one such as"):
        sp.Client(url)


@pytest.mark.parametrize("key", [f"{SECRET}\n", f"{SECRET}\r\nHost: elsewhere", f"{SECRET}ü", f"{SECRET}\0"])
def test_a_key_that_no_header_may_have_is_refused_and_not_repeated(misbehaving, key):
    with pytest.raises(sp.InputError, match="copy it once more") as caught:
        sp.Client(misbehaving.url, key=key)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"beta": float("nan")}, "beta = nan is not finite"),
        ({"calibration": {"beta": float("inf")}}, "beta = inf is not finite"),
        ({"beta": "high"}, "beta = 'high' is no number"),
        ({"beta": None}, "beta = None is no number"),
        ({"target": float("nan")}, "cannot be written as JSON"),
        ({"method": {"policy": {1, 2}}}, "cannot be written as JSON"),
    ],
)
def test_a_request_that_cannot_be_sent_is_not(misbehaving, options, told):
    misbehaving.script = [NO_MODELS]
    with sp.Client(misbehaving.url) as client, pytest.raises(sp.InputError, match=told):
        client.submit("rbc", **options)
    assert misbehaving.seen == []


def test_numbers_of_numpy_are_numbers(misbehaving):
    misbehaving.script = [(422, {}, {"status": 422, "code": "invalid-request", "title": "-", "detail": "-"})]
    with sp.Client(misbehaving.url, retries=ONCE) as client, pytest.raises(sp.InvalidError):
        client.submit("rbc", beta=np.float64(0.95), target=np.float32(0.5), seed=np.int64(3))
    body = json.loads(misbehaving.seen[0][3])
    assert body == {"model": "rbc", "calibration": {"beta": 0.95}, "target": 0.5, "seed": 3}


@pytest.mark.parametrize("name", ["../models", "x/../y", "?limit=1", "a#b", "%2e%2e/models"])
def test_a_name_leads_nowhere_else(misbehaving, name):
    misbehaving.script = [(404, {}, b"")]
    with sp.Client(misbehaving.url, retries=ONCE) as client:
        for look in (client.solution, client.model):
            with pytest.raises(sp.NotFoundError):
                look(name)
    for (_, path, _, _), folder in zip(misbehaving.seen, ("/v1/solutions/", "/v1/models/"), strict=True):
        assert path.startswith(folder) and not set("/?#") & set(path.removeprefix(folder))


@pytest.mark.parametrize("content", [b"<html>welcome</html>", b"[]", b""])
def test_a_server_of_something_else_is_told(misbehaving, content):
    misbehaving.script = [(200, {"Content-Type": "text/html"}, content)]
    with (
        sp.Client(misbehaving.url) as client,
        pytest.raises(sp.UnreachableError, match="text/html") as caught,
    ):
        client.models()
    assert caught.value.url == misbehaving.url


def test_an_error_of_something_else_is_told_as_it_is(misbehaving):
    misbehaving.script = [(500, {}, {"kind": "Status", "code": 500, "message": "no endpoints"})]
    with sp.Client(misbehaving.url) as client, pytest.raises(sp.ServerError, match="no endpoints") as caught:
        client.models()
    assert (caught.value.status, caught.value.code) == (500, "http-500")


@pytest.mark.parametrize(
    "error",
    [
        sp.SolveTimeoutError("f" * 32, 3.0),
        sp.UnreachableError("http://127.0.0.1:1", "refused"),
        sp.InputError("beta = nan"),
        sp.MissingExtraError("pandas", "to_frame()"),
        sp.InvalidError(
            {"status": 422, "code": "invalid-model", "title": "-", "detail": "-", "errors": [{"line": 3}]}
        ),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_back_from_other_processes(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error) and vars(again) == vars(error)
