"""Without keys, no page of another site gets anything out of a browser on this machine."""

import pytest

from tests.service.test_keys_api import is_problem

SOLUTION = "0" * 32


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8000",
        "[::1]:8000",
        "localhost:8000",
        "box.localhost:1",
        "api:8000",
        "10.0.0.7",
        "LOCALHOST.",
    ],
)
def test_a_server_without_keys_answers_to_addresses_and_near_names(make_api, host):
    with make_api() as api:
        assert api.get("/v1/models", headers={"Host": host}).status_code == 200
        own = {"Host": host, "Origin": f"http://{host}"}
        assert is_problem(api.post(f"/v1/solutions/{SOLUTION}/cancel", headers=own), 404, "unknown-solution")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "evil.example.", "[::1"]
)
def test_a_name_that_another_site_may_have_is_refused(make_api, host):
    with make_api() as api:
        for answer in (
            api.get("/v1/models", headers={"Host": host}),
            api.delete(f"/v1/solutions/{SOLUTION}", headers={"Host": host}),
        ):
            assert is_problem(answer, 403, "foreign-page") and repr(host) in answer.json()["detail"]
        assert api.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9000", "null", "http://[", ""])
def test_a_request_for_another_sites_page_is_refused(make_api, origin):
    with make_api() as api:
        answer = api.post(
            f"/v1/solutions/{SOLUTION}/cancel", headers={"Host": "127.0.0.1:8000", "Origin": origin}
        )
        assert is_problem(answer, 403, "foreign-page")


def test_with_a_key_names_and_pages_are_the_operators_business(make_api, make_key):
    with make_api() as api:
        headers = {"Host": "models.example.org", "Origin": "https://elsewhere.example", **make_key()}
        assert api.get("/v1/models", headers=headers).status_code == 200
        assert is_problem(
            api.get("/v1/models", headers={"Host": "models.example.org"}), 401, "unauthenticated"
        )
