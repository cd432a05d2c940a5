"""The OpenAPI document: what FastAPI cannot see, because the routes read queries and bodies themselves.

Each operation is described beside its route by :func:`operation`; the schemas are those that the routes validate
with, so that the document and the behaviour cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.caller import needs
from service.model_files import DYNARE, YAML
from service.schemas import examples, problem_examples, request_examples
from service.schemas.inference import InferenceRequest
from service.schemas.policies import StatesRequest
from service.schemas.problem import ProblemDocument
from service.schemas.simulations import SimulationRequest
from service.schemas.solutions import SolutionRequest
from worker.keys import Scope

COMPONENTS = "#/components/schemas/"
SECURITY_SCHEME = "key"
KEY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "`Authorization: Bearer KEY`, where keys are configured. With each operation stands the scope that it "
    "takes: read, solve or admin, each of which includes the ones before.",
}
PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "name": {
        "schema": {"type": "string"},
        "example": "neoclassical",
        "description": "Name of a built-in model, or handle of a registered one.",
    },
    "solution_id": {
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "example": examples.SOLUTION_ID,
        "description": "Id of the solution: the content hash of its job.",
    },
    "simulation_id": {
        "schema": {"type": "string", "pattern": "^sim-[0-9a-f]{32}$"},
        "example": examples.SIMULATION_ID,
        "description": "Id of the simulation: `sim-` and the content hash of its job.",
    },
    "form": {
        "schema": {"type": "string", "enum": ["svg", "png"]},
        "example": "svg",
        "description": "What the figure is written as.",
    },
}
MODEL_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object"},
            "examples": request_examples.REQUESTS["ModelFile"],
        },
        **{
            media_type: {"schema": {"type": "string"}, "examples": examples.MODEL_FILES_IN_YAML}
            for media_type in YAML
        },
        **{
            media_type: {"schema": {"type": "string"}, "examples": examples.DYNARE_FILES}
            for media_type in DYNARE
        },
    },
}
YAML_ANSWER = {YAML[0]: {"schema": {"type": "string"}, "examples": examples.MODEL_FILES_IN_YAML}}
ARROW_STREAM = {
    "schema": {"type": "string", "format": "binary"},
    "example": "(the bytes of an Arrow IPC stream)",
}
PREFER_HEADER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "example": "wait=30",
    "description": "wait=N holds the answer for up to N seconds (at most 60) until the solution is over.",
}
IF_NONE_MATCH_HEADER = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "example": '"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"',
    "description": "The ETag of what the client has: if that is still what there is, the answer is 304.",
}
STATES_PARAMETER = {
    "name": "states",
    "in": "query",
    "required": True,
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "number"}},
    "example": {"a": 0.0, "k": 4.2},
    "description": "One parameter for each state of the model, by its name: ?a=0.0&k=4.2. A state that is itself named "
    "strict or sensitivity is asked for by POST.",
}
PLANE_PARAMETER = {
    **STATES_PARAMETER,
    "required": False,
    "example": {"a": 0.0},
    "description": "States that are held, each by its name: ?a=0.0. Those left out and on no axis are at their steady "
    "state. A state that is named like another parameter cannot be given.",
}
START_PARAMETER = {
    **STATES_PARAMETER,
    "required": False,
    "description": "States of departure, each by its name: ?a=0.0&k=4.2. Those left out are at their steady state. A "
    "state that is named like another parameter cannot be given.",
}
DEPARTURE_PARAMETER = {
    **STATES_PARAMETER,
    "required": False,
    "description": "States at which the impulse meets the economy, each by its name: ?a=0.0&k=4.2. Those left out are at "
    "the calibration's steady state, a regime drawn from its long-run shares. A state that is named like another parameter "
    "cannot be given.",
}

SENSITIVITY_PARAMETER = {
    "name": "sensitivity",
    "in": "query",
    "required": False,
    "style": "form",
    "explode": False,
    "schema": {"type": "array", "items": {"type": "string"}},
    "example": ["beta", "delta"],
    "description": "Parameters, separated by commas, by which controls and definitions are differentiated, too.",
}
STRICT_PARAMETER = {
    "name": "strict",
    "in": "query",
    "required": False,
    "schema": {"type": "boolean", "default": False},
    "description": "Refuse a state outside the domain instead of extrapolating.",
}


def operation(
    name: str,
    summary: str,
    answer: type[BaseModel] | None,
    *,
    status: int = 200,
    also: Sequence[int] = (),
    accepted: type[BaseModel] | None = None,
    accepted_links: dict[str, Any] | None = None,
    errors: Sequence[int] = (),
    path: Sequence[str] = (),
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    request_body: dict[str, Any] | None = None,
    content: dict[str, Any] | None = None,
    parameters: Sequence[dict[str, Any]] = (),
    scope: Scope | None = Scope.READ,
    links: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The keyword arguments of a route that describe it, and ask for its scope.

    Args:
        name: the operation's id.
        summary: a few words.
        answer: schema of the answer; None for one without a body.
        status: the usual status.
        also: other statuses with the same answer.
        accepted: schema of the answer 202, where that is another one.
        accepted_links: from that answer to other operations.
        errors: the statuses of refusals that are documented one by one.
        path: names of the path parameters.
        query: schema of the query parameters.
        body: schema of the JSON body.
        request_body: the body, as OpenAPI writes it, where it is not JSON of one schema.
        content: of the usual answer, as OpenAPI writes it, beside JSON of the schema or in its place.
        parameters: further parameters, as OpenAPI writes them.
        scope: what a key must be good for, where keys are configured; None where no key is asked for.
        links: from the usual answer and its like to other operations (see :mod:`service.links`).
    """
    extra: dict[str, Any] = {
        "parameters": [
            *({"name": part, "in": "path", "required": True, **PATH_PARAMETERS[part]} for part in path),
            *(_query_parameters(query) if query else ()),
            *parameters,
        ]
    }
    if scope is not None:
        extra["security"] = [{SECURITY_SCHEME: [scope.value]}, {}]
    if request_body is not None:
        extra["requestBody"] = request_body
    if body is not None:
        described = {
            "schema": {"$ref": COMPONENTS + body.__name__},
            "examples": request_examples.REQUESTS[body.__name__],
        }
        extra["requestBody"] = {"required": True, "content": {"application/json": described}}
    gone = (410,) if "solution_id" in path else ()
    responses: dict[int | str, dict[str, Any]] = {
        code: _refusal(code) for code in sorted({*errors, *gone, *_refusals_of_keys(scope)})
    }
    responses["default"] = {"description": "Any other failure", "content": _problem_content(500)}
    for code in (status, *also):
        responses[code] = {"description": HTTPStatus(code).phrase}
        if answer is not None:
            example = examples.ANSWERS[answer.__name__]
            responses[code] |= {"model": answer, "content": {"application/json": {"example": example}}}
        if links is not None:
            responses[code]["links"] = links
    if accepted is not None:
        example = {"application/json": {"example": examples.ANSWERS[accepted.__name__]}}
        responses[202] = {"description": HTTPStatus(202).phrase, "model": accepted, "content": example}
        responses[202] |= {"links": accepted_links or {}}
    if content is not None:
        responses[status].setdefault("content", {}).update(content)
    return {
        "operation_id": name,
        "summary": summary,
        "status_code": status,
        "response_model": None,
        # Every valid key may read: that one is let in says so.
        "dependencies": [] if scope in (None, Scope.READ) else [Depends(needs(scope))],
        "responses": responses,
        "openapi_extra": extra,
    }


def describe(app: FastAPI) -> None:
    """Makes ``app.openapi()`` the complete document."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        components = document.setdefault("components", {})
        components["securitySchemes"] = {SECURITY_SCHEME: KEY_SCHEME}
        schemas = components.setdefault("schemas", {})
        read: list[tuple[type[BaseModel], Any]] = [
            (SolutionRequest, "validation"),
            (StatesRequest, "validation"),
            (SimulationRequest, "validation"),
            (InferenceRequest, "validation"),
        ]
        written: list[tuple[type[BaseModel], Any]] = [(ProblemDocument, "serialization")]
        _, found = models_json_schema([*read, *written], ref_template=COMPONENTS + "{model}")
        schemas.update(found["$defs"])
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _query_parameters(query: type[BaseModel]) -> list[dict[str, Any]]:
    schema = query.model_json_schema()
    found = []
    for name, field in schema["properties"].items():
        rest = {key: value for key, value in field.items() if key not in ("description", "title")}
        if "$ref" in str(rest):
            rest = _inlined(rest, schema["$defs"])
        found.append(
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": rest,
                "description": field["description"],
            }
        )
    return found


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            return definitions[schema["$ref"].rsplit("/", 1)[1]] | beside
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    return [_inlined(item, definitions) for item in schema] if isinstance(schema, list) else schema


def _refusals_of_keys(scope: Scope | None) -> tuple[int, ...]:
    """The statuses by which a key, or the want of one, is refused; 503 where the store cannot tell."""
    return () if scope is None else (401, 403, 429, 503)


def _refusal(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    return (
        {"description": phrase}
        if status < 400
        else {"description": phrase, "content": _problem_content(status)}
    )


def _problem_content(status: int) -> dict[str, Any]:
    return {
        "application/problem+json": {
            "schema": {"$ref": COMPONENTS + ProblemDocument.__name__},
            "example": problem_examples.PROBLEMS[status],
        }
    }
