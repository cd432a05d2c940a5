"""What is named by its content may be kept, and is not sent again."""

import pytest

from tests.service.test_own_models import FILE, HANDLE, YAML

A_YEAR = "private, max-age=31536000, immutable"
PATHS = {
    "policy": "/policy?a=0&k=4.2",
    "sensitivities": "/policy?a=0&k=4.2&sensitivity=beta",
    "certificate": "/certificate",
}


@pytest.fixture
def paths(api, solved):
    """What is named by its content: answers of a solution, a registered model, and what an inference takes."""
    assert api.post("/v1/models", content=FILE, headers=YAML).status_code == 201
    found = {what: f"/v1/solutions/{solved}{path}" for what, path in PATHS.items()}
    return found | {"model": f"/v1/models/{HANDLE}", "metadata": f"/v2/models/{solved}"}


@pytest.mark.parametrize("what", [*PATHS, "model", "metadata"])
def test_content_has_a_strong_tag_and_may_be_kept(api, paths, what):
    answer = api.get(paths[what])
    tag = answer.headers["etag"]
    assert tag.startswith('"') and answer.headers["cache-control"] == A_YEAR
    for held in (tag, f'"other", W/{tag}', "*"):
        again = api.get(paths[what], headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == A_YEAR
    assert api.get(paths[what], headers={"If-None-Match": '"other"'}).content == answer.content
    assert api.head(paths[what]).headers["etag"] == tag


def test_other_states_have_other_tags(api, solved):
    tags = {api.get(f"/v1/solutions/{solved}/policy?a=0&k={k}").headers["etag"] for k in (4, 4.2, 5)}
    assert len(tags) == 3


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/neoclassical"])
def test_what_a_release_may_change_is_asked_for_again(api, path):
    assert api.get(path).headers["cache-control"] == "no-cache"


def test_refusals_are_not_kept(api, solved):
    for path in (f"/v1/solutions/{solved}/policy?a=0&k=-1", f"/v1/solutions/{'0' * 32}/certificate"):
        answer = api.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code >= 400
        assert "etag" not in answer.headers and "cache-control" not in answer.headers
