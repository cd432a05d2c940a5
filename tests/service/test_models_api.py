import pytest

from solver.model.zoo import load_zoo, zoo_names


def test_every_model_is_listed(api):
    models = api.get("/v1/models").json()["models"]
    assert [model["name"] for model in models] == list(zoo_names())
    assert next(model for model in models if model["name"] == "neoclassical") == {
        "name": "neoclassical",
        "title": "Deterministic neoclassical growth",
        "hash": load_zoo("neoclassical").hash,
        "states": ["a", "k"],
        "controls": ["i"],
        "shocks": [],
        "parameters": ["beta", "delta", "theta", "gamma", "rho", "loading"],
    }


def test_a_model_is_told_in_full(api):
    model = api.get("/v1/models/neoclassical").json()
    assert model["symbols"]["beta"] == {
        "description": "discount factor",
        "symbol": "β",
        "bounds": [0.5, 0.9999],
    }
    assert model["calibration"]["beta"] == 0.96
    capital = (0.36 / (1 / 0.96 - 1 + 0.1)) ** (1 / (1 - 0.36))
    assert model["steady_state"]["k"] == pytest.approx(capital, rel=1e-12)
    assert model["domain"]["k"] == pytest.approx([0.5 * capital, 1.5 * capital], rel=1e-12)
    assert model["equations"]["transition"] == list(load_zoo("neoclassical").equations["transition"])
    assert model["definitions"] == ["y", "c"]


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/neoclassical"])
def test_what_the_client_has_is_not_sent_again(api, path):
    tag = api.get(path).headers["etag"]
    for held in (tag, f'"other", W/{tag}', "*"):
        answer = api.get(path, headers={"If-None-Match": held})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert api.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_an_unknown_model_is_not_found(api, refused):
    document = refused(api.get("/v1/models/neoclasical"), 404)
    assert "neoclassical" in document["detail"]
