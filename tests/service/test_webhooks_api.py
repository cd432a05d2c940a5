"""``webhook`` in POST /v1/solutions: what it may be, and that it is kept apart from the solution."""

import pytest

from worker.jobs import MAX_WEBHOOKS
from worker.outbox import Outbox
from worker.store import webhooks_key

REQUEST = {"model": "neoclassical"}
URL = "https://hooks.example.org/saddlepath?token=secret"


@pytest.fixture
def api(make_api):
    """A client of an API whose operator allows some hosts."""
    with make_api(webhook_hosts="hooks.example.org, *.example.net:8443") as api:
        yield api


def post(api, webhook, **changes):
    return api.post("/v1/solutions", json={**REQUEST, **changes, "webhook": webhook})


def test_it_is_told_when_the_solution_is_over(api, client, finisher):
    answer = post(api, URL)
    assert answer.status_code == 202
    outbox = Outbox(client)
    assert outbox.count() == 0
    finisher.succeed(answer.json()["id"])
    message = outbox.claim(60)
    assert (message.url, message.job_id, message.status) == (URL, answer.json()["id"], "succeeded")


def test_it_is_no_part_of_the_solution_and_never_told(api, client, finisher):
    plain = api.post("/v1/solutions", json=REQUEST).json()
    told = post(api, URL)
    assert (told.status_code, told.json()["id"]) == (202, plain["id"])
    assert post(api, None).json()["id"] == plain["id"]
    finisher.succeed(plain["id"])
    for path in ("", "/events", "/record", "/certificate"):
        answer = api.get(plain["links"]["self"] + path)
        assert answer.status_code == 200 and "secret" not in answer.text
    assert client.smembers(webhooks_key(plain["id"])) == {f" {URL}".encode()}


def test_who_comes_late_is_told_at_once(api, client, solved):
    for _ in range(2):
        assert post(api, URL).status_code == 200
    assert Outbox(client).count() == 1


@pytest.mark.parametrize(
    ("webhook", "said"),
    [
        ("", "no URL of the form https://host/path"),
        ("hooks.example.org", "no URL of the form"),
        ("ftp://hooks.example.org/", "no URL of the form"),
        ("https://user:pw@hooks.example.org/", "no URL of the form"),
        ("https://hooks.example.org/#there", "fragment"),
        ("https://hooks.example.org/\r\nX: y", "no URL of the form"),
        ("https://hooks.example.org:8443/", "hooks.example.org:8443 is none of the hosts"),
        ("https://evil.org/", "take one of hooks.example.org, *.example.net:8443"),
        ("https://a.example.net/", "none of the hosts"),
        ("https://hooks.example.org.evil.org/", "none of the hosts"),
        ("https://127.0.0.1/", "none of the hosts"),
        ("https://169.254.169.254/latest/meta-data", "none of the hosts"),
        ("http://hooks.example.org/", "give an https URL"),
        ("https://hooks.example.org/" + "a" * 3000, "2000"),
        (7, "a number"),
        (True, "a boolean"),
        (["https://hooks.example.org/"], "array"),
    ],
)
def test_what_is_not_allowed_is_refused_and_asks_for_nothing(api, refused, webhook, said):
    document = refused(post(api, webhook), 422, "/webhook")
    assert document["code"] == "invalid-request"
    assert said in document["detail"]


def test_where_the_operator_allows_none_there_are_none(make_api, refused):
    with make_api() as api:
        document = refused(post(api, URL), 422, "/webhook")
    assert "allows no webhooks; leave it out" in document["detail"]


def test_private_receivers_may_be_called_by_http(make_api, client):
    with make_api(webhook_hosts="127.0.0.1:8001", webhook_private=True) as api:
        answer = post(api, "http://127.0.0.1:8001/hook")
        assert answer.status_code == 202
        assert client.scard(webhooks_key(answer.json()["id"])) == 1


def test_there_may_be_several_and_no_more(api, client):
    for number in range(MAX_WEBHOOKS):
        assert post(api, f"{URL}{number}").status_code == 202
    answer = post(api, URL)
    assert (answer.status_code, answer.json()["code"]) == (409, "webhooks-full")
    assert (
        f"{MAX_WEBHOOKS} webhooks" in answer.json()["detail"] and "without webhook" in answer.json()["detail"]
    )
    assert post(api, f"{URL}3").status_code == 202


def test_one_that_finds_no_memory_is_a_507_although_its_solution_is_there(api, client, solved):
    client.config_set("maxmemory", 1)
    try:
        answer = post(api, URL)
        assert (answer.status_code, answer.json()["code"]) == (507, "store-full")
        assert api.post("/v1/solutions", json=REQUEST).status_code == 200
    finally:
        client.config_set("maxmemory", 0)
    assert not client.exists(webhooks_key(solved))


def test_what_comes_of_them_is_counted(api, client, finisher):
    finisher.succeed(post(api, URL).json()["id"])
    assert "saddlepath_webhooks_waiting 1.0" in api.get("/metrics").text
    outbox = Outbox(client)
    outbox.give_up(outbox.claim(60))
    told = api.get("/metrics").text
    assert "saddlepath_webhooks_waiting 0.0" in told
    assert 'saddlepath_webhooks_total{outcome="given_up"} 1.0' in told
    assert 'saddlepath_solve_seconds_total{model="",status="given_up"}' not in told
