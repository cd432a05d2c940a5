import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from jsonschema_rs import validator_for
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.app import create_app
from service.settings import ServiceSettings

DOCUMENT = create_app(ServiceSettings()).openapi()
OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def examples():
    """Every example of a body in the document, with its schema."""
    for name, (_, _, operation) in OPERATIONS.items():
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for where, body in bodies.items():
            for media_type, content in body.get("content", {}).items():
                values = content.get("examples", {"": {"value": content.get("example")}})
                for value in values.values():
                    schema = {"type": "string"} if "itemSchema" in content else content["schema"]
                    yield pytest.param(schema, value["value"], id=f"{name}-{where}-{media_type}")


@pytest.mark.parametrize(("schema", "example"), list(examples()))
def test_every_example_fits_its_schema(schema, example):
    assert example is not None
    validator_for({**schema, "components": DOCUMENT["components"]}).validate(example)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described(name):
    _, _, operation = OPERATIONS[name]
    assert operation["summary"] and operation["description"] and operation["tags"]
    for status, response in operation["responses"].items():
        if status == "default" or int(status) >= 400:
            assert set(response["content"]) == {"application/problem+json"}
    assert "HTTPValidationError" not in str(operation)


def test_the_operations_are_those_of_the_contract():
    assert set(OPERATIONS) == {
        "list_models",
        "get_model",
        "register_model",
        "create_solution",
        "list_solutions",
        "get_solution",
        "cancel_solution",
        "retry_solution",
        "delete_solution",
        "follow_solution",
        "evaluate_policy",
        "evaluate_policy_batch",
        "get_certificate",
        "get_artifact",
        "get_record",
        "simulate_policy",
        "list_simulations",
        "get_simulation",
        "get_simulation_result",
        "cancel_simulation",
        "retry_simulation",
        "delete_simulation",
        "get_impulse_response",
        "get_moments",
        "get_steady_state",
        "draw_policy",
        "draw_euler_errors",
        "draw_training",
        "draw_simulation",
        "draw_impulse_response",
        "server_metadata",
        "server_live",
        "server_ready",
        "model_metadata",
        "model_ready",
        "infer",
        "healthz",
        "metrics",
        "readyz",
    }


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("create_solution", "200"),
        ("create_solution", "202"),
        ("get_solution", "200"),
        ("list_solutions", "200"),
    ],
)
def test_a_solution_links_to_all_that_may_be_asked_of_it(source, status):
    links = OPERATIONS[source][2]["responses"][status]["links"]
    of_one = {name for name, (path, _, _) in OPERATIONS.items() if "{solution_id}" in path}
    assert set(links) == {name for name in of_one if "{simulation_id}" not in OPERATIONS[name][0]}
    assert {name: link["operationId"] for name, link in links.items()} == dict(zip(links, links, strict=True))


def test_the_examples_of_requests_work(api, solved):
    _, _, create = OPERATIONS["create_solution"]
    statuses = []
    for example in create["requestBody"]["content"]["application/json"]["examples"].values():
        request = example["value"]
        if "start" in request:
            request = {**request, "start": solved}
        statuses.append(api.post("/v1/solutions", json=request).status_code)
    assert statuses == [200] + 6 * [202]  # the first is the one that is solved
    _, _, register = OPERATIONS["register_model"]
    statuses = []
    for media_type, content in register["requestBody"]["content"].items():
        for example in content["examples"].values():
            value = example["value"]
            text = json.dumps(value) if media_type == "application/json" else value
            answer = api.post("/v1/models", content=text, headers={"Content-Type": media_type})
            statuses.append(answer.status_code)
    assert statuses == [201, 200, 200, 200, 201]  # each is the same model, but for the converted one
    _, _, batch = OPERATIONS["evaluate_policy_batch"]
    for example in batch["requestBody"]["content"]["application/json"]["examples"].values():
        assert api.post(f"/v1/solutions/{solved}/policy", json=example["value"]).status_code == 200
    _, _, simulate = OPERATIONS["simulate_policy"]
    for name, example in simulate["requestBody"]["content"]["application/json"]["examples"].items():
        answer = api.post(f"/v1/solutions/{solved}/simulate", json=example["value"])
        assert answer.status_code == (202 if name == "job" else 200)
    states = next(p for p in OPERATIONS["evaluate_policy"][2]["parameters"] if p["name"] == "states")
    assert api.get(f"/v1/solutions/{solved}/policy", params=states["example"]).status_code == 200


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_fit_the_document_whatever_is_sent(name, store_url):
    path, method, _ = OPERATIONS[name]
    app = create_app(ServiceSettings(redis_url=store_url))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)

    # Whether a name or a calibration exists is beyond a schema, so a request that fits it may be a 422.
    @seed(0)
    @settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=schema[path][method.upper()].as_strategy())
    def send(case):
        if case.headers:
            case.headers.pop("Prefer", None)  # a wish to wait would be granted
        if case.query:
            case.query.pop("wait", None)
        case.call_and_validate(session=session, excluded_checks=[positive_data_acceptance])

    with get_client(app) as session:
        send()
