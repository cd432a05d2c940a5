"""``application/x-dynare``: a ``.mod`` file is registered like any other, and answered as YAML where that is asked for."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.dynare.convert import convert
from solver.model.load import load_model
from solver.model.yaml_file import to_yaml
from solver.model.zoo import load_zoo, zoo_names
from tests.oracles.dynare import EXAMPLE, FILES

DYNARE = {"Content-Type": "application/x-dynare"}
AS_YAML = {"Accept": "application/yaml"}
RBC = EXAMPLE.read_text()


def post(api, text, query="", **headers):
    return api.post(f"/v1/models{query}", content=text, headers={**DYNARE, **headers})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_converted_file_can_be_posted_again(api, path):
    text = path.read_bytes()
    answer = post(api, text, "?validate_only=true", **AS_YAML)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/yaml")
    assert "location" not in answer.headers
    assert load_model(answer.content) == convert(text).model
    again = api.post("/v1/models", content=answer.content, headers={"Content-Type": "application/yaml"})
    assert again.status_code == 201
    assert post(api, text).json()["name"] == again.json()["name"]  # 200: it is there


def test_a_mod_file_is_registered_and_says_what_was_not_read(api):
    answer = post(api, RBC)
    assert answer.status_code == 201
    record = answer.json()
    assert record["checks"][0] == {
        "name": "conversion",
        "verdict": "pass",
        "message": " ".join(convert(RBC).notes),
    }
    assert "Line 40: steady is not part of the model" in record["checks"][0]["message"]
    assert api.get(answer.headers["location"]).json()["policy_states"] == ["z", "k_lag"]


def test_a_mod_file_which_has_no_name_is_given_one(api, refused):
    assert post(api, RBC).json()["name"].startswith("anonymous-")
    assert post(api, RBC, "?name=hansen%20(1985)").json()["name"].startswith("hansen-1985-")
    (error,) = refused(post(api, RBC, "?name="), 422)["errors"]
    assert error["pointer"] == "/name"
    text = to_yaml(convert(RBC, "rbc").document, ())
    answer = api.post("/v1/models?name=other", content=text, headers={"Content-Type": "application/yaml"})
    (error,) = refused(answer, 422)["errors"]
    assert error["pointer"] == "/name" and "write it into this file" in error["message"]


def test_validation_registers_nothing(api):
    name = post(api, RBC, "?validate_only=true").json()["name"]
    assert api.get(f"/v1/models/{name}").status_code == 404


@pytest.mark.parametrize("name", ["neoclassical", "consumption_savings", "new_keynesian_zlb"])
def test_any_model_is_answered_as_a_file(api, name):
    answer = api.get(f"/v1/models/{name}", headers=AS_YAML)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/yaml")
    assert load_model(answer.content) == load_zoo(name)
    as_json = api.get(f"/v1/models/{name}")
    assert answer.headers["vary"] == as_json.headers["vary"] == "Accept"
    assert answer.headers["etag"] != as_json.headers["etag"]
    held = api.get(f"/v1/models/{name}", headers={**AS_YAML, "If-None-Match": answer.headers["etag"]})
    assert (held.status_code, held.headers["vary"]) == (304, "Accept")


def test_an_answer_in_another_form_is_a_406(api, refused):
    refused(api.get("/v1/models/rbc", headers={"Accept": "text/html"}), 406)
    refused(post(api, RBC, Accept="text/html"), 406)
    assert len(api.get("/v1/models").json()["models"]) == len(zoo_names())  # nothing was registered


def test_faults_are_told_by_the_lines_of_the_file(api, refused):
    text = RBC.replace("y = c + i;", "y = c + ii;").replace("check;", "estimation(datafile=d);")
    errors = refused(post(api, text), 422)["errors"]
    lines = text.splitlines()
    assert [(error["line"], error["column"], error["symbol"]) for error in errors] == [
        (lines.index("y = c + ii;") + 1, 9, "ii"),
        (lines.index("estimation(datafile=d);") + 1, 1, "estimation"),
    ]


def test_what_is_no_text_is_refused(api, refused):
    refused(post(api, b"\xff\xfe"), 422)
    refused(post(api, b""), 422)
    refused(post(api, b"%" * 100_001), 422)
    refused(api.post("/v1/models", content=RBC, headers={"Content-Type": "text/x-dynare"}), 415)


def test_no_body_is_a_server_error(api):
    @given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: RBC[: len(text) * 6] + text))
    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    def send(body):
        content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
        answer = post(api, content, "?validate_only=true")
        assert answer.status_code in (200, 413, 422)
        json.loads(answer.content)

    send()
