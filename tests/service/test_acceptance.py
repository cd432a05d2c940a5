import pytest
from starlette.requests import Request

from service.acceptance import accepted_media_type
from service.errors import NotAcceptableError

ARROW = "application/vnd.apache.arrow.stream"
OFFERED = ("application/json", ARROW)


def chosen(*accept):
    headers = [(b"accept", value.encode()) for value in accept]
    return accepted_media_type(Request({"type": "http", "headers": headers}), OFFERED)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ((), OFFERED[0]),
        (("",), OFFERED[0]),
        (("*/*",), OFFERED[0]),
        (("application/*",), OFFERED[0]),
        ((ARROW,), ARROW),
        ((ARROW.upper(),), ARROW),
        ((f"{ARROW}, */*;q=0.1",), ARROW),
        ((f"{ARROW};q=0.4, application/json; q=0.5",), OFFERED[0]),
        (("application/json;q=0, */*",), ARROW),
        (("text/html", ARROW), ARROW),
    ],
)
def test_the_greatest_weight_wins(accept, wanted):
    assert chosen(*accept) == wanted


@pytest.mark.parametrize(
    "accept", ["text/csv", "text/*", "*/*;q=0", "application/json;q=2", "application/json;q=x"]
)
def test_what_is_not_written_is_not_acceptable(accept):
    with pytest.raises(NotAcceptableError, match="accept application/json or"):
        chosen(accept)


def test_an_answer_that_nobody_writes_is_a_406(api, solved):
    path, headers = f"/v1/solutions/{solved}/policy", {"Accept": "text/csv"}
    answer = api.post(path, json={"states": {"a": 0, "k": 4}}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
